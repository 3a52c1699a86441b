// What an agent decides about its tasks: reads of the store, and the steps that follow from them. No actor in it.
#pragma once

#include <cstdint>
#include <vector>

#include "actors/environment.hpp"
#include "actors/run.hpp"
#include "flotilla/result.hpp"
#include "storage/records.hpp"

namespace flotilla::actors {

inline constexpr std::size_t event_read_bytes = 1U << 20U;  ///< of a journal, at a time

/// A task with its agent and the journal of its current attempt. May block on the disk.
/// Errors: not_found (no such task, or another agent's), those of every read.
[[nodiscard]] result<run_seed> read_seed(const storage::snapshot& from, const agent_key& who, task_id task);

/// The same for a run that is to begin or to go on: with the limits of its first model call, the agent's mail and
/// memory.
[[nodiscard]] result<run_seed> read_run(const storage::snapshot& from, const environment& env, const agent_key& who,
                                        task_id task);

/// A task that waits in an agent's queue.
struct queued_work {
  task_id task;
  task_priority priority = task_priority::normal;
  bool interrupted = false;  ///< it is running in the store
};
/// An agent's standing and its queue.
struct agent_work {
  agent_status status = agent_status::active;
  std::vector<queued_work> work;
  std::vector<task_id> signalled;  ///< its tasks about which signals stand
  std::vector<task_id> pending;    ///< where it is archived: every task of it that has not ended
};
/// May block on the disk. Errors: not_found (no such agent), those of every read.
[[nodiscard]] result<agent_work> read_work_of(const storage::snapshot& from, const agent_key& who);

/// Can a task in this state go on with what it has delegated?
[[nodiscard]] bool takes_signals(task_status status) noexcept;

/// What stands about one task of an agent.
struct signals_of_task {
  std::optional<agent_id> assignee;  ///< who has the task now; nothing where there is no such task
  bool taken = false;                ///< the task is running or waiting: `child_ended` is for its run to take in
  std::vector<storage::task_signal> all;
};
[[nodiscard]] result<signals_of_task> read_signals_of(const storage::snapshot& from, const agent_key& who,
                                                      task_id task);

/// Is the task one that its agent must run?
[[nodiscard]] bool is_work(const run_seed& seed) noexcept;

/// What a run request means for a task.
enum class run_decision : std::uint8_t {
  join,     ///< it is queued, runs, waits, has ended, or has another attempt by now: only its events are wanted
  begin,    ///< it is pending, and nobody has asked before
  restart,  ///< it has ended, and a new attempt is wanted
};
/// Errors: invalid (the agent is paused or archived).
[[nodiscard]] result<run_decision> decide_run(const run_seed& seed, const run_request& asked);

/// Puts a task into the queue, with a new attempt where it has ended.
[[nodiscard]] step queue_step(const environment& env, const run_seed& seed, bool restart);

/// Ends a task that nobody runs. Errors: invalid (it has ended already).
[[nodiscard]] result<step> end_step(const environment& env, const run_seed& seed, task_error why, bool cancelled);

/// Has such a decision been journaled since `decide_request::expected_update`? Whoever asks twice with one
/// idempotency key is not to decide twice; that somebody else has changed the task meanwhile says nothing.
[[nodiscard]] bool is_decided(const run_seed& seed, const decide_request& asked);

/// Journals that the run's actor has failed.
[[nodiscard]] step crash_step(const environment& env, const run_seed& seed, std::uint32_t tries);

/// Why a run is not to be tried again; nothing where it is.
[[nodiscard]] std::optional<task_error> given_up(const run_seed& seed);

/// A human's word, or nobody's. `resume`: the agent is free, and the run goes on at once. Errors: invalid (nothing
/// waits for a decision, or not this call).
[[nodiscard]] result<step> decision_step(const environment& env, const run_seed& seed, const decide_request& asked,
                                         bool resume);

}  // namespace flotilla::actors
