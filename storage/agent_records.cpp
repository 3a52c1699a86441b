// Agents as records.
#include "core/json_decode.hpp"
#include "core/validation.hpp"
#include "flotilla/json.hpp"
#include "storage/codec.hpp"
#include "storage/counting.hpp"
#include "storage/index_keys.hpp"
#include "storage/paging.hpp"
#include "storage/records.hpp"

namespace flotilla::storage {
namespace {

void require_as_read(batch& into, std::string key, const stored<agent>* before) {
  into.require(std::move(key), before != nullptr ? std::optional(before->bytes) : std::nullopt);
}

}  // namespace

std::vector<std::string> index_keys(org_id org, const agent& of) {
  const auto position = keys::bytes_of(of.id.value);
  std::vector<std::string> found{keys::agents_by_status(org, of.status).append(position)};
  if (of.manager) found.push_back(keys::agents_by_manager(org, *of.manager).append(position));
  return found;
}

result<std::optional<stored<agent>>> read_agent(const snapshot& from, org_id org, agent_id which) {
  auto bytes = from.get(keys::agent(org, which));
  if (!bytes) return fail(std::move(bytes.error()));
  if (!*bytes) return std::nullopt;
  auto value = agent_from_json(**bytes);
  if (!value) return fail(damaged("agent", which.to_string()));
  return stored<agent>{std::move(*value), std::move(**bytes)};
}

result<page<agent>> list_agents(const snapshot& from, org_id org, const agent_query& query) {
  if (auto good = validate(query.page); !good) return fail(std::move(good.error()));
  auto before = read_cursor(query.page.cursor, keys::table::agents, ulid::size);
  if (!before) return fail(std::move(before.error()));
  // `running` is derived: whoever asks for it wants to sift the active ones.
  const bool by_status = query.status && *query.status != agent_status::running;
  const row_range rows{
      by_status ? keys::agents_by_status(org, *query.status) : keys::all(keys::table::agents, org), {}, *before};
  return list_rows<agent>(from, rows, keys::table::agents, query.page.limit,
                          [&](std::string_view position, std::string_view value) -> result<std::optional<agent>> {
                            const agent_id which{keys::ulid_from(position)};
                            auto found = by_status ? from.get(keys::agent(org, which))
                                                   : result<std::optional<std::string>>(std::string(value));
                            if (!found) return fail(std::move(found.error()));
                            auto decoded = *found ? agent_from_json(**found) : fail(errc::internal, {});
                            if (!decoded) return fail(damaged("agent", which.to_string()));
                            if (query.team && decoded->team != query.team) return std::nullopt;
                            return std::move(*decoded);
                          });
}

void write_agent(batch& into, org_id org, const stored<agent>* before, const agent& after,
                 std::optional<std::uint64_t> most) {
  require_as_read(into, keys::agent(org, after.id), before);
  into.put(keys::agent(org, after.id), to_json(after));
  replace_index_rows(into, before != nullptr ? index_keys(org, before->value) : std::vector<std::string>(),
                     index_keys(org, after));
  count_agent(into, org, before != nullptr ? std::optional(before->value.status) : std::nullopt, after.status, most);
}

void require_agent(batch& into, org_id org, const stored<agent>& seen) {
  require_as_read(into, keys::agent(org, seen.value.id), &seen);
}

result<std::vector<agent_id>> read_reports(const snapshot& from, org_id org, agent_id manager, std::size_t most) {
  std::vector<agent_id> found;
  if (most == 0) return found;
  const auto prefix = keys::agents_by_manager(org, manager);
  const auto scanned =
      from.scan(keys_with_prefix(prefix), direction::forward, [&](std::string_view key, std::string_view) {
        found.push_back({keys::ulid_from(key.substr(prefix.size()))});
        return found.size() < most;
      });
  if (!scanned) return fail(scanned.error());
  return found;
}

result<bool> has_running_task(const snapshot& from, org_id org, agent_id which) {
  const auto running = keys::tasks_by_assignee_and_status(org, which, task_status::running);
  auto found = first_of(from, keys_with_prefix(running), direction::forward);
  if (!found) return fail(std::move(found.error()));
  return found->has_value();
}

}  // namespace flotilla::storage
