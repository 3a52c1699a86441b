// The actor of one run: carries out what the run machine asks for, a committed step at a time.
//
// A step gathers events, applies each to the machine, and is committed as one batch; what it begins (a model call,
// a tool) is begun when the batch is durable. One commit is under way at a time; what a model says meanwhile gathers
// in its inbox and becomes the next step, so a burst of increments shares the syncs that the disk can give.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/budget.hpp"
#include "actors/environment.hpp"
#include "actors/interfaces.hpp"
#include "actors/mail.hpp"
#include "actors/measured.hpp"
#include "actors/model_inbox.hpp"
#include "actors/pending_answer.hpp"
#include "actors/redaction.hpp"
#include "core/builtin_tools.hpp"
#include "core/run_machine.hpp"
#include "core/toolset.hpp"
#include "flotilla/memory.hpp"
#include "storage/records.hpp"

namespace flotilla::actors {

/// What a run begins or goes on with, as it was read in one snapshot.
struct run_seed {
  agent_key who;
  storage::stored<agent> assignee;
  storage::stored<storage::task_record> record;
  std::vector<event> events;             ///< of the current attempt
  event_seq last_seq = 0;                ///< of the task's journal
  std::vector<builtin::report> reports;  ///< of the assignee, direct ones; see `builtin::delegate_tool`
  std::vector<task> ended;               ///< delegated tasks that have ended, of which a signal stands
  /// Of its first model call, as they were read with it; nothing: they are still to be read.
  std::optional<budget_limits> limits;
  unread_batch mail;    ///< as it was read with them
  agent_memory memory;  ///< as it stood when the attempt began
};

/// The tools of a run, and which set offers each.
struct run_tools {
  std::vector<tool_spec> specs;
  std::map<std::string, toolset*, std::less<>> owner;
};
/// The runtime's own tools first, and no toolset's of their names.
[[nodiscard]] run_tools tools_for(const environment& env, const run_seed& seed);

/// A machine that has been given the attempt's journal. Errors: internal (a journal that cannot be).
[[nodiscard]] result<run_machine> replay(const environment& env, const run_seed& seed, std::vector<tool_spec> tools);

/// What a run actor keeps.
struct run_state {
  static inline const char* name = "run";

  environment_ptr env;
  agent_actor boss;
  fleet_actor fleet;
  run_seed seed;
  run_tools tools;
  std::optional<run_machine> machine;

  // The step that gathers, and the one that is being committed.
  step gathering;
  std::vector<std::function<void()>> begin_after;  ///< what the gathering step begins
  step committing_step;                            ///< kept until it stands, to be tried again
  std::vector<std::function<void()>> begin_now;
  bool committing = false;
  int conflicts = 0;  ///< in a row

  // The model call under way.
  std::uint64_t call_number = 1;  ///< never 0, which `retry_due` has for a commit
  std::shared_ptr<model_inbox> inbox;
  std::unique_ptr<model_call> call;
  run_redaction redaction;
  repeat_filter filter{std::string()};
  bool retry_waits = false;
  run_budget budget;
  unread_batch mail;  ///< for the next call, read with its limits

  std::map<std::string, std::unique_ptr<tool_run>> running_tools;  ///< by call id

  run_meter meter;
  bool give_up = false;    ///< the first commit is answered, not tried again
  bool concluded = false;  ///< the step that ends this actor is gathered or being committed
  pending_answer<run_accepted> start_promise;
  pending_answer<run_accepted> cancel_promise;
  pending_answer<suspended> suspend_promise;
};

/// The behavior. `boss` is told `run_over` before the actor ends.
run_actor::behavior_type run(run_actor::stateful_pointer<run_state> self, environment_ptr env, agent_actor boss,
                             fleet_actor fleet, run_seed seed);

}  // namespace flotilla::actors
