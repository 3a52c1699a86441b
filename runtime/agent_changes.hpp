// What changes agents, as decisions over a snapshot (transactions.hpp). No shared state; may block on the disk.
#pragma once

#include <cstddef>
#include <vector>

#include "flotilla/agent.hpp"
#include "flotilla/plan.hpp"
#include "flotilla/result.hpp"
#include "runtime/transactions.hpp"
#include "storage/records.hpp"

namespace flotilla::runtime {

inline constexpr std::size_t max_reports_moved = 10'000;  ///< of a manager that is archived, in the one batch of it

/// Errors: invalid (a value; an unknown or archived manager, an unknown MCP server). The batch is refused over the
/// plan's limit.
[[nodiscard]] result<decision<agent>> decide_create(const storage::snapshot& from, org_id org,
                                                    const agent_draft& draft, const plan_limits& limits,
                                                    timestamp now);

/// An agent as it stands. Errors: not_found.
[[nodiscard]] result<storage::stored<agent>> read_existing(const storage::snapshot& from, org_id org, agent_id which);

/// What a change of an agent comes to.
struct agent_change {
  agent now;                    ///< as the API shows it
  std::vector<agent_id> moved;  ///< agents that have another manager, or none any more
};

/// Changes an agent. The reports of one that is archived get the next manager above it that is not archived.
/// Errors: not_found, invalid (a value, a cycle of managers, an unknown MCP server, an illegal transition, more than
/// `max_reports_moved` reports).
[[nodiscard]] result<decision<agent_change>> decide_update(const storage::snapshot& from, org_id org, agent_id which,
                                                           const agent_patch& patch, timestamp now);

/// Has the agent forget what was until now. Errors: not_found.
[[nodiscard]] result<decision<agent>> decide_forget(const storage::snapshot& from, org_id org, agent_id which,
                                                    timestamp now);

/// The agent as the API shows it: `running` where it is active and has a running task.
[[nodiscard]] result<agent> shown(const storage::snapshot& from, org_id org, agent stored);

/// A page of agents as the API shows them. With a filter on `active` or `running`, which one index of the store
/// cannot tell apart, pages are filled from as many of the store's as it takes.
[[nodiscard]] result<page<agent>> list_shown(const storage::snapshot& from, org_id org, const agent_query& query);

}  // namespace flotilla::runtime
