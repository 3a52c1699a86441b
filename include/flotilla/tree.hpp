// The org chart as it is alive.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "flotilla/agent.hpp"
#include "flotilla/id.hpp"

namespace flotilla {

/// What an agent's actor is doing. `idle` includes agents that have no actor at the moment.
enum class live_state : std::uint8_t { idle, running, restarting, failed };
[[nodiscard]] std::string_view to_string(live_state state) noexcept;

/// An agent with its reports.
struct agent_node {
  flotilla::agent agent;
  live_state state = live_state::idle;
  std::uint64_t queue_length = 0;   ///< tasks in its work queue that are not running
  std::uint32_t restarts = 0;       ///< since the server started
  std::vector<agent_node> reports;  ///< oldest first
};

}  // namespace flotilla
