// What changes agents, as decisions over a snapshot (transactions.hpp). No shared state; may block on the disk.
#pragma once

#include "flotilla/agent.hpp"
#include "flotilla/plan.hpp"
#include "flotilla/result.hpp"
#include "runtime/transactions.hpp"
#include "storage/records.hpp"

namespace flotilla::runtime {

/// Errors: invalid (a value; an unknown or archived manager, an unknown MCP server). The batch is refused over the
/// plan's limit.
[[nodiscard]] result<decision<agent>> decide_create(const storage::snapshot& from, org_id org,
                                                    const agent_draft& draft, const plan_limits& limits,
                                                    timestamp now);

/// Errors: not_found, invalid (a value, a cycle of managers, an unknown MCP server, an illegal transition).
[[nodiscard]] result<decision<agent>> decide_update(const storage::snapshot& from, org_id org, agent_id which,
                                                    const agent_patch& patch, timestamp now);

/// The agent as the API shows it: `running` where it is active and has a running task.
[[nodiscard]] result<agent> shown(const storage::snapshot& from, org_id org, agent stored);

/// A page of agents as the API shows them. With a filter on `active` or `running`, which one index of the store
/// cannot tell apart, pages are filled from as many of the store's as it takes.
[[nodiscard]] result<page<agent>> list_shown(const storage::snapshot& from, org_id org, const agent_query& query);

}  // namespace flotilla::runtime
