// The fleet actor.
#include "actors/fleet.hpp"

#include <memory>
#include <utility>
#include <vector>

#include "actors/agent.hpp"
#include "actors/caf_errors.hpp"
#include "actors/run_messages.hpp"
#include "core/bus_types.hpp"

namespace flotilla::actors {
namespace {

using pointer = fleet_actor::stateful_pointer<fleet_state>;

/// The agent has an actor again: if it had lost its last one in a crash, that was a restart.
void note_restart(fleet_state& state, const agent_key& key) {
  const auto found = state.crashed.find(key);
  if (found == state.crashed.end() || !std::exchange(found->second.restarting, false)) return;
  ++found->second.restarts;
  state.env->telemetry->agent_restarted();
}

/// The agent's actor, activated if need be. Counts what is passed on: an idle agent is let go only if it has seen
/// everything.
agent_actor reach(pointer self, const agent_key& key) {
  auto& state = self->state;
  auto& active = state.agents[key];
  if (!active.actor) {
    active.actor = self->spawn<caf::monitored>(agent_behavior, state.env, fleet_actor{self}, key);
    state.by_address.emplace(active.actor.address(), key);
    state.env->telemetry->agent_activated();
    note_restart(state, key);
  }
  ++active.sent;
  return active.actor;
}

/// Tells the bus, where it can be told; what it tells of has happened in memory only.
void tell(const environment& env, const agent_key& key, std::string_view type, std::string text) {
  env.journal->commit(key.org, {}, {agent_message(type, key.agent, std::move(text))}, [](const auto&) {});
}

void agent_down(pointer self, const caf::down_msg& down) {
  auto& state = self->state;
  const auto found = state.by_address.find(down.source);
  if (found == state.by_address.end()) return;
  const auto key = found->second;
  state.by_address.erase(found);
  state.agents.erase(key);
  if (state.closing) return;
  state.env->telemetry->agent_crashed();
  auto& record = state.crashed[key];
  record.agent = key.agent;
  record.restarting = true;
  // Its work lies in the store: a new actor goes on with it.
  tell(*state.env, key, bus::agent_crashed, "The agent's actor has crashed; it is restarted.");
  self->delayed_send(self, restart_delay, continuation{[self, key] {
                       if (self->state.closing) return;
                       tell(*self->state.env, key, bus::agent_restarted, "The agent's actor was restarted.");
                       self->send(reach(self, key), agent_changed{key});
                     }});
}

void let_go(pointer self, const passivate& asked) {
  auto& state = self->state;
  const auto found = state.agents.find(asked.who);
  if (found == state.agents.end() || found->second.sent != asked.seen) return;
  auto actor = found->second.actor;
  state.by_address.erase(actor.address());
  state.agents.erase(found);
  self->send_exit(actor, caf::exit_reason::user_shutdown);
  state.env->telemetry->agent_passivated();
}

live_report report(const fleet_state& state, org_id org) {
  live_report made;
  for (const auto& [key, record] : state.crashed) {
    if (key.org == org) made.agents.push_back(record);
  }
  return made;
}

template <class Request>
caf::result<run_accepted> pass_on(pointer self, Request& asked) {
  if (self->state.closing) {
    return to_caf({errc::unavailable, "The server is shutting down.", std::nullopt});
  }
  return self->delegate(reach(self, asked.who), asked);
}

/// Asks every active agent, and answers when all have.
template <class Order>
caf::result<suspended> close(pointer self, const Order& order, std::chrono::seconds patience) {
  auto& state = self->state;
  state.closing = true;
  auto promise = self->make_response_promise<suspended>();
  auto open = std::make_shared<std::size_t>(state.agents.size());
  if (*open == 0) {
    promise.deliver(suspended{});
    return promise;
  }
  auto one_less = [promise, open]() mutable {
    if (--*open == 0 && promise.pending()) promise.deliver(suspended{});
  };
  for (auto& [key, active] : state.agents) {
    self->request(active.actor, patience, order)
        .then([one_less](suspended&) mutable { one_less(); }, [one_less](caf::error&) mutable { one_less(); });
  }
  return promise;
}

/// Activates every agent that has work: what a crash cut goes on.
void bring_back(pointer self) {
  read_then(
      self, self->state.env,
      [](const storage::snapshot& from) -> result<std::vector<agent_key>> {
        std::vector<agent_key> found;
        auto visited = storage::visit_agents_with_work(from, [&](org_id org, agent_id agent) {
          found.push_back({org, agent});
          return true;
        });
        if (!visited) return fail(std::move(visited.error()));
        return found;
      },
      [self](result<std::vector<agent_key>> found) {
        if (!found) {
          self->delayed_send(self, store_retry, continuation{[self] { bring_back(self); }});
          return;
        }
        if (self->state.closing) return;
        for (const auto& key : *found) self->send(reach(self, key), agent_changed{key});
      });
}

}  // namespace

fleet_actor::behavior_type fleet_behavior(fleet_actor::stateful_pointer<fleet_state> self, environment_ptr env) {
  self->state.env = std::move(env);
  self->set_exception_handler(
      [](std::exception_ptr&) -> caf::error { return caf::exit_reason::unhandled_exception; });
  self->set_down_handler([self](caf::down_msg& down) { agent_down(self, down); });
  self->set_exit_handler([self](caf::exit_msg& bye) {
    self->state.closing = true;
    for (auto& [key, active] : self->state.agents) self->send_exit(active.actor, caf::exit_reason::user_shutdown);
    self->quit(bye.reason);
  });
  bring_back(self);
  return {
      [=](run_request& asked) -> caf::result<run_accepted> { return pass_on(self, asked); },
      [=](decide_request& asked) -> caf::result<run_accepted> { return pass_on(self, asked); },
      [=](cancel_request& asked) -> caf::result<run_accepted> { return pass_on(self, asked); },
      [=](agent_changed& changed) {
        if (!self->state.closing) self->send(reach(self, changed.who), changed);
      },
      [=](live_agents& asked) { return report(self->state, asked.org); },
      [=](passivate& asked) { let_go(self, asked); },
      [=](settle& order) -> caf::result<suspended> { return close(self, order, settle_timeout); },
      [=](suspend& order) -> caf::result<suspended> { return close(self, order, request_timeout); },
      [=](continuation& next) { next.go_on(); },
  };
}

}  // namespace flotilla::actors
