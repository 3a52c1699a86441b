// The parts of the run actor that its files share (run.cpp begins and ends, run_gathering gathers events into a step,
// run_model and run_actions carry out what the machine asks for, run_delegation makes tasks for others and takes in
// what they came to, run_mail writes to others and reads what they wrote, run_commits commits). For these files only.
//
// All functions run in the actor's own thread.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "actors/run.hpp"

namespace flotilla::actors::run_parts {

using run_pointer = run_actor::stateful_pointer<run_state>;

[[nodiscard]] inline const task& current_task(const run_state& state) {
  return state.seed.record.value.task;
}

// --- gathering a step (run_gathering.cpp) -----------------------------------------------------------------------

/// The record as the gathering step shall leave it; begins as the step before leaves it, which may still be on its
/// way.
storage::task_record& next_record(run_state& state);
/// The same, to look at it.
[[nodiscard]] const storage::task_record& record_ahead(const run_state& state);
/// Takes what has been used into the record, so that it is counted in the same batch as the event that tells of it.
/// `unjournaled`: usage that no event tells of.
void count_usage(run_state& state, const token_usage& unjournaled = {});
/// Appends an event to the step and tells the machine, both without secrets: what is journaled is what the machine
/// has seen. An event that the machine refuses is a bug: the step is left as it was, and the error given back.
result<void> emit(run_state& state, event happened);
/// That a tool call has begun, with the bus message.
result<void> emit_call(run_state& state, const tool_request& request);
/// What is wrong with a call, as its result.
result<void> refuse_call(run_state& state, const tool_request& request, const error& reason);
/// What a tool answered, with the bus message; its secrets are taken out before it is cut to the size of an event.
result<void> emit_result(run_state& state, std::string_view tool, tool_outcome outcome);
/// A piece of the model's answer, as it may be told.
result<void> emit_delta(run_state& state, model_delta delta);
/// What was held back of the model's answer, which is over.
result<void> emit_rest(run_state& state);

/// Gathers the end of the run: done or error. `unjournaled`: usage that no event tells of.
void conclude(run_state& state, task_status status, std::optional<task_error> why, std::string_view bus_type,
              const token_usage& unjournaled = {});
void conclude_error(run_state& state, task_error why, const token_usage& unjournaled = {});
/// A bug of ours has come to light: the task ends with it, and nothing else is taken down.
void conclude_bug(run_state& state, const error& reason);
/// Gathers the end of this actor's work, not of the run: it waits for humans or for delegated tasks.
void conclude_waiting(run_state& state, bool for_humans);
/// Gives up what goes on: the model call, the tools, and what the gathered steps would begin.
void abort_calls(run_state& state);

// --- budgets (run_budget.cpp) -----------------------------------------------------------------------------------

/// May the model call that the machine asks for begin? Where not yet, what leads there is under way; or the run has
/// been concluded, because a limit is reached. A reservation goes with the step that gathers, and the call follows
/// when it stands.
[[nodiscard]] result<bool> may_begin(run_pointer self);
/// What was reserved for a call that has ended, or will not be made, goes with the gathering step.
void give_back(run_state& state);
/// The limits of the first call, unless a crash has left a reservation: that is given back first.
void begin_budget(run_state& state);
/// The step that is being committed carries a reservation.
[[nodiscard]] bool carries_claim(const run_state& state);
/// It stands: the call may begin.
void grant_claim(run_state& state);
/// The store has refused it, because others were faster or the step was stale: the step is to go without, and the
/// limits are read anew. False: nothing is left of the step.
[[nodiscard]] bool drop_claim(run_state& state);
/// Gathers the end of a run that meets a limit. `reached`: which, where it is known.
void conclude_over_budget(run_state& state, task_error why, const storage::budget* reached);

// --- model calls (run_model.cpp) ----------------------------------------------------------------------------------

/// The request of the call that the machine asks for.
[[nodiscard]] model_request next_request(const run_state& state);
/// Has the machine asked again after a while.
void call_later(run_pointer self, std::chrono::milliseconds delay);
/// Calls the model as the machine wants it.
void begin_model(run_pointer self);
/// Takes what the model has said into the gathering step.
result<void> absorb_news(run_pointer self);

// --- actions (run_actions.cpp) ------------------------------------------------------------------------------------

/// Gathers everything that the machine asks for now.
void gather_actions(run_pointer self);

// --- delegated tasks (run_delegation.cpp)
// ---------------------------------------------------------------------------

/// Finds out whom a call of `delegate` means, then gathers the new task or what is wrong with it.
void begin_delegation(run_pointer self, tool_request request);
/// Gathers what delegated tasks have come to, and takes their signals away.
result<void> absorb_ended(run_state& state, const std::vector<task>& ended);
/// Reads which delegated tasks have ended, and goes on with them.
void look_at_signals(run_pointer self);

// --- mail (run_mail.cpp)
// --------------------------------------------------------------------------------------------

/// Finds out whom a call of `send_message` means, then gathers the messages or what is wrong with it.
void begin_post(run_pointer self, tool_request request);
/// Gathers that the model is given the mail that was read for its next call.
result<void> absorb_mail(run_state& state);

// --- commits (run_commits.cpp)
// --------------------------------------------------------------------------------------

/// Takes in what is new, asks the machine what is to be done, and commits it; does nothing while a commit is under
/// way.
void advance(run_pointer self);
/// Commits `committing_step`, perhaps not for the first time.
void submit(run_pointer self);

}  // namespace flotilla::actors::run_parts
