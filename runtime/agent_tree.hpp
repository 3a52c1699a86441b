// The org chart as a tree, read from the store. No shared state; may block on the disk.
#pragma once

#include <cstddef>
#include <optional>
#include <unordered_map>
#include <vector>

#include "flotilla/id.hpp"
#include "flotilla/result.hpp"
#include "flotilla/tree.hpp"
#include "storage/store.hpp"

namespace flotilla::runtime {

inline constexpr std::size_t max_tree_bytes = 32U << 20U;  ///< of the agents' texts in one answer
inline constexpr std::size_t max_tree_depth = 256;  ///< levels of one answer; it is built and written by recursion

/// What the store does not know of an agent.
struct agent_vitals {
  std::uint32_t restarts = 0;
  bool restarting = false;  ///< its actor is down at the moment
  bool failed = false;      ///< it has crashed so often that it is not restarted any more
};
using vitals_by_agent = std::unordered_map<agent_id, agent_vitals>;

/// The agents that are not archived as the tree of their managers, oldest first: all of an org, or one with what is
/// below it. Whose manager is archived stands at the top, and not below anybody.
/// Errors: not_found (the root, or it is archived), too_large (above `max_tree_agents`, `max_tree_bytes` or
/// `max_tree_depth`; the archived reports of an agent count too where a root is named).
[[nodiscard]] result<std::vector<agent_node>> read_tree(const storage::snapshot& from, org_id org,
                                                        std::optional<agent_id> root, const vitals_by_agent& vitals);

}  // namespace flotilla::runtime
