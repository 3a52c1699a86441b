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

/// The status that is sifted here; `running` is derived: whoever asks for it wants to sift the active ones.
std::optional<agent_status> stored_status(const agent_query& query) {
  return query.status == agent_status::running ? std::nullopt : query.status;
}

/// The narrowest index for the filters that are set; nothing: all agents.
std::optional<std::string> index_for(org_id org, const agent_query& query) {
  if (query.team) return keys::agents_by_team(org, *query.team);
  if (const auto status = stored_status(query)) return keys::agents_by_status(org, *status);
  return std::nullopt;
}

/// Does an agent pass the filters that its index may not have sifted?
bool passes(const agent_query& query, const agent& candidate) {
  const auto status = stored_status(query);
  return (!status || candidate.status == *status) && (!query.team || candidate.team == query.team);
}

}  // namespace

std::vector<std::string> index_keys(org_id org, const agent& of) {
  const auto position = keys::bytes_of(of.id.value);
  std::vector<std::string> found{keys::agents_by_status(org, of.status).append(position)};
  if (of.manager) found.push_back(keys::agents_by_manager(org, *of.manager).append(position));
  found.push_back(keys::agents_by_name(org, of.name).append(position));
  if (of.team) found.push_back(keys::agents_by_team(org, *of.team).append(position));
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
  const auto index = index_for(org, query);
  const row_range rows{index.value_or(keys::all(keys::table::agents, org)), {}, *before};
  return list_rows<agent>(from, rows, keys::table::agents, query.page.limit,
                          [&](std::string_view position, std::string_view value) -> result<std::optional<agent>> {
                            const agent_id which{keys::ulid_from(position)};
                            auto found = index ? from.get(keys::agent(org, which))
                                               : result<std::optional<std::string>>(std::string(value));
                            if (!found) return fail(std::move(found.error()));
                            auto decoded = *found ? agent_from_json(**found) : fail(errc::internal, {});
                            if (!decoded) return fail(damaged("agent", which.to_string()));
                            if (!passes(query, *decoded)) return std::nullopt;
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
  return read_ids<agent_id>(from, keys::agents_by_manager(org, manager), most, "the reports of an agent");
}

result<std::vector<agent_id>> read_agents_named(const snapshot& from, org_id org, std::string_view name,
                                                std::size_t most) {
  return read_ids<agent_id>(from, keys::agents_by_name(org, name), most, "the agents of a name");
}

result<std::vector<agent_id>> read_team(const snapshot& from, org_id org, std::string_view team, std::size_t most) {
  return read_ids<agent_id>(from, keys::agents_by_team(org, team), most, "the members of a team");
}

result<bool> has_running_task(const snapshot& from, org_id org, agent_id which) {
  const auto running = keys::tasks_by_assignee_and_status(org, which, task_status::running);
  auto found = first_of(from, keys_with_prefix(running), direction::forward);
  if (!found) return fail(std::move(found.error()));
  return found->has_value();
}

}  // namespace flotilla::storage
