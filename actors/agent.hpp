// The actor of one agent: its work queue, and the one run that goes on.
//
// The queue in memory is a hint: what is to be run stands in the store, and each task is read anew when its turn
// comes. So the actor may come and go (it is activated by its first message and passivated when idle), and nothing
// depends on what it remembers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "actors/environment.hpp"
#include "actors/interfaces.hpp"

namespace flotilla::actors {

/// Where a task stands in a queue: what was running first, then by priority, then by age. Which comes next is said by
/// `next_place`: waiting lifts a task by a class of priority every `priority_aging` (core/admission.hpp).
struct queue_place {
  bool interrupted = false;  ///< it shows `running`, and nobody runs it
  task_priority priority = task_priority::normal;
  task_id task;
  timestamp since{};         ///< in this actor's queue; no part of its place, as the next
  std::uint64_t number = 0;  ///< of the last time it was put there

  friend bool operator<(const queue_place& a, const queue_place& b) {
    if (a.interrupted != b.interrupted) return a.interrupted;
    if (a.priority != b.priority) return a.priority < b.priority;
    return a.task < b.task;
  }
};

struct supervisor;

/// What an agent actor keeps.
struct agent_state {
  static inline const char* name = "agent";

  environment_ptr env;
  fleet_actor fleet;
  agent_key key;

  bool loaded = false;
  std::vector<std::function<void()>> when_loaded;  ///< what came before the queue was read
  std::set<queue_place> queue;
  std::uint64_t queue_version = 0;  ///< grows with every task that is put into the queue here
  bool paused = false;

  run_slot_ptr slot;                             ///< the place of the run that goes on, or is about to
  std::unique_ptr<run_slot_ticket> slot_ticket;  ///< a place is waited for
  bool wake_asked = false;                       ///< a message asks for the agent's attention when it is idle
  bool waking = false;                           ///< a task is being made of it

  std::optional<task_id> current;  ///< the task whose run goes on, or is about to
  run_actor run;                   ///< its actor, once there is one
  bool late = false;               ///< it has not said in time that it began

  bool closing = false;  ///< the server drains: nothing new is taken up
  std::vector<caf::typed_response_promise<suspended>> when_idle;

  std::uint64_t seen = 0;               ///< messages from the fleet that were handled
  std::uint64_t generation = 1;         ///< of the idle timer: grows with everything that happens
  bool load_waits = false;              ///< a look at the queue is due in a while
  bool timer_runs = false;              ///< the idle timer, of which there is one at a time
  std::size_t busy = 0;                 ///< reads and commits under way
  std::shared_ptr<supervisor> reports;  ///< whom it supervises; null: nobody
  bool told_recovered = false;          ///< the fleet knows that what was cut is taken up
};

/// The behavior. It reads its queue first; messages that come before wait.
agent_actor::behavior_type agent_behavior(agent_actor::stateful_pointer<agent_state> self, environment_ptr env,
                                          fleet_actor fleet, agent_key key);

}  // namespace flotilla::actors
