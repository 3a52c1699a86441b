// Tasks as records, and the work queues that they lie in.
#include "core/validation.hpp"
#include "storage/codec.hpp"
#include "storage/counting.hpp"
#include "storage/index_keys.hpp"
#include "storage/paging.hpp"
#include "storage/records.hpp"

namespace flotilla::storage {
namespace {

std::uint64_t ms_of(timestamp when) {
  return static_cast<std::uint64_t>(when.time_since_epoch().count());
}

/// Does a task pass the filters that its index may not have sifted?
bool passes(const task_query& query, const task& candidate) {
  return (!query.priority || candidate.priority == *query.priority) &&
         (!query.assignee || candidate.assignee == *query.assignee) &&
         (!query.status || candidate.status == *query.status) &&
         (!query.epic_id || candidate.epic_id == query.epic_id);
}

/// Keeps a long input aside, and writes it only where it changes. Its mark; nothing for one that stays in the record.
std::optional<std::uint64_t> put_input(batch& into, org_id org, const stored<task_record>* before,
                                       const task& after) {
  const auto old_mark = before != nullptr ? input_mark_of(before->bytes) : std::nullopt;
  if (after.input.size() <= max_inline_input_bytes) {
    if (old_mark) into.erase(keys::input(org, after.id));
    return std::nullopt;
  }
  if (old_mark && before->value.task.input == after.input) return old_mark;
  into.put(keys::input(org, after.id), after.input);
  return input_mark_for(after.input);
}

/// The narrowest index for the filters that are set.
std::string index_for(org_id org, const task_query& query) {
  if (query.assignee && query.status) return keys::tasks_by_assignee_and_status(org, *query.assignee, *query.status);
  if (query.epic_id) return keys::tasks_by_epic(org, *query.epic_id);
  if (query.assignee) return keys::tasks_by_assignee(org, *query.assignee);
  if (query.status) return keys::tasks_by_status(org, *query.status);
  return keys::all(keys::table::tasks, org);
}

}  // namespace

std::vector<std::string> index_keys(org_id org, const task_record& of) {
  const auto& task = of.task;
  const auto position = keys::bytes_of(task.id.value);
  std::vector<std::string> found{
      keys::tasks_by_status(org, task.status).append(position),
      keys::tasks_by_assignee(org, task.assignee).append(position),
      keys::tasks_by_assignee_and_status(org, task.assignee, task.status).append(position),
  };
  if (task.epic_id) found.push_back(keys::tasks_by_epic(org, *task.epic_id).append(position));
  const bool to_be_run = task.status == task_status::running || is_queued(of);
  if (to_be_run) found.push_back(keys::work(org, task.assignee, task.priority, task.id));
  if (task.parent) found.push_back(keys::child(org, *task.parent, task.id));
  if (of.parked_at) found.push_back(keys::parked(org, ms_of(*of.parked_at), task.id));
  return found;
}

result<std::optional<stored<task_record>>> read_task(const snapshot& from, org_id org, task_id which) {
  auto bytes = from.get(keys::task(org, which));
  if (!bytes) return fail(std::move(bytes.error()));
  if (!*bytes) return std::nullopt;
  auto value = decode_task(**bytes);
  if (!value) return fail(damaged("task", which.to_string()));
  if (value->input_mark) {
    auto input = from.get(keys::input(org, which));
    if (!input) return fail(std::move(input.error()));
    if (!*input) return fail(damaged("the input of task", which.to_string()));
    value->record.task.input = std::move(**input);
  }
  return stored<task_record>{std::move(value->record), std::move(**bytes)};
}

result<page<task>> list_tasks(const snapshot& from, org_id org, const task_query& query) {
  if (auto good = validate(query.page); !good) return fail(std::move(good.error()));
  auto before = read_cursor(query.page.cursor, keys::table::tasks, ulid::size);
  if (!before) return fail(std::move(before.error()));
  return list_rows<task>(from, {index_for(org, query), {}, *before}, keys::table::tasks, query.page.limit,
                         [&](std::string_view position, std::string_view) -> result<std::optional<task>> {
                           const task_id which{keys::ulid_from(position)};
                           auto found = read_task(from, org, which);
                           if (!found) return fail(std::move(found.error()));
                           if (!*found) return fail(damaged("task", which.to_string()));
                           auto& task = (*found)->value.task;
                           if (!passes(query, task)) return std::nullopt;
                           return std::move(task);
                         });
}

stored<task_record> write_task(batch& into, org_id org, const stored<task_record>* before, const task_record& after,
                               const task_effects& effects) {
  auto key = keys::task(org, after.task.id);
  into.require(key, before != nullptr ? std::optional(before->bytes) : std::nullopt);
  stored<task_record> written{after, {}};
  written.value.counted = (before != nullptr && before->value.counted) || after.task.started_at.has_value();
  written.bytes = encode(written.value, put_input(into, org, before, after.task));
  into.put(std::move(key), written.bytes);
  replace_index_rows(into, before != nullptr ? index_keys(org, before->value) : std::vector<std::string>(),
                     index_keys(org, after));
  count_task(into, org, before != nullptr ? &before->value : nullptr, written.value, effects);
  return written;
}

result<std::vector<work_item>> read_work(const snapshot& from, org_id org, agent_id which) {
  std::vector<work_item> found;
  bool good = true;
  const auto scanned = from.scan(keys_with_prefix(keys::work_of(org, which)), direction::forward,
                                 [&](std::string_view key, std::string_view) {
                                   const auto parts = keys::parse_work(key);
                                   good = parts.has_value();
                                   if (good)
                                     found.push_back({parts->org, parts->agent, parts->priority, parts->task});
                                   return good;
                                 });
  if (!scanned) return fail(scanned.error());
  if (!good) return fail(damaged("the work of agent", which.to_string()));
  return found;
}

result<void> visit_agents_with_work(const snapshot& from, const std::function<bool(org_id, agent_id)>& visit) {
  for (const auto table : {keys::table::work, keys::table::signals}) {
    // Both tables' keys begin with org and agent, which is all that is looked at.
    auto rest = keys_with_prefix(keys::all(table));
    for (;;) {
      const auto row = first_of(from, rest, direction::forward);
      if (!row) return fail(row.error());
      if (!*row) break;
      const auto prefix = (*row)->first.substr(0, 1 + 2 * ulid::size);
      if (prefix.size() != 1 + 2 * ulid::size) return fail(damaged("a work queue", {}));
      const org_id org{keys::ulid_from(std::string_view(prefix).substr(1))};
      const agent_id agent{keys::ulid_from(std::string_view(prefix).substr(1 + ulid::size))};
      if (!visit(org, agent)) return {};
      rest.from = keys_with_prefix(prefix).to;
      if (rest.from >= rest.to) break;
    }
  }
  return {};
}

}  // namespace flotilla::storage
