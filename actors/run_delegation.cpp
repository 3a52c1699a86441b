// The run actor: makes tasks for other agents, and takes in what they have come to.
#include "actors/run_parts.hpp"

#include <utility>

#include "actors/delegation.hpp"
#include "actors/run_messages.hpp"
#include "core/bus_types.hpp"
#include "core/run_events.hpp"

namespace flotilla::actors::run_parts {
namespace {

using storage::keys::signal_kind;

/// What is wrong with a call before anybody is looked for.
result<builtin::delegate_arguments> check_call(const run_state& state, const tool_request& request) {
  const auto& from = state.seed.record.value.from;
  if (from && from->depth >= builtin::max_delegation_depth) {
    return fail(errc::invalid, "This task was delegated " + std::to_string(builtin::max_delegation_depth) +
                                   " times already and cannot be delegated further: do it yourself.");
  }
  if (state.machine->delegated().size() >= builtin::max_children_per_attempt) {
    return fail(errc::invalid, "This run has delegated " + std::to_string(builtin::max_children_per_attempt) +
                                   " tasks already, which is as many as it may.");
  }
  return builtin::read_delegate_arguments(request.arguments);
}

/// Gathers the new task.
result<void> make_task(run_state& state, const tool_request& request, const builtin::delegate_arguments& wanted,
                       const agent& assignee) {
  auto child = make_child(state.seed.record.value, request, wanted, assignee.id, state.env->clock->now());
  const auto& task = child.record.task;
  auto told = emit(state, delegated_event(request, {task.id, task.assignee, wanted.wait, false}));
  if (!told) return told;
  state.gathering.messages.push_back(task_message(bus::task_created, task));
  const auto id = task.id;
  state.gathering.made.push_back(std::move(child));
  if (wanted.wait) return {};
  return emit_result(state, request.tool, builtin::delegated_outcome(request.call_id, id));
}

/// Goes on with what was found; the call may have been given up meanwhile.
void decided(run_pointer self, const tool_request& request, const builtin::delegate_arguments& wanted,
             const result<agent>& assignee) {
  auto& state = self->state;
  if (state.concluded || state.running_tools.erase(request.call_id) == 0) return;
  auto told = emit_call(state, request);
  if (told) {
    told = assignee ? make_task(state, request, wanted, *assignee) : refuse_call(state, request, assignee.error());
  }
  if (!told) conclude_bug(state, told.error());
  advance(self);
}

}  // namespace

void begin_delegation(run_pointer self, tool_request request) {
  auto& state = self->state;
  auto wanted = check_call(state, request);
  if (!wanted) {
    // Within `gather_actions`, which is not to be entered again from here.
    self->send(self,
               continuation{[self, request, reason = wanted.error()] { decided(self, request, {}, fail(reason)); }});
    return;
  }
  const auto key = state.seed.who;
  const auto limits = state.env->limits;
  const auto now = state.env->clock->now();
  read_then(
      self, state.env,
      [key, limits, now, to = wanted->to](const storage::snapshot& from) -> result<agent> {
        if (auto left = check_tasks_left(from, key.org, limits, now); !left) return fail(left.error());
        return find_report(from, key.org, key.agent, to);
      },
      [self, request, wanted = *wanted](result<agent> found) { decided(self, request, wanted, found); });
}

result<void> absorb_ended(run_state& state, const std::vector<task>& ended) {
  for (const auto& child : ended) {
    state.gathering.acted_on.push_back(
        {state.seed.who.agent, current_task(state).id, signal_kind::child_ended, child.id});
    const auto call = state.machine->call_waiting_for(child.id);
    if (!call) continue;  // it was of an earlier attempt, or has been taken in already
    auto told = emit_result(state, call->tool, builtin::ended_outcome(call->call_id, child));
    if (!told) return told;
  }
  return {};
}

void look_at_signals(run_pointer self) {
  auto& state = self->state;
  if (state.concluded) return;
  const auto key = state.seed.who;
  const auto which = current_task(state).id;
  read_then(
      self, state.env,
      [key, which](const storage::snapshot& from) { return read_ended(from, key.org, key.agent, which); },
      [self](result<std::vector<task>> ended) {
        auto& st = self->state;
        if (st.concluded) return;
        if (!ended) {
          self->delayed_send(self, store_retry, look_again{});
          return;
        }
        if (auto told = absorb_ended(st, *ended); !told) conclude_bug(st, told.error());
        advance(self);
      });
}

}  // namespace flotilla::actors::run_parts
