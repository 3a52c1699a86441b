// The parts of the agent actor that its files share (agent.cpp is told things and keeps the queue, agent_runs starts
// runs, agent_requests answers requests). For these files only.
//
// All functions run in the actor's own thread.
#pragma once

#include <chrono>
#include <functional>
#include <utility>

#include "actors/agent.hpp"
#include "actors/agent_steps.hpp"
#include "actors/announce.hpp"
#include "actors/pending_answer.hpp"
#include "actors/redaction.hpp"

namespace flotilla::actors::agent_parts {

using agent_pointer = agent_actor::stateful_pointer<agent_state>;
using accepted_promise = pending_answer<run_accepted>;
using accepted_reply = std::function<void(result<run_accepted>)>;

// --- the queue (agent.cpp) --------------------------------------------------------------------------------------

/// Is there something to be taken up? A paused agent finishes what it had begun, and begins nothing.
[[nodiscard]] bool has_work(const agent_state& state);
/// Something has happened: the agent is idle from now on at the earliest.
void touch(agent_pointer self);
void refuse(accepted_promise promise, const error& reason);
void answer(accepted_promise promise, const storage::stored<storage::task_record>& now);
void answer(accepted_promise promise, const run_seed& seed);
void enqueue(agent_state& state, const queue_place& place);
/// Takes a place that has been dealt with out of the queue, unless it has been put there again since it was looked
/// at: there may be something new to be done about the task.
void take_out(agent_state& state, const queue_place& place);
[[nodiscard]] error draining();
void answer_idle(agent_state& state);
/// The task that is to be taken up next. Precondition: the queue is not empty.
[[nodiscard]] queue_place next_place(const agent_state& state);
/// Reads the queue again in a while. There is one such wait at a time.
void load_later(agent_pointer self, std::chrono::milliseconds after);
/// What the fleet waits for at its beginning: the agent has taken up what was cut, or has nothing of that kind. Told
/// once.
void tell_recovered(agent_pointer self);

/// `read_then`, counted as something that is under way.
template <class Read, class Then>
void look(agent_pointer self, Read read, Then then) {
  ++self->state.busy;
  read_then(self, self->state.env, std::move(read), [self, then = std::move(then)](auto found) mutable {
    --self->state.busy;
    then(std::move(found));
    touch(self);
  });
}

/// Takes the secrets out of the events of a task that no run owns.
void redact_events(const agent_state& state, step& in);

/// `commit_then`, counted likewise. What the store has answered is durable.
template <class Then>
void write(agent_pointer self, step what, Then then) {
  redact_events(self->state, what);
  ++self->state.busy;
  commit_then(self, self->state.env, self->state.fleet, std::move(what),
              [self, then = std::move(then)](result<committed> outcome) mutable {
                --self->state.busy;
                then(std::move(outcome));
                touch(self);
              });
}

/// Runs a read-decide-commit cycle again if it lost a race, at most so often.
template <class Again>
bool lost_race(const error& reason, int tries, Again again) {
  if (reason.code != errc::conflict || tries >= max_conflict_retries) return false;
  again(tries + 1);
  return true;
}

// --- places for runs (agent_slots.cpp) -----------------------------------------------------------------------------

/// Has the agent a place for a run at this provider now? Where it has none yet, it takes one that is free; where
/// `goes_on`, in any case.
[[nodiscard]] bool take_slot(agent_state& state, const std::string& provider, bool goes_on);
/// Waits for one, and then looks at the queue again.
void wait_for_slot(agent_pointer self, const std::string& provider, task_priority priority);
/// Gives back what is held, unless a run goes on, and waits for none any more.
void leave_slot(agent_state& state);

// --- mail (agent_wake.cpp)
// -------------------------------------------------------------------------------------------

/// Where a message has asked for it and the agent is idle, makes a task of its mail.
void wake_up(agent_pointer self);

// --- supervision (agent_supervision.cpp) ---------------------------------------------------------------------------

[[nodiscard]] bool supervises_anybody(const agent_state& state) noexcept;
/// Gives the report's actor, a new one where it has none.
[[nodiscard]] agent_actor begin_to_supervise(agent_pointer self, const supervise& asked);
void end_to_supervise(agent_pointer self, const agent_key& child);
/// Ends the actors of all reports.
void dismiss_reports(agent_pointer self);
/// Handles the end of an actor. False: it was no report's.
bool report_ended(agent_pointer self, const caf::down_msg& down);

// --- signals (agent.cpp)
// ---------------------------------------------------------------------------------------------

/// Something may stand in the store about a task (storage::task_signal): does it.
void on_signal(agent_pointer self, task_id task);

// --- runs (agent_runs.cpp) ----------------------------------------------------------------------------------------

/// Takes the next task of the queue up, if the agent is free.
void start_next(agent_pointer self);
/// The run of a task is over, or waits.
void run_ended(agent_pointer self, task_id task);
/// A run that threw takes nothing else down: it goes on from its journal, and its task ends in an error where that
/// happens too often.
void run_crashed(agent_pointer self, task_id task, int tries = 0);
/// It could not begin, and nobody waited for its answer any more.
void run_later(agent_pointer self, task_id task);
/// Spawns the run of a task. `answered` is called with what its start is answered; if that is an error, the agent
/// is free again, except where the answer is late or the run has crashed: its task is then still the agent's.
void spawn_run(agent_pointer self, run_seed seed, bool give_up, accepted_reply answered);

// --- requests (agent_requests.cpp)
// ----------------------------------------------------------------------------------

void handle_run(agent_pointer self, run_request asked, accepted_promise promise, int tries = 0);
/// `at_once`: where the agent is free the run goes on in the same step; else, or where the plan's limit of runs is
/// reached, the decision stands and the task waits in the queue.
void handle_decision(agent_pointer self, decide_request asked, accepted_promise promise, int tries = 0,
                     bool at_once = true);
void handle_cancel(agent_pointer self, cancel_request asked, accepted_reply handler, int tries = 0);

}  // namespace flotilla::actors::agent_parts
