#include "actors/delegation.hpp"

#include <string>
#include <utility>

#include "actors/run_messages.hpp"
#include "core/bus_types.hpp"
#include "flotilla/limits.hpp"
#include "storage/usage_records.hpp"

namespace flotilla::actors {
namespace {

tl::unexpected<error> no_such_report(std::string_view to) {
  return fail(errc::invalid, "to: there is no report \"" + std::string(to) + "\" below you");
}

result<agent> read_known_agent(const storage::snapshot& from, org_id org, agent_id which) {
  auto found = storage::read_agent(from, org, which);
  if (!found) return fail(std::move(found.error()));
  if (!*found) return fail(errc::internal, "The agent " + which.to_string() + " is missing.");
  return std::move((*found)->value);
}

/// Is `manager` above an agent?
result<bool> is_below(const storage::snapshot& from, org_id org, const agent& which, agent_id manager) {
  auto next = which.manager;
  for (std::size_t depth = 0; next && depth <= max_manager_depth; ++depth) {
    if (*next == manager) return true;
    auto above = read_known_agent(from, org, *next);
    if (!above) return fail(std::move(above.error()));
    next = above->manager;
  }
  return false;
}

result<agent> find_by_id(const storage::snapshot& from, org_id org, agent_id manager, agent_id which) {
  auto found = storage::read_agent(from, org, which);
  if (!found) return fail(std::move(found.error()));
  if (!*found) return no_such_report(which.to_string());
  auto below = is_below(from, org, (*found)->value, manager);
  if (!below) return fail(std::move(below.error()));
  if (!*below) return no_such_report(which.to_string());
  return std::move((*found)->value);
}

/// Searches level by level: the nearest of a name is meant, and it must be the only one on its level.
result<agent> find_by_name(const storage::snapshot& from, org_id org, agent_id manager, std::string_view name) {
  std::vector<agent_id> level{manager};
  std::size_t searched = 0;
  while (!level.empty()) {
    std::vector<agent_id> below;
    std::optional<agent> found;
    for (const auto& each : level) {
      auto reports = storage::read_reports(from, org, each, max_searched_reports - searched);
      if (!reports) return fail(std::move(reports.error()));
      searched += reports->size();
      for (const auto& id : *reports) {
        auto one = read_known_agent(from, org, id);
        if (!one) return fail(std::move(one.error()));
        below.push_back(id);
        if (one->name != name || one->status == agent_status::archived) continue;
        if (found) {
          return fail(errc::invalid, "to: more than one report has the name \"" + std::string(name) +
                                         "\": say the id, " + found->id.to_string() + " or " + id.to_string());
        }
        found = std::move(*one);
      }
      if (searched >= max_searched_reports) break;
    }
    if (found) return std::move(*found);
    if (searched >= max_searched_reports) break;
    level = std::move(below);
  }
  return no_such_report(name);
}

}  // namespace

result<std::vector<builtin::report>> read_active_reports(const storage::snapshot& from, org_id org, agent_id manager,
                                                         std::size_t most) {
  auto ids = storage::read_reports(from, org, manager, max_searched_reports);
  if (!ids) return fail(std::move(ids.error()));
  std::vector<builtin::report> found;
  for (const auto& id : *ids) {
    if (found.size() == most) break;
    auto one = read_known_agent(from, org, id);
    if (!one) return fail(std::move(one.error()));
    if (one->status != agent_status::archived) found.push_back({id, std::move(one->name), std::move(one->role)});
  }
  return found;
}

result<agent> find_report(const storage::snapshot& from, org_id org, agent_id manager, std::string_view to) {
  const auto id = agent_id::parse(to);
  auto found = id ? find_by_id(from, org, manager, *id) : find_by_name(from, org, manager, to);
  if (!found) return found;
  if (found->status == agent_status::paused || found->status == agent_status::archived) {
    return fail(errc::invalid, "to: " + found->name + " is " + std::string(to_string(found->status)));
  }
  return found;
}

void queue_at_birth(new_task& made, timestamp now) {
  made.record.queued = true;
  auto queued = status_event(run_status::queued);
  queued.seq = 1;
  queued.at = now;
  made.events.push_back(std::move(queued));
}

new_task make_child(const storage::task_record& parent, const tool_request& call,
                    const builtin::delegate_arguments& wanted, agent_id assignee, timestamp now) {
  new_task made;
  auto& task = made.record.task;
  task.id = task_id::make(now);
  task.title = wanted.title;
  task.input = wanted.input;
  task.assignee = assignee;
  task.requester = parent.task.assignee;
  task.parent = parent.task.id;
  task.priority = wanted.priority.value_or(parent.task.priority);
  task.epic_id = parent.task.epic_id;
  task.created_at = task.updated_at = now;
  made.record.from = storage::delegation{parent.task.assignee, call.call_id,
                                         parent.task.attempt,  parent.from ? parent.from->depth + 1 : 1,
                                         wanted.wait,          {parent.task.id}};
  if (parent.from) {
    auto& above = made.record.from->ancestors;
    above.insert(above.end(), parent.from->ancestors.begin(), parent.from->ancestors.end());
  }
  queue_at_birth(made, now);
  return made;
}

result<std::vector<task>> read_ended(const storage::snapshot& from, org_id org, agent_id agent, task_id parent) {
  auto signals = storage::read_signals(from, org, agent, parent);
  if (!signals) return fail(std::move(signals.error()));
  std::vector<task> ended;
  for (const auto& each : *signals) {
    if (each.kind != storage::keys::signal_kind::child_ended) continue;
    auto child = storage::read_task(from, org, each.other);
    if (!child) return fail(std::move(child.error()));
    if (!*child) return fail(errc::internal, "The delegated task " + each.other.to_string() + " is missing.");
    ended.push_back(std::move((*child)->value.task));
  }
  return ended;
}

result<void> check_tasks_left(const storage::snapshot& from, org_id org, const plan_limits& limits, timestamp now) {
  if (!limits.tasks_per_month) return {};
  const auto made = storage::read_tasks_made(from, org, now);
  if (!made) return fail(made.error());
  if (*made < *limits.tasks_per_month) return {};
  return fail(errc::forbidden, storage::tasks_limit_text(*limits.tasks_per_month));
}

std::optional<storage::task_signal> end_signal(const storage::task_record& child) {
  if (!child.from || !child.from->wait) return std::nullopt;
  return storage::task_signal{child.from->agent, *child.task.parent, storage::keys::signal_kind::child_ended,
                              child.task.id};
}

void add_end_signals(step& to, const storage::task_record& ended, const std::vector<delegated_task>& delegated,
                     bool cancelled) {
  using enum storage::keys::signal_kind;
  if (auto told = end_signal(ended)) to.signals.push_back(*told);
  if (ended.from) to.acted_on.push_back({ended.task.assignee, ended.task.id, cancel, *ended.task.parent});
  for (const auto& child : delegated) {
    const bool in_vain = cancelled || child.wait;
    if (in_vain && !child.ended) to.signals.push_back({child.assignee, child.task, cancel, ended.task.id});
  }
}

}  // namespace flotilla::actors
