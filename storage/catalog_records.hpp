// Epics and MCP servers as records of the store. The conventions and the errors are those of records.hpp.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "flotilla/epic.hpp"
#include "flotilla/mcp_server.hpp"
#include "flotilla/page.hpp"
#include "flotilla/result.hpp"
#include "storage/records.hpp"
#include "storage/store.hpp"

namespace flotilla::storage {

// --- epics ------------------------------------------------------------------------------------------------

/// `progress` is computed from the counters that `write_task` keeps.
[[nodiscard]] result<std::optional<stored<epic>>> read_epic(const snapshot& from, org_id org, epic_id which);
/// Newest first.
[[nodiscard]] result<page<epic>> list_epics(const snapshot& from, org_id org, const epic_query& query);
/// Preconditions as for `write_agent`. `progress` is not written.
void write_epic(batch& into, org_id org, const stored<epic>* before, const epic& after);
/// Requires that the epic still stands as read.
void require_epic(batch& into, org_id org, const stored<epic>& seen);

// --- MCP servers --------------------------------------------------------------------------------------------

[[nodiscard]] result<std::optional<stored<mcp_server>>> read_mcp(const snapshot& from, org_id org, mcp_id which);
/// The server of a name.
[[nodiscard]] result<std::optional<mcp_id>> find_mcp(const snapshot& from, org_id org, std::string_view name);
/// Newest first.
[[nodiscard]] result<page<mcp_server>> list_mcps(const snapshot& from, org_id org, const page_request& wanted);
/// Preconditions as for `write_agent`; also that the name, where it is new, is free.
void write_mcp(batch& into, org_id org, const stored<mcp_server>* before, const mcp_server& after);
/// Requires that it still stands as read.
void erase_mcp(batch& into, org_id org, const stored<mcp_server>& before);

}  // namespace flotilla::storage
