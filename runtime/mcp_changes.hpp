// What changes the configuration of MCP servers, as decisions over a snapshot (transactions.hpp). No shared state;
// may block on the disk.
//
// Agents name servers. One that is deleted or renamed is lost to the agents that name it until they are given the new
// name, or until there is a server of the old one again.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "flotilla/mcp_server.hpp"
#include "flotilla/result.hpp"
#include "runtime/transactions.hpp"
#include "storage/catalog_records.hpp"

namespace flotilla::runtime {

/// Errors: invalid (a value, a name that is taken, a reference to no secret, a host that is not allowed, no such
/// executable), forbidden (the policy's commands; `max_mcp_servers_per_org`, which those that are made in the same
/// moment can overshoot).
[[nodiscard]] result<decision<mcp_server>> decide_create(const storage::snapshot& from, org_id org,
                                                         const mcp_draft& draft, const mcp_policy& policy,
                                                         timestamp now);

/// The server as it will be is checked as a whole. Errors: not_found, and as above.
[[nodiscard]] result<decision<mcp_server>> decide_update(const storage::snapshot& from, org_id org, mcp_id which,
                                                         const mcp_patch& patch, const mcp_policy& policy);

/// Errors: not_found.
[[nodiscard]] result<decision<std::monostate>> decide_delete(const storage::snapshot& from, org_id org, mcp_id which);

/// Errors: not_found.
[[nodiscard]] result<storage::stored<mcp_server>> existing_mcp(const storage::snapshot& from, org_id org,
                                                               mcp_id which);

/// Is each of these names, which an agent is to have, that of a server? Errors: invalid ("mcps: …").
[[nodiscard]] result<void> check_mcps_exist(const storage::snapshot& from, org_id org,
                                            const std::vector<std::string>& names);

}  // namespace flotilla::runtime
