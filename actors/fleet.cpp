// The fleet actor.
#include "actors/fleet.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <unordered_set>
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

// --- bringing back ----------------------------------------------------------------------------------------------

/// The agents with work or signals, each once. May block on the disk.
result<std::vector<agent_key>> read_agents_with_work(const storage::snapshot& from) {
  std::vector<agent_key> found;
  std::unordered_set<agent_key, agent_key_hash> seen;
  auto visited = storage::visit_agents_with_work(from, [&](org_id org, agent_id agent) {
    const agent_key key{org, agent};
    if (seen.insert(key).second) found.push_back(key);
    return true;
  });
  if (!visited) return fail(std::move(visited.error()));
  return found;
}

/// Says on an org's bus how far its recovery is.
void tell_recovery(const fleet_state& state, org_id org, const recovering_org& how, std::string_view type) {
  auto text = std::string(type == bus::recovery_done ? "All" : std::to_string(how.done) + " of") + " " +
              std::to_string(how.agents) + " agents have taken up what was running or queued.";
  state.env->journal->commit(org, {}, {recovery_message(type, std::move(text), how.agents, how.done)},
                             [](const auto&) {});
}

/// Activates agents whose turn it is, so many at once.
void bring_more_back(pointer self) {
  auto& state = self->state;
  while (!state.closing && !state.to_bring_back.empty() && state.coming_back.size() < max_recovering_agents) {
    const auto key = state.to_bring_back.front();
    state.to_bring_back.pop_front();
    state.coming_back.insert(key);
    self->send(reach(self, key), agent_changed{key});
  }
}

void begin_recovery(pointer self, const std::vector<agent_key>& found) {
  auto& state = self->state;
  state.env->recovery->agents = found.size();
  state.to_bring_back.assign(found.begin(), found.end());
  for (const auto& key : found) ++state.recovering[key.org].agents;
  for (const auto& [org, how] : state.recovering) tell_recovery(state, org, how, bus::recovery_started);
  state.env->recovery->over = found.empty();
  bring_more_back(self);
}

void note_recovered(pointer self, const agent_key& key) {
  auto& state = self->state;
  if (state.coming_back.erase(key) == 0) return;
  auto& how = state.recovering[key.org];
  ++how.done;
  const auto step = std::max<std::uint64_t>(how.agents / recovery_notices, min_recovery_step);
  if (how.done == how.agents) {
    tell_recovery(state, key.org, how, bus::recovery_done);
  } else if (how.done % step == 0) {
    tell_recovery(state, key.org, how, bus::recovery_progress);
  }
  if (++state.env->recovery->done == state.env->recovery->agents) {
    state.env->recovery->over = true;
    state.recovering.clear();
  }
  bring_more_back(self);
}

/// Activates every agent that has work: what a crash cut goes on.
void bring_back(pointer self) {
  read_then(self, self->state.env, read_agents_with_work, [self](result<std::vector<agent_key>> found) {
    if (self->state.closing) return;
    if (found) return begin_recovery(self, *found);
    self->delayed_send(self, store_retry, continuation{[self] { bring_back(self); }});
  });
}

// --- approvals that nobody decides ---------------------------------------------------------------------------------

/// Those that have expired, and the time at which the next one does.
struct expired_approvals {
  std::vector<std::pair<agent_key, task_id>> tasks;
  std::optional<timestamp> oldest;  ///< of all that wait
};

/// May block on the disk.
result<expired_approvals> read_expired(const storage::snapshot& from, timestamp since) {
  expired_approvals found;
  auto oldest = storage::oldest_parked(from);
  if (!oldest) return fail(std::move(oldest.error()));
  found.oldest = *oldest;
  auto parked = storage::read_parked(from, since + std::chrono::milliseconds(1), max_expired_at_once);
  if (!parked) return fail(std::move(parked.error()));
  for (const auto& each : *parked) {
    auto record = storage::read_task(from, each.org, each.task);
    if (!record) return fail(std::move(record.error()));
    if (*record) found.tasks.push_back({{each.org, (*record)->value.task.assignee}, each.task});
  }
  return found;
}

void expire_approvals(pointer self);

void look_at_approvals_in(pointer self, std::chrono::milliseconds delay) {
  self->delayed_send(self, delay, continuation{[self] { expire_approvals(self); }});
}

/// Has agents refuse what nobody decided in time, and looks again when the next may have expired.
void expire_approvals(pointer self) {
  auto& state = self->state;
  if (state.closing) return;
  const auto ttl = state.env->approval_ttl;
  const auto now = state.env->clock->now();
  read_then(
      self, state.env, [since = now - ttl](const storage::snapshot& from) { return read_expired(from, since); },
      [self, ttl, now](const result<expired_approvals>& found) {
        auto& st = self->state;
        if (st.closing) return;
        if (!found) return look_at_approvals_in(self, store_retry);
        for (const auto& [key, task] : found->tasks) {
          decide_request word{key, task, false, {}, {}, 0, (now - ttl).time_since_epoch().count()};
          // Where it is refused, a human has decided meanwhile, or it is found again.
          self->request(reach(self, key), request_timeout, std::move(word))
              .then([](run_accepted&) {}, [](caf::error&) {});
        }
        auto next = ttl;
        if (found->oldest) next = std::min(ttl, *found->oldest + ttl - now);
        look_at_approvals_in(self, std::max(next, min_expiry_interval));
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
  if (self->state.env->approval_ttl.count() > 0) expire_approvals(self);
  return {
      [=](run_request& asked) -> caf::result<run_accepted> { return pass_on(self, asked); },
      [=](decide_request& asked) -> caf::result<run_accepted> { return pass_on(self, asked); },
      [=](cancel_request& asked) -> caf::result<run_accepted> { return pass_on(self, asked); },
      [=](agent_changed& changed) {
        if (!self->state.closing) self->send(reach(self, changed.who), changed);
      },
      [=](signalled& what) {
        if (!self->state.closing) self->send(reach(self, what.who), what);
      },
      [=](recovered& what) { note_recovered(self, what.who); },
      [=](live_agents& asked) { return report(self->state, asked.org); },
      [=](passivate& asked) { let_go(self, asked); },
      [=](settle& order) -> caf::result<suspended> { return close(self, order, settle_timeout); },
      [=](suspend& order) -> caf::result<suspended> { return close(self, order, request_timeout); },
      [=](continuation& next) { next.go_on(); },
  };
}

}  // namespace flotilla::actors
