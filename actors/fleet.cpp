// The fleet actor: what it is told.
#include "actors/fleet.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "actors/caf_errors.hpp"
#include "actors/fleet_parts.hpp"

namespace flotilla::actors {
namespace {

using namespace fleet_parts;
using pointer = fleet_pointer;

error unreachable(const fleet_state& state) {
  if (state.closing) return {errc::unavailable, "The server is shutting down.", std::nullopt};
  return {errc::unavailable, "The agent cannot be reached now.", std::nullopt};
}

template <class Request>
caf::result<run_accepted> pass_on(pointer self, Request& asked) {
  auto& state = self->state;
  if (state.closing) return to_caf(unreachable(state));
  if (const auto* actor = reach_active(state, asked.who)) return self->delegate(*actor, asked);
  if (state.members[asked.who].waiting.size() >= max_waiting_requests) return to_caf(unreachable(state));
  auto promise = self->make_response_promise<run_accepted>();
  when_active(self, asked.who, [self, asked, promise](const agent_actor* actor) mutable {
    if (actor != nullptr) {
      promise.delegate(*actor, asked);
    } else {
      promise.deliver(to_caf(unreachable(self->state)));
    }
  });
  return promise;
}

/// The record of an agent, or its queue, has changed.
void pass_on_change(pointer self, const agent_changed& changed) {
  auto& state = self->state;
  if (state.closing) return;
  const bool has_failed = std::find(state.failed.begin(), state.failed.end(), changed.who) != state.failed.end();
  // It may have been resumed. One that has no actor is looked at when it gets one.
  if (has_failed && state.members.contains(changed.who)) place(self, changed.who);
  send_to(self, changed.who, changed);
}

located find_actor(const fleet_state& state, const agent_key& key) {
  located found;
  const auto member = state.members.find(key);
  if (member == state.members.end() || !member->second.actor) return found;
  found.actor = caf::actor_cast<caf::strong_actor_ptr>(member->second.actor);
  if (member->second.supervisor) found.supervisor.push_back(*member->second.supervisor);
  return found;
}

/// Nobody is activated any more.
void disappoint_waiting(fleet_state& state) {
  for (auto& [key, member] : state.members) {
    for (const auto& use : std::exchange(member.waiting, {})) use(nullptr);
  }
}

/// Asks every active agent, and answers when all have.
template <class Order>
caf::result<suspended> close(pointer self, const Order& order, std::chrono::seconds patience) {
  auto& state = self->state;
  state.closing = true;
  auto promise = self->make_response_promise<suspended>();
  auto open = std::make_shared<std::size_t>(0);
  disappoint_waiting(state);
  auto one_less = [promise, open]() mutable {
    if (--*open == 0 && promise.pending()) promise.deliver(suspended{});
  };
  for (auto& [key, member] : state.members) {
    if (!member.actor) continue;
    ++*open;
    self->request(member.actor, patience, order)
        .then([one_less](suspended&) mutable { one_less(); }, [one_less](caf::error&) mutable { one_less(); });
  }
  if (*open == 0) promise.deliver(suspended{});
  return promise;
}

}  // namespace

fleet_actor::behavior_type fleet_behavior(fleet_actor::stateful_pointer<fleet_state> self, environment_ptr env) {
  self->state.env = std::move(env);
  self->set_exception_handler(
      [](std::exception_ptr&) -> caf::error { return caf::exit_reason::unhandled_exception; });
  self->set_down_handler([self](caf::down_msg& down) {
    auto& state = self->state;
    (void)child_down(self, state.own, state.env, fleet_actor{self}, down, state.closing);
  });
  self->set_exit_handler([self](caf::exit_msg& bye) {
    self->state.closing = true;
    disappoint_waiting(self->state);
    for (auto& [key, member] : self->state.members) {
      if (member.actor) self->send_exit(member.actor, caf::exit_reason::user_shutdown);
    }
    self->quit(bye.reason);
  });
  bring_back(self);
  if (self->state.env->approval_ttl.count() > 0) expire_approvals(self);
  return {
      [=](run_request& asked) -> caf::result<run_accepted> { return pass_on(self, asked); },
      [=](decide_request& asked) -> caf::result<run_accepted> { return pass_on(self, asked); },
      [=](cancel_request& asked) -> caf::result<run_accepted> { return pass_on(self, asked); },
      [=](agent_changed& changed) { pass_on_change(self, changed); },
      [=](signalled& what) {
        if (!self->state.closing) send_to(self, what.who, what);
      },
      [=](agent_moved& moved) {
        if (!self->state.closing && self->state.members.contains(moved.who)) place(self, moved.who);
      },
      [=](agent_down& told) { note_down(self, told); },
      [=](agent_restarted& told) { note_restarted(self, told); },
      [=](agent_given_up& told) { note_given_up(self, told.who); },
      [=](recovered& what) { note_recovered(self, what.who); },
      [=](live_agents& asked) { return report(self->state, asked.org); },
      [=](locate& asked) { return find_actor(self->state, asked.who); },
      [=](passivate& asked) { let_go(self, asked); },
      [=](settle& order) -> caf::result<suspended> { return close(self, order, settle_timeout); },
      [=](suspend& order) -> caf::result<suspended> { return close(self, order, request_timeout); },
      [=](continuation& next) { next.go_on(); },
  };
}

}  // namespace flotilla::actors
