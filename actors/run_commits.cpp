// The run actor: commits a step, and goes on.
#include "actors/run_parts.hpp"

#include <utility>

#include "actors/announce.hpp"
#include "actors/caf_errors.hpp"

namespace flotilla::actors::run_parts {
namespace {

void leave(run_pointer self) {
  self->send(self->state.boss, run_over{current_task(self->state).id});
  self->quit();
}

/// Tells everybody who still waits for an answer that there is none.
void disappoint(run_state& state, const error& reason) {
  if (state.start_promise.pending()) state.start_promise.deliver(to_caf(reason));
  if (state.cancel_promise.pending()) state.cancel_promise.deliver(to_caf(reason));
  if (state.suspend_promise.pending()) state.suspend_promise.deliver(suspended{});
}

/// The run cannot begin: says so to whoever asked for it, and ends without a trace.
void withdraw(run_pointer self, const error& reason) {
  disappoint(self->state, reason);
  self->quit();
}

/// Answers everybody who waits for the end, and ends.
void answer_and_leave(run_pointer self) {
  auto& state = self->state;
  const run_accepted accepted{state.seed.record.value.before_attempt};
  state.meter.end(current_task(state).status);
  if (state.start_promise.pending()) state.start_promise.deliver(accepted);
  if (state.cancel_promise.pending()) state.cancel_promise.deliver(accepted);
  if (state.suspend_promise.pending()) state.suspend_promise.deliver(suspended{});
  leave(self);
}

void committed_step(run_pointer self, committed now) {
  auto& state = self->state;
  state.committing = false;
  state.conflicts = 0;
  if (carries_claim(state)) grant_claim(state);
  state.committing_step = {};
  if (now) state.seed.record = std::move(*now);
  if (state.start_promise.pending()) {
    state.meter.begin(state.env, state.seed.assignee.value.provider);
    state.start_promise.deliver(run_accepted{state.seed.record.value.before_attempt});
  }
  if (state.concluded && state.gathering.events.empty()) return answer_and_leave(self);
  for (auto& begin : std::exchange(state.begin_now, {})) {
    if (!state.concluded) begin();
  }
  advance(self);
}

/// The record was changed by somebody else (a title, say): take theirs, keep what a run decides, try again.
void rebase(run_pointer self) {
  auto& state = self->state;
  const auto key = state.seed.who;
  const auto which = current_task(state).id;
  read_then(
      self, state.env,
      [key, which](const storage::snapshot& from) { return storage::read_task(from, key.org, which); },
      [self](result<std::optional<storage::stored<storage::task_record>>> found) {
        auto& st = self->state;
        if (!found || !*found) {
          self->delayed_send(self, store_retry, retry_due{0});
          return;
        }
        auto theirs = std::move(**found);
        const auto& ours = st.seed.record.value;
        if (theirs.value.task.attempt != ours.task.attempt || theirs.value.task.status != ours.task.status) {
          // Somebody else owns the task now: whatever this run gathered is void.
          disappoint(st, {errc::conflict, "The task was changed meanwhile.", std::nullopt});
          return leave(self);
        }
        const auto adopt = [&theirs, title = ours.task.title](step& made) {
          const auto& task = theirs.value.task;
          if (made.after) {
            made.after->task.title = task.title;
            made.after->task.priority = task.priority;
            made.after->task.epic_id = task.epic_id;
          }
          for (auto& message : made.messages) {
            if (message.text == title) message.text = task.title;
            message.epic_id = task.epic_id;
          }
        };
        adopt(st.committing_step);
        adopt(st.gathering);
        st.seed.record = std::move(theirs);
        submit(self);
      });
}

void refused_step(run_pointer self, const error& reason) {
  auto& state = self->state;
  const bool beginning = state.start_promise.pending();
  if (carries_claim(state) && (reason.code == errc::conflict || reason.code == errc::forbidden)) {
    return drop_claim(state) ? submit(self) : committed_step(self, {});
  }
  // A plan's limit of runs at once: whoever asked is told, and what was queued stays so.
  const bool withdraws = state.give_up || reason.code == errc::conflict || reason.code == errc::forbidden;
  if (beginning && withdraws) return withdraw(self, reason);
  if (reason.code == errc::conflict && ++state.conflicts <= max_conflict_retries) return rebase(self);
  if (reason.code != errc::conflict && reason.code != errc::unavailable) {
    // It will never be taken (too large, a damaged store): the agent ends the task with what stands.
    disappoint(state, reason);
    return self->quit(caf::exit_reason::unhandled_exception);
  }
  // The store will take it again once it can: the run holds on, and says nothing that does not stand.
  self->delayed_send(self, store_retry, retry_due{0});
}

}  // namespace

void submit(run_pointer self) {
  auto& state = self->state;
  if (state.committing_step.after) state.committing_step.before = state.seed.record;
  commit_then(self, state.env, state.fleet, state.committing_step, [self](result<committed> outcome) {
    if (outcome) {
      committed_step(self, std::move(*outcome));
    } else {
      refused_step(self, outcome.error());
    }
  });
}

void advance(run_pointer self) {
  auto& state = self->state;
  if (state.committing) return;
  if (!state.concluded) {
    if (auto told = absorb_news(self); !told) conclude_bug(state, told.error());
    gather_actions(self);
  }
  if (state.budget.reading && !state.concluded) return;  // a reservation may go with this step
  auto& gathered = state.gathering;
  if (gathered.events.empty() && !gathered.after && gathered.acted_on.empty()) {
    for (auto& begin : std::exchange(state.begin_after, {})) begin();
    if (gathered.events.empty()) return;
  }
  gathered.org = state.seed.who.org;
  gathered.task = current_task(state).id;
  gathered.effects.model = state.seed.assignee.value.model;
  state.committing = true;
  state.committing_step = std::exchange(state.gathering, {});
  state.begin_now = std::exchange(state.begin_after, {});
  submit(self);
}

}  // namespace flotilla::actors::run_parts
