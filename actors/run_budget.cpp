// The run actor: has each model call reserved before it is made.
#include <utility>

#include "actors/run_messages.hpp"
#include "actors/run_parts.hpp"
#include "core/bus_types.hpp"
#include "core/run_events.hpp"

namespace flotilla::actors::run_parts {
namespace {

/// What a call begins on.
struct call_ground {
  budget_limits limits;
  unread_batch mail;
};

/// May block on the disk.
result<call_ground> read_ground(const storage::snapshot& from, const environment& env, const agent_key& who) {
  auto limits = read_limits(from, env, who);
  if (!limits) return fail(std::move(limits.error()));
  auto mail = read_unread(from, who.org, who.agent);
  if (!mail) return fail(std::move(mail.error()));
  return call_ground{std::move(*limits), std::move(*mail)};
}

/// Reads the limits of the next call, and the mail that goes with it. The step that gathers waits for them, so that a
/// reservation can go with it.
void read_limits_then(run_pointer self) {
  auto& state = self->state;
  state.budget.reading = true;
  read_then(
      self, state.env,
      [env = state.env, key = state.seed.who](const storage::snapshot& from) { return read_ground(from, *env, key); },
      [self, call = state.call_number](result<call_ground> found) {
        auto& st = self->state;
        if (call != st.call_number || st.concluded) return;  // the call has been given up
        st.budget.reading = false;
        if (found) {
          st.budget.limits = std::move(found->limits);
          st.mail = std::move(found->mail);
        } else if (found.error().code == errc::unavailable) {
          call_later(self, store_retry);
        } else {
          conclude_bug(st, found.error());
        }
        advance(self);
      });
}

std::uint64_t most_input(const run_state& state) {
  const auto* provider = state.env->provider(state.seed.assignee.value.provider);
  // Where there is none, the call ends with that.
  return provider != nullptr ? provider->most_input_tokens(next_request(state)) : 0;
}

void claim_call(run_state& state, call_claim claim) {
  next_record(state).reserved = std::move(claim.reserved);
  state.gathering.effects.budgets = std::move(claim.rows);
  auto& budget = state.budget;
  budget.claimed = true;
  budget.max_output_tokens = claim.max_output_tokens;
  budget.cut_at = claim.cut_at;
  budget.nearest = std::move(claim.nearest);
}

/// Others hold what is left: says so once, and tries again.
result<void> wait_for_budget(run_pointer self, const call_delay& delay) {
  auto& state = self->state;
  auto& budget = state.budget;
  const auto now = state.env->clock->now();
  if (!budget.waits_since) {
    budget.waits_since = now;
    if (auto told = emit(state, status_event(run_status::budget_wait)); !told) return told;
  }
  if (now - *budget.waits_since >= longest_budget_wait) {
    conclude_over_budget(state, budget_held(delay.behind), &delay.behind);
  } else {
    call_later(self, delay_before_budget(++budget.tries, state.env->jitter()));
  }
  return {};
}

}  // namespace

result<bool> may_begin(run_pointer self) {
  auto& state = self->state;
  auto& budget = state.budget;
  if (budget.granted) return true;
  // A reservation is on its way into the store, or one that a crash has left on its way out of it.
  if (budget.claimed || budget.reading || state.seed.record.value.reserved) return false;
  if (!budget.limits) {
    read_limits_then(self);
    return false;
  }
  const auto limits = *std::exchange(budget.limits, std::nullopt);
  if (auto told = absorb_mail(state); !told) return fail(told.error());
  if (limits.empty()) return true;
  if (!budget.input_tokens) budget.input_tokens = most_input(state);
  auto verdict = weigh_call(limits, *budget.input_tokens);
  if (auto* claim = std::get_if<call_claim>(&verdict)) {
    claim_call(state, std::move(*claim));
  } else if (const auto* delay = std::get_if<call_delay>(&verdict)) {
    if (auto told = wait_for_budget(self, *delay); !told) return fail(told.error());
  } else {
    const auto& reached = std::get<call_refusal>(verdict).reached;
    conclude_over_budget(state, budget_reached(reached), &reached);
  }
  return false;
}

void give_back(run_state& state) {
  if (record_ahead(state).reserved) next_record(state).reserved.reset();
  state.budget = {};
}

void begin_budget(run_state& state) {
  state.mail = std::exchange(state.seed.mail, {});
  if (state.seed.record.value.reserved) return give_back(state);
  state.budget.limits = std::exchange(state.seed.limits, std::nullopt);
}

bool carries_claim(const run_state& state) {
  return !state.committing_step.effects.budgets.empty();
}

void grant_claim(run_state& state) {
  // The call may have been given up meanwhile: then the next step gives back what now stands.
  state.budget.granted = std::exchange(state.budget.claimed, false);
}

bool drop_claim(run_state& state) {
  auto& step = state.committing_step;
  step.after->reserved.reset();
  step.effects.budgets.clear();
  if (state.gathering.after) state.gathering.after->reserved.reset();
  state.budget.claimed = false;
  const bool tells = !step.events.empty() || !step.messages.empty() || !step.made.empty();
  const bool signals = !step.signals.empty() || !step.acted_on.empty();
  return tells || signals || *step.after != state.seed.record.value;
}

void conclude_over_budget(run_state& state, task_error why, const storage::budget* reached) {
  conclude_error(state, std::move(why));
  state.gathering.messages.push_back(limit_message(next_record(state).task, reached));
}

}  // namespace flotilla::actors::run_parts
