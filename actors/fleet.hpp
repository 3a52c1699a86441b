// The fleet actor: activates agents, passes requests on to them, and supervises them.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "actors/environment.hpp"
#include "actors/interfaces.hpp"

namespace flotilla::actors {

struct agent_key_hash {
  std::size_t operator()(const agent_key& key) const noexcept { return std::hash<agent_id>{}(key.agent); }
};

/// How far the agents of one org that had work when the fleet began have taken it up.
struct recovering_org {
  std::uint64_t agents = 0;
  std::uint64_t done = 0;
};

/// What the fleet actor keeps: only the agents that are active, and those that have crashed since the server started.
struct fleet_state {
  static inline const char* name = "fleet";

  struct active_agent {
    agent_actor actor;
    std::uint64_t sent = 0;  ///< messages passed on to it
  };

  environment_ptr env;
  std::unordered_map<agent_key, active_agent, agent_key_hash> agents;
  std::unordered_map<caf::actor_addr, agent_key> by_address;
  std::unordered_map<agent_key, restarted_agent, agent_key_hash> crashed;
  std::deque<agent_key> to_bring_back;                        ///< those with work at the beginning, not yet activated
  std::unordered_set<agent_key, agent_key_hash> coming_back;  ///< activated, and not yet `recovered`
  std::map<org_id, recovering_org> recovering;                ///< until all are back
  bool closing = false;
};

/// The behavior. It first brings back the agents that have work in the store.
fleet_actor::behavior_type fleet_behavior(fleet_actor::stateful_pointer<fleet_state> self, environment_ptr env);

}  // namespace flotilla::actors
