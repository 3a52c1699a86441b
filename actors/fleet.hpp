// The fleet actor: knows which actor each active agent has, passes requests on to them, and is the root of the
// supervision tree.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "actors/environment.hpp"
#include "actors/interfaces.hpp"
#include "actors/supervision.hpp"

namespace flotilla::actors {

/// How far the agents of one org that had work when the fleet began have taken it up.
struct recovering_org {
  std::uint64_t agents = 0;
  std::uint64_t done = 0;
};

/// What is to be done with an agent's actor once there is one; null: there will be none.
using agent_use = std::function<void(const agent_actor*)>;

/// An agent that is active, or is about to be.
struct fleet_member {
  agent_actor actor;                   ///< null: it is being activated, or has crashed
  bool placed = false;                 ///< somebody supervises it
  std::optional<agent_id> supervisor;  ///< its manager; nothing: the fleet
  bool orphaned = false;               ///< whoever supervised it is gone
  bool placing = false;                ///< its supervisor is being looked for, or told
  bool place_again = false;            ///< … and is then to be looked for once more
  std::uint64_t sent = 0;              ///< messages passed on to its actor
  std::vector<agent_use> waiting;      ///< for it to have an actor
  std::vector<agent_id> reports;       ///< whom its actor supervises
};

/// What the fleet actor keeps: only the agents that are active, and those that have crashed since the server started.
struct fleet_state {
  static inline const char* name = "fleet";

  environment_ptr env;
  std::unordered_map<agent_key, fleet_member, agent_key_hash> members;
  supervisor own;  ///< the members that have no manager
  std::unordered_map<agent_key, restarted_agent, agent_key_hash> crashed;
  std::vector<agent_key> failed;                              ///< given up, and not active again
  std::deque<agent_key> to_bring_back;                        ///< those with work at the beginning, not yet activated
  std::unordered_set<agent_key, agent_key_hash> coming_back;  ///< activated, and not yet `recovered`
  std::map<org_id, recovering_org> recovering;                ///< until all are back
  bool closing = false;
};

/// The behavior. It first brings back the agents that have work in the store.
fleet_actor::behavior_type fleet_behavior(fleet_actor::stateful_pointer<fleet_state> self, environment_ptr env);

}  // namespace flotilla::actors
