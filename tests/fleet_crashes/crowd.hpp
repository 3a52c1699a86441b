// A store with a large fleet: agents in a chain of command of five levels, each with a task for the offline provider.
#pragma once

#include <cstddef>
#include <vector>

#include "actors/messages.hpp"
#include "flotilla/id.hpp"
#include "storage/store.hpp"

namespace flotilla::fleet_crashes {

inline constexpr std::size_t levels = 5;

/// One agent of the crowd, and its task.
struct member {
  actors::agent_key who;
  task_id work;
  bool manages = false;
};

/// Writes so many agents, and their tasks, to an empty store. Every level but the last manages the next, as evenly as
/// it goes. Exits the process where the store cannot be written.
[[nodiscard]] std::vector<member> write_crowd(storage::store& to, org_id org, std::size_t agents);

/// What a task of the crowd must have said at its end.
[[nodiscard]] const char* expected_output() noexcept;

}  // namespace flotilla::fleet_crashes
