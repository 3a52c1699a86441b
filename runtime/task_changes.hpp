// What changes tasks that nobody runs, as decisions over a snapshot (transactions.hpp). No shared state; may block on
// the disk.
#pragma once

#include <optional>

#include "core/life_cycle.hpp"
#include "flotilla/fleet.hpp"
#include "flotilla/plan.hpp"
#include "flotilla/result.hpp"
#include "flotilla/task.hpp"
#include "runtime/transactions.hpp"
#include "storage/records.hpp"

namespace flotilla::runtime {

/// Errors: invalid (a value; an assignee that is unknown, paused or archived, an unknown requester, an epic that is
/// unknown or not active). The batch is refused over the plan's limit of tasks a month.
[[nodiscard]] result<decision<task>> decide_create(const storage::snapshot& from, org_id org, const task_draft& draft,
                                                   const plan_limits& limits, timestamp now);

/// What a change of a task comes to: what was written, and what its agent has still to do.
struct task_change {
  task now;
  std::optional<task_step> action;     ///< what the patch's status means
  std::optional<agent_id> look_again;  ///< the agent whose queue has changed
};

/// Writes the fields of a patch, and says what its status means. Errors: not_found, invalid (a value, a change that
/// the task's state forbids, an illegal transition), forbidden (it would run, and the plan's tokens are used up);
/// then nothing is written.
[[nodiscard]] result<decision<task_change>> decide_update(const storage::snapshot& from, org_id org, task_id which,
                                                          const task_patch& patch, const plan_limits& limits,
                                                          timestamp now);

/// The task with its log; the output of one that goes on is what it has said so far. Errors: not_found.
[[nodiscard]] result<task_detail> read_detail(const storage::snapshot& from, org_id org, task_id which);

}  // namespace flotilla::runtime
