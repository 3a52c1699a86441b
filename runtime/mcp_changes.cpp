// Decisions that change MCP servers.
#include "runtime/mcp_changes.hpp"

#include <set>
#include <utility>

#include "core/mcp_rules.hpp"
#include "core/text_rules.hpp"
#include "runtime/mcp_places.hpp"
#include "runtime/patching.hpp"
#include "storage/secret_records.hpp"

namespace flotilla::runtime {
namespace {

result<void> check_secrets(const storage::snapshot& from, org_id org, const mcp_server& server) {
  const auto named = named_secrets(server);
  if (named.empty()) return {};
  const auto secrets = storage::read_secrets(from, org);
  if (!secrets) return fail(secrets.error());
  std::set<std::string_view> known;
  for (const auto& each : *secrets) known.insert(each.value.name.key);
  for (const auto& [field, key] : named) {
    if (!known.contains(key)) return wrong(field, "no such secret: " + key);
  }
  return {};
}

/// Everything that must hold of a server but that its name is free.
result<void> check_server(const storage::snapshot& from, org_id org, const mcp_server& server,
                          const mcp_policy& policy) {
  if (auto valid = validate(server); !valid) return valid;
  if (auto known = check_secrets(from, org, server); !known) return known;
  if (server.transport == mcp_transport::http) return check_url(*server.url, policy);
  return check_command(*server.command, policy);
}

result<void> check_name_free(const storage::snapshot& from, org_id org, const std::string& name) {
  const auto holder = storage::find_mcp(from, org, name);
  if (!holder) return fail(holder.error());
  if (*holder) return wrong("name", "is taken");
  return {};
}

result<void> check_room(const storage::snapshot& from, org_id org) {
  static_assert(max_mcp_servers_per_org <= max_page_limit);
  page_request all;
  all.limit = max_mcp_servers_per_org;
  const auto present = storage::list_mcps(from, org, all);
  if (!present) return fail(present.error());
  if (present->items.size() < max_mcp_servers_per_org) return {};
  return fail(errc::forbidden, "An org has at most " + std::to_string(max_mcp_servers_per_org) + " MCP servers.");
}

/// What belongs to one transport alone goes with it.
void drop_what_the_other_takes(mcp_server& of) {
  if (of.transport == mcp_transport::http) {
    of.command.reset();
    of.args.clear();
    of.env.clear();
  } else {
    of.url.reset();
    of.headers.clear();
  }
}

void apply(mcp_server& to, const mcp_patch& patch) {
  const auto transport_before = to.transport;
  take(to.transport, patch.transport);
  if (to.transport != transport_before) drop_what_the_other_takes(to);
  take(to.name, patch.name);
  take(to.command, patch.command);
  take(to.args, patch.args);
  take(to.url, patch.url);
  take(to.env, patch.env);
  take(to.headers, patch.headers);
}

}  // namespace

result<decision<mcp_server>> decide_create(const storage::snapshot& from, org_id org, const mcp_draft& draft,
                                           const mcp_policy& policy, timestamp now) {
  decision<mcp_server> made;
  auto& added = made.answer;
  added.name = draft.name;
  added.transport = draft.transport;
  added.command = draft.command;
  added.args = draft.args;
  added.url = draft.url;
  added.env = draft.env;
  added.headers = draft.headers;
  if (auto legal = check_server(from, org, added, policy); !legal) return fail(std::move(legal.error()));
  if (auto free = check_name_free(from, org, added.name); !free) return fail(std::move(free.error()));
  if (auto room = check_room(from, org); !room) return fail(std::move(room.error()));
  added.id = mcp_id::make(now);
  added.created_at = now;
  storage::write_mcp(made.changes, org, nullptr, added);
  return made;
}

result<decision<mcp_server>> decide_update(const storage::snapshot& from, org_id org, mcp_id which,
                                           const mcp_patch& patch, const mcp_policy& policy) {
  const auto before = existing_mcp(from, org, which);
  if (!before) return fail(before.error());
  decision<mcp_server> made;
  auto& after = made.answer;
  after = before->value;
  apply(after, patch);
  if (auto legal = check_server(from, org, after, policy); !legal) return fail(std::move(legal.error()));
  if (after == before->value) return made;
  if (after.name != before->value.name) {
    if (auto free = check_name_free(from, org, after.name); !free) return fail(std::move(free.error()));
  }
  storage::write_mcp(made.changes, org, &*before, after);
  return made;
}

result<decision<std::monostate>> decide_delete(const storage::snapshot& from, org_id org, mcp_id which) {
  const auto before = existing_mcp(from, org, which);
  if (!before) return fail(before.error());
  decision<std::monostate> made;
  storage::erase_mcp(made.changes, org, *before);
  return made;
}

result<storage::stored<mcp_server>> existing_mcp(const storage::snapshot& from, org_id org, mcp_id which) {
  auto found = storage::read_mcp(from, org, which);
  if (!found) return fail(std::move(found.error()));
  if (!*found) return fail(errc::not_found, "No such MCP server.");
  return std::move(**found);
}

result<void> check_mcps_exist(const storage::snapshot& from, org_id org, const std::vector<std::string>& names) {
  for (const auto& name : names) {
    const auto found = storage::find_mcp(from, org, name);
    if (!found) return fail(found.error());
    if (!*found) return wrong("mcps", "no such MCP server: " + name);
  }
  return {};
}

}  // namespace flotilla::runtime
