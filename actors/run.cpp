// The run actor: its beginning, its end, and what it is told.
#include "actors/run.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "actors/caf_errors.hpp"
#include "actors/run_messages.hpp"
#include "actors/run_parts.hpp"
#include "core/bus_types.hpp"
#include "core/run_events.hpp"

namespace flotilla::actors {

run_tools tools_for(const environment& env, const run_seed& seed) {
  run_tools found;
  found.specs.push_back(builtin::ask_approval_tool());
  found.specs.push_back(builtin::send_message_tool());
  if (!seed.reports.empty()) found.specs.push_back(builtin::delegate_tool(seed.reports));
  for (auto* set : env.toolsets) {
    for (auto& spec : set->tools_for(seed.assignee.value)) {
      if (builtin::is_builtin(spec.name)) continue;
      if (found.owner.emplace(spec.name, set).second) found.specs.push_back(std::move(spec));
    }
  }
  return found;
}

result<run_machine> replay(const environment& env, const run_seed& seed, std::vector<tool_spec> tools) {
  const auto& assignee = seed.assignee.value;
  const auto& task = seed.record.value.task;
  run_spec spec{task.input, assignee.approvals, assignee.max_turns, std::move(tools), env.max_context_bytes};
  spec.memory = seed.memory.text;
  if (task.output_schema) {
    auto schema = output_schema::parse(*task.output_schema);
    if (!schema) return fail(errc::internal, std::move(schema.error().message));
    spec.output_schema = std::move(*schema);
  }
  run_machine machine(std::move(spec));
  for (const auto& happened : seed.events) {
    if (auto applied = machine.apply(happened); !applied) return fail(applied.error());
  }
  return machine;
}

namespace {

using namespace run_parts;
using pointer = run_pointer;

/// Gathers the first step: a fresh attempt, one that a human has let go on, or one that a crash cut.
result<void> gather_start(run_state& state) {
  const auto now = state.env->clock->now();
  const auto status = current_task(state).status;
  begin_budget(state);
  if (status == task_status::running) {
    if (auto told = emit(state, status_event(run_status::resumed)); !told) return told;
    return absorb_ended(state, state.seed.ended);
  }
  if (status == task_status::waiting) {
    if (auto told = absorb_ended(state, state.seed.ended); !told) return told;
    if (state.machine->waiting()) {
      // What has ended was of an earlier attempt: nothing that it waits for has come.
      state.concluded = true;
      return {};
    }
  }
  auto& record = next_record(state);
  record.task.status = task_status::running;
  record.task.updated_at = now;
  record.queued = false;
  record.parked_at.reset();
  state.gathering.effects.most_running = state.env->limits.concurrent_runs;
  if (status == task_status::waiting) return {};
  record.task.started_at = now;
  // A paused or archived agent takes nothing up: this start holds only while the agent is as it was read.
  state.gathering.relies_on = state.seed.assignee;
  state.gathering.messages.push_back(task_message(bus::task_started, record.task));
  const auto& agent = state.seed.assignee.value;
  auto told = emit(state, running_event(record.task.attempt, agent.provider, agent.model));
  if (told && !state.seed.memory.text.empty()) told = emit(state, memory_event(state.seed.memory));
  return told;
}

/// Has the run end when it has used the time that it may take; what it took before a crash or a wait counts.
void limit_time(pointer self) {
  const auto& state = self->state;
  const auto limit = state.env->run_limit;
  if (limit.count() == 0) return;
  const auto left = limit - state.machine->active_time();
  self->delayed_send(self, std::max(left, std::chrono::milliseconds(0)), time_is_up{});
}

void end_in_time(pointer self) {
  auto& state = self->state;
  if (state.concluded) return;
  const auto seconds = std::chrono::duration<double>(state.env->run_limit).count();
  auto text = std::to_string(seconds);
  text.resize(text.find('.') + 2);
  conclude_error(state, {"run_timeout", "The run has used the " + text + " s that it may take."});
  advance(self);
}

caf::result<run_accepted> start(pointer self, bool give_up) {
  auto& state = self->state;
  state.give_up = give_up;
  auto promise = self->make_response_promise<run_accepted>();
  state.start_promise = pending_answer(promise);
  auto machine = replay(*state.env, state.seed, state.tools.specs);
  if (!machine) {
    // The journal makes no sense: say so in it, and end the task.
    state.machine.emplace(run_spec{});
    conclude_bug(state, machine.error());
  } else {
    state.machine.emplace(std::move(*machine));
    state.redaction = run_redaction(state.env, state.seed.who.org, state.machine->said());
    if (auto gathered = gather_start(state); !gathered) conclude_bug(state, gathered.error());
    limit_time(self);
  }
  advance(self);
  return promise;
}

caf::result<run_accepted> cancel(pointer self) {
  auto& state = self->state;
  // A run that is about to wait can still be cancelled; one that is suspended cannot.
  if (state.concluded && !state.machine->waiting()) {
    if (state.machine->ended()) {
      return to_caf({errc::invalid, "status: the task is ending; nothing is left to cancel", {}});
    }
    return to_caf({errc::unavailable, "The server is shutting down.", {}});
  }
  auto promise = self->make_response_promise<run_accepted>();
  state.cancel_promise = pending_answer(promise);
  conclude(state, task_status::error, task_error{"cancelled", "The task was cancelled."}, bus::task_cancelled);
  advance(self);
  return promise;
}

caf::result<suspended> suspend_now(pointer self) {
  auto& state = self->state;
  auto promise = self->make_response_promise<suspended>();
  state.suspend_promise = pending_answer(promise);
  if (state.concluded) return promise;
  if (auto told = absorb_news(self); !told) conclude_bug(state, told.error());
  if (!state.concluded) {
    abort_calls(state);
    (void)emit(state, status_event(run_status::suspended));
    state.concluded = true;
  }
  advance(self);
  return promise;
}

}  // namespace

run_actor::behavior_type run(run_actor::stateful_pointer<run_state> self, environment_ptr env, agent_actor boss,
                             fleet_actor fleet, run_seed seed) {
  auto& state = self->state;
  state.env = std::move(env);
  state.boss = std::move(boss);
  state.fleet = std::move(fleet);
  state.seed = std::move(seed);
  state.tools = tools_for(*state.env, state.seed);
  self->set_exception_handler(
      [](std::exception_ptr&) -> caf::error { return caf::exit_reason::unhandled_exception; });
  return {
      [=](start_run& order) -> caf::result<run_accepted> { return start(self, order.give_up); },
      [=](cancel_request&) -> caf::result<run_accepted> { return cancel(self); },
      [=](suspend&) -> caf::result<suspended> { return suspend_now(self); },
      [=](look_again&) { look_at_signals(self); },
      [=](model_progress& progress) {
        if (progress.call == self->state.call_number) advance(self);
      },
      [=](retry_due& due) {
        auto& st = self->state;
        if (due.call == 0) return submit(self);
        if (due.call != st.call_number || !st.retry_waits) return;
        st.retry_waits = false;
        advance(self);
      },
      [=](time_is_up&) { end_in_time(self); },
      [=](continuation& next) { next.go_on(); },
  };
}

}  // namespace flotilla::actors
