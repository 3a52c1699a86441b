// The check of epics and MCP servers.
#include <string>

#include "core/json_decode.hpp"
#include "storage/catalog_records.hpp"
#include "storage/check/org_audit.hpp"

namespace flotilla::storage {
namespace {

result<void> check_epics(org_audit& in) {
  return each_row(in, keys::table::epics, ulid::size, [&in](std::string_view rest, std::string_view bytes) {
    const epic_id which{keys::ulid_from(rest)};
    const auto value = epic_from_json(bytes);
    if (!value || value->id != which || value->progress != 0) {
      in.found.fault(rules::record, "The epic " + which.to_string() + " cannot be read, or is another one.");
    }
    return result<void>{};
  });
}

result<void> check_server(org_audit& in, mcp_id which, std::string_view bytes) {
  const auto name = "The MCP server " + which.to_string();
  const auto value = mcp_server_from_json(bytes);
  if (!value || value->id != which) {
    in.found.fault(rules::record, name + " cannot be read, or is another one.");
    return {};
  }
  const auto row = in.from.get(keys::mcp_name(in.org, value->name));
  if (!row) return fail(row.error());
  if (*row != std::string(keys::bytes_of(which.value))) {
    in.found.fault(rules::mcp_name, name + " has a name that does not lead to it.");
  }
  return {};
}

/// A name that leads to a server leads to one of that name.
result<void> check_name(org_audit& in, std::string_view name, std::string_view id) {
  if (id.size() == ulid::size) {
    const auto bytes = in.from.get(keys::mcp(in.org, {keys::ulid_from(id)}));
    if (!bytes) return fail(bytes.error());
    const auto value = *bytes ? mcp_server_from_json(**bytes) : fail(errc::internal, {});
    if (*bytes && (!value || value->name == name)) return {};
  }
  in.found.fault(rules::mcp_name, "A name leads to no MCP server that has it (" + hex(id) + ").");
  return {};
}

}  // namespace

result<void> check_catalog(org_audit& in) {
  if (auto done = check_epics(in); !done) return done;
  auto done = each_row(in, keys::table::mcps, ulid::size, [&in](std::string_view rest, std::string_view bytes) {
    return check_server(in, {keys::ulid_from(rest)}, bytes);
  });
  if (!done) return done;
  return each_row(in, keys::table::mcps_by_name, 0,
                  [&in](std::string_view name, std::string_view id) { return check_name(in, name, id); });
}

}  // namespace flotilla::storage
