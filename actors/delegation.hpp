// Tasks that are delegated: who may be given one, how it is made, and the signals that go between parent and child.
// No actor in it.
//
// A child belongs to its parent by `storage::task_record::from`. When it ends, a signal to the parent's agent stands
// in the same batch; when the parent is cancelled, or ends in an error while it waits, a signal to each child's agent
// does. Signals are erased by the batch that acts on them, so neither is lost in a crash.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "actors/journal.hpp"
#include "core/builtin_tools.hpp"
#include "core/run_events.hpp"
#include "flotilla/plan.hpp"
#include "flotilla/result.hpp"
#include "storage/records.hpp"

namespace flotilla::actors {

inline constexpr std::size_t max_searched_reports = 10'000;  ///< agents below one that are searched for a name

/// The direct reports of an agent that are not archived, oldest first, at most `most`. May block on the disk.
[[nodiscard]] result<std::vector<builtin::report>> read_active_reports(const storage::snapshot& from, org_id org,
                                                                       agent_id manager, std::size_t most);

/// Whom `to`, an id or a name, means below an agent in the org chart. May block on the disk.
/// Errors: invalid (nobody there, more than one of that name, one who is paused or archived; the message is for the
/// model), those of every read.
[[nodiscard]] result<agent> find_report(const storage::snapshot& from, org_id org, agent_id manager,
                                        std::string_view to);

/// Has a new task lie in its assignee's work queue from the first.
void queue_at_birth(new_task& made, timestamp now);

/// A task that a call of another one makes. `parent`: the delegating task as it stands.
[[nodiscard]] new_task make_child(const storage::task_record& parent, const tool_request& call,
                                  const builtin::delegate_arguments& wanted, agent_id assignee, timestamp now);

/// May a task be delegated, as far as the plan's tasks a month are concerned? This is looked up when the call is
/// made, so tasks that are delegated at the same moment can pass the limit by their number. Errors: forbidden.
[[nodiscard]] result<void> check_tasks_left(const storage::snapshot& from, org_id org, const plan_limits& limits,
                                            timestamp now);

/// The delegated tasks of a task that have ended and of which a signal stands. May block on the disk.
[[nodiscard]] result<std::vector<task>> read_ended(const storage::snapshot& from, org_id org, agent_id agent,
                                                   task_id parent);

/// Adds to a step that ends a task the signals that go with it: to the parent that waits for it, and to those
/// delegated tasks that shall not go on (`delegated`: of the attempt). A signal that asked for this end is taken
/// away.
void add_end_signals(step& to, const storage::task_record& ended, const std::vector<delegated_task>& delegated,
                     bool cancelled);

/// The signal that tells a parent's agent of a child's end; nothing where nobody waits for it.
[[nodiscard]] std::optional<storage::task_signal> end_signal(const storage::task_record& child);

}  // namespace flotilla::actors
