// Decisions that change tasks, and the read of one with its log.
#include "runtime/task_changes.hpp"

#include <string>
#include <utility>

#include "actors/run_messages.hpp"
#include "core/bus_types.hpp"
#include "core/strict_json.hpp"
#include "core/validation.hpp"
#include "runtime/epic_changes.hpp"
#include "runtime/patching.hpp"
#include "runtime/plan_limits.hpp"

namespace flotilla::runtime {
namespace {

inline constexpr std::size_t max_shown_children = 1000;   ///< of one task, the oldest
inline constexpr std::size_t log_read_bytes = 1U << 20U;  ///< of a log, at a time

/// Reads an agent that a field names, and lets the batch rely on it.
result<storage::stored<agent>> named_agent(const storage::snapshot& from, org_id org, agent_id which,
                                           const std::string& field) {
  auto found = storage::read_agent(from, org, which);
  if (!found) return fail(std::move(found.error()));
  if (!*found) return fail(errc::invalid, field + ": no such agent");
  return std::move(**found);
}

result<void> check_assignee(const storage::snapshot& from, org_id org, agent_id which, storage::batch& relies_on) {
  auto assignee = named_agent(from, org, which, "assignee");
  if (!assignee) return fail(std::move(assignee.error()));
  const auto status = assignee->value.status;
  if (status == agent_status::paused || status == agent_status::archived) {
    return fail(errc::invalid, "assignee: the agent is " + std::string(to_string(status)));
  }
  storage::require_agent(relies_on, org, *assignee);
  return {};
}

/// A schema as it is kept. Precondition: it has been validated.
std::optional<std::string> kept_schema(const std::optional<std::string>& sent) {
  if (!sent) return std::nullopt;
  return without_spaces(*sent);
}

/// What the state of a task forbids.
result<void> check_fields(const storage::task_record& record, const task_patch& patch) {
  const bool pending = record.task.status == task_status::pending;
  const auto is = " a " + std::string(to_string(record.task.status)) + " task cannot be given another";
  if (patch.assignee && *patch.assignee != record.task.assignee && !pending) {
    return fail(errc::invalid, "assignee:" + is);
  }
  if (patch.priority && *patch.priority != record.task.priority && !pending) {
    return fail(errc::invalid, "priority:" + is);
  }
  const bool was_run = !pending || record.queued || record.task.attempt > 1;
  if (patch.input && *patch.input != record.task.input && was_run) {
    return fail(errc::invalid, "input: it can be changed only before the task has been run");
  }
  if (patch.output_schema && kept_schema(*patch.output_schema) != record.task.output_schema && was_run) {
    return fail(errc::invalid, "outputSchema: it can be changed only before the task has been run");
  }
  return {};
}

}  // namespace

result<decision<task>> decide_create(const storage::snapshot& from, org_id org, const task_draft& draft,
                                     const plan_limits& limits, timestamp now) {
  if (auto valid = validate(draft); !valid) return fail(std::move(valid.error()));
  decision<task> made;
  if (auto legal = check_assignee(from, org, draft.assignee, made.changes); !legal) return fail(legal.error());
  if (draft.requester) {
    auto requester = named_agent(from, org, *draft.requester, "requester");
    if (!requester) return fail(std::move(requester.error()));
  }
  if (draft.epic_id) {
    if (auto legal = check_epic(from, org, *draft.epic_id, made.changes); !legal) return fail(legal.error());
  }
  storage::task_record record;
  auto& added = record.task;
  added.id = task_id::make(now);
  added.title = draft.title;
  added.input = draft.input;
  added.output_schema = kept_schema(draft.output_schema);
  added.assignee = draft.assignee;
  added.requester = draft.requester;
  added.priority = draft.priority;
  added.epic_id = draft.epic_id;
  added.created_at = added.updated_at = now;
  storage::task_effects effects;
  effects.most_made = limits.tasks_per_month;
  storage::write_task(made.changes, org, nullptr, record, effects);
  made.messages.push_back(actors::task_message(bus::task_created, added));
  made.answer = added;
  return made;
}

result<decision<task_change>> decide_update(const storage::snapshot& from, org_id org, task_id which,
                                            const task_patch& patch, const plan_limits& limits, timestamp now) {
  if (auto valid = validate(patch); !valid) return fail(std::move(valid.error()));
  auto found = storage::read_task(from, org, which);
  if (!found) return fail(std::move(found.error()));
  if (!*found) return fail(errc::not_found, "No such task.");
  const auto& before = **found;
  decision<task_change> made;
  if (patch.status) {
    auto step = requested_step(before.value.task.status, *patch.status);
    if (!step) return fail(std::move(step.error()));
    if (*step == task_step::restart || *step == task_step::approve) {
      if (auto left = check_tokens_left(from, org, before.value.task.assignee, limits, now); !left)
        return fail(std::move(left.error()));
    }
    made.answer.action = *step;
  }
  if (auto legal = check_fields(before.value, patch); !legal) return fail(std::move(legal.error()));
  auto after = before.value;
  if (patch.assignee && *patch.assignee != after.task.assignee) {
    if (auto legal = check_assignee(from, org, *patch.assignee, made.changes); !legal) return fail(legal.error());
  }
  if (patch.epic_id && *patch.epic_id && *patch.epic_id != after.task.epic_id) {
    if (auto legal = check_epic(from, org, **patch.epic_id, made.changes); !legal) return fail(legal.error());
  }
  take(after.task.title, patch.title);
  take(after.task.input, patch.input);
  if (patch.output_schema) after.task.output_schema = kept_schema(*patch.output_schema);
  take(after.task.assignee, patch.assignee);
  take(after.task.priority, patch.priority);
  take(after.task.epic_id, patch.epic_id);
  if (after != before.value) {
    after.task.updated_at = now;
    storage::write_task(made.changes, org, &before, after);
    if (after.queued) made.answer.look_again = after.task.assignee;
  } else {
    made.changes = {};
  }
  made.answer.now = after.task;
  return made;
}

result<task_detail> read_detail(const storage::snapshot& from, org_id org, task_id which) {
  auto found = storage::read_task(from, org, which);
  if (!found) return fail(std::move(found.error()));
  if (!*found) return fail(errc::not_found, "No such task.");
  const auto& record = (*found)->value;
  auto children = storage::read_children(from, org, which, max_shown_children);
  if (!children) return fail(std::move(children.error()));
  const auto below = storage::read_usage_below(from, org, which);
  if (!below) return fail(below.error());
  task_detail detail{record.task, {}, std::move(*children), record.task.usage};
  detail.total_usage += *below;
  event_seq after = 0;
  for (;;) {
    auto entries = storage::read_events(from, org, which, after, log_read_bytes);
    if (!entries) return fail(std::move(entries.error()));
    if (entries->empty()) break;
    after = entries->back().seq;
    std::move(entries->begin(), entries->end(), std::back_inserter(detail.log));
  }
  if (record.task.status != task_status::running) return detail;
  for (const auto& entry : detail.log) {
    if (entry.seq <= record.before_attempt) continue;
    auto happened = storage::decode_event(*entry.json);
    if (!happened) return fail(std::move(happened.error()));
    if (happened->type != event_type::output) continue;
    if (!detail.task.output) detail.task.output.emplace();
    *detail.task.output += happened->text;
  }
  return detail;
}

}  // namespace flotilla::runtime
