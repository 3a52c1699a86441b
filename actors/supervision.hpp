// How agents' actors are supervised: when one that crashed is restarted, and when it is given up. The fleet does it
// for the agents without a manager, each agent for its reports (docs/architecture.md, "Supervision").
//
// Functions run in the supervisor's own thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "actors/agent.hpp"
#include "actors/environment.hpp"
#include "actors/interfaces.hpp"
#include "storage/store.hpp"

namespace flotilla::actors {

inline constexpr std::size_t max_restarts = 5;  ///< of one agent within `restart_window`; after one more it is failed
inline constexpr std::chrono::seconds restart_window{60};
inline constexpr std::chrono::milliseconds first_restart_delay{200};  ///< doubled with each crash of the window
inline constexpr std::chrono::milliseconds longest_restart_delay{10'000};

/// The crashes of one agent.
class restart_history {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  /// Notes a crash. Gives the time after which to restart; nothing: it has crashed too often.
  std::optional<std::chrono::milliseconds> crashed(time_point now);

 private:
  std::vector<time_point> recent_;  ///< within the window, oldest first
};

/// Those whom an actor supervises.
struct supervisor {
  struct child {
    agent_actor actor;  ///< null: it has crashed, and is to be restarted
    restart_history history;
    std::uint64_t generation = 0;  ///< grows with each actor and each crash
  };
  std::unordered_map<agent_key, child, agent_key_hash> children;
  std::unordered_map<caf::actor_addr, agent_key> by_address;
};

/// Was the end of an actor a crash? An agent that is let go, and one that ends with the server, ends otherwise.
[[nodiscard]] bool is_crash(const caf::error& reason);

/// Whose actor is to supervise an agent, as the store has it: the nearest above it that is neither archived nor in
/// `failed`; nothing: the fleet's. `active`: the agent itself is neither paused nor archived.
struct supervision_place {
  std::optional<agent_id> supervisor;
  bool active = false;
};
/// May block on the disk. An agent that is not there is the fleet's.
[[nodiscard]] result<supervision_place> read_place(const storage::snapshot& from, const agent_key& who,
                                                   const std::vector<agent_key>& failed);

/// Begins to supervise an agent: the actor that it has, or where that is null a new one. Gives its actor.
template <class Self>
agent_actor take_in(Self* self, supervisor& in, const environment_ptr& env, const fleet_actor& fleet,
                    const agent_key& key, agent_actor alive) {
  auto& child = in.children[key];
  if (child.actor && child.actor != alive) {
    // Nobody knows of it any more.
    in.by_address.erase(child.actor.address());
    self->send_exit(child.actor, caf::exit_reason::user_shutdown);
  }
  if (alive) {
    self->monitor(alive);
  } else {
    alive = self->template spawn<caf::monitored>(agent_behavior, env, fleet, key);
  }
  in.by_address.emplace(alive.address(), key);
  child.actor = alive;
  ++child.generation;
  return alive;
}

/// Ends to supervise it, and gives up a restart that was to come.
inline void let_out(supervisor& of, const agent_key& key) {
  const auto found = of.children.find(key);
  if (found == of.children.end()) return;
  if (found->second.actor) of.by_address.erase(found->second.actor.address());
  of.children.erase(found);
}

/// Handles the end of an actor. False: it was nobody whom `in` holds. `in` must live as long as the actor.
/// `ends`: the server ends, and nobody is restarted.
template <class Self>
bool child_down(Self* self, supervisor& in, const environment_ptr& env, const fleet_actor& fleet,
                const caf::down_msg& down, bool ends) {
  const auto found = in.by_address.find(down.source);
  if (found == in.by_address.end()) return false;
  const auto key = found->second;
  in.by_address.erase(found);
  auto& child = in.children[key];
  child.actor = nullptr;
  const auto delay = is_crash(down.reason) && !ends ? child.history.crashed(env->stopwatch()) : std::nullopt;
  if (!delay) {
    in.children.erase(key);
    if (is_crash(down.reason) && !ends) self->send(fleet, agent_given_up{key});
    return true;
  }
  self->send(fleet, agent_down{key, static_cast<std::uint64_t>(delay->count())});
  self->delayed_send(self, *delay, continuation{[self, at = &in, env, fleet, key, mine = ++child.generation] {
                       const auto still = at->children.find(key);
                       if (still == at->children.end() || still->second.generation != mine) return;
                       const auto actor = take_in(self, *at, env, fleet, key, {});
                       self->send(fleet, agent_restarted{key, caf::actor_cast<caf::strong_actor_ptr>(actor)});
                     }});
  return true;
}

}  // namespace flotilla::actors
