// The fleet actor: activates agents, each below the actor of its manager, and lets idle ones go.
#include <algorithm>
#include <utility>

#include "actors/fleet_parts.hpp"

namespace flotilla::actors::fleet_parts {
namespace {

fleet_member* find(fleet_state& state, const agent_key& key) {
  const auto found = state.members.find(key);
  return found == state.members.end() ? nullptr : &found->second;
}

agent_key manager_of(const agent_key& key, agent_id manager) {
  return {key.org, manager};
}

/// Takes a member off the list of whoever supervises it.
void leave(fleet_state& state, const agent_key& key) {
  const auto* member = find(state, key);
  if (member == nullptr || !member->supervisor) return;
  auto* above = find(state, manager_of(key, *member->supervisor));
  if (above != nullptr) std::erase(above->reports, key.agent);
}

void look_for_place(fleet_pointer self, const agent_key& key);

void end_placing(fleet_pointer self, const agent_key& key) {
  auto* member = find(self->state, key);
  if (member == nullptr) return;
  member->placing = false;
  if (std::exchange(member->place_again, false)) place(self, key);
}

void look_later(fleet_pointer self, const agent_key& key) {
  self->delayed_send(self, store_retry, continuation{[self, key] { look_for_place(self, key); }});
}

/// Somebody supervises it now.
void placed(fleet_pointer self, const agent_key& key, const agent_actor& actor) {
  auto* member = find(self->state, key);
  // It has been given up meanwhile, and nobody needs this actor any more.
  if (member == nullptr) return self->send_exit(actor, caf::exit_reason::user_shutdown);
  member->placed = true;
  member->orphaned = false;
  has_actor(self, key, actor);
  end_placing(self, key);
}

void ask_to_supervise(fleet_pointer self, const agent_actor& manager, const agent_key& key) {
  auto* member = find(self->state, key);
  if (member == nullptr) return;
  self->request(manager, request_timeout, supervise{key, caf::actor_cast<caf::strong_actor_ptr>(member->actor)})
      .then([self, key](supervised& done) { placed(self, key, caf::actor_cast<agent_actor>(done.actor)); },
            // It has crashed meanwhile, and has a successor soon.
            [self, key](caf::error&) { look_later(self, key); });
}

/// Has a member supervised by its manager, who is activated if need be, or by the fleet.
void put_under(fleet_pointer self, const agent_key& key, std::optional<agent_id> supervisor) {
  auto& state = self->state;
  leave(state, key);
  auto& member = state.members.at(key);
  member.supervisor = supervisor;
  if (!supervisor) {
    return placed(self, key, take_in(self, state.own, state.env, fleet_actor{self}, key, member.actor));
  }
  const auto above = manager_of(key, *supervisor);
  state.members[above].reports.push_back(key.agent);  // from now on it is not let go
  when_active(self, above, [self, key](const agent_actor* manager) {
    if (manager == nullptr) return look_later(self, key);
    ask_to_supervise(self, *manager, key);
  });
}

/// Has a member that is active supervised by somebody else. It is not interrupted.
void move(fleet_pointer self, const agent_key& key, std::optional<agent_id> to) {
  auto& state = self->state;
  const auto go_on = [self, key, to] {
    auto* member = find(self->state, key);
    if (member == nullptr) return;
    member->orphaned = true;
    put_under(self, key, to);
  };
  const auto from = state.members.at(key).supervisor;
  if (!from) {
    let_out(state.own, key);
    return go_on();
  }
  const auto* manager = reach_active(state, manager_of(key, *from));
  if (manager == nullptr) return go_on();  // it has crashed, and supervises nobody any more
  self->request(*manager, request_timeout, release{key})
      .then([go_on](released&) { go_on(); }, [go_on](caf::error&) { go_on(); });
}

void look_for_place(fleet_pointer self, const agent_key& key) {
  auto& state = self->state;
  if (state.closing) return;
  read_then(
      self, state.env,
      [key, failed = state.failed](const storage::snapshot& from) { return read_place(from, key, failed); },
      [self, key](const result<supervision_place>& found) {
        auto& st = self->state;
        const auto* member = find(st, key);
        if (st.closing || member == nullptr) return;
        if (!found) return look_later(self, key);
        if (found->active) clear_failed(self, key);
        if (!member->placed || member->orphaned) return put_under(self, key, found->supervisor);
        if (member->supervisor != found->supervisor) return move(self, key, found->supervisor);
        end_placing(self, key);
      });
}

}  // namespace

const agent_actor* reach_active(fleet_state& state, const agent_key& key) {
  auto* member = find(state, key);
  if (member == nullptr || !member->actor) return nullptr;
  ++member->sent;
  return &member->actor;
}

void when_active(fleet_pointer self, const agent_key& key, agent_use use) {
  if (const auto* actor = reach_active(self->state, key)) return use(actor);
  if (self->state.closing) return use(nullptr);
  auto& member = self->state.members[key];
  member.waiting.push_back(std::move(use));
  if (!member.placed && !member.placing) place(self, key);
}

void place(fleet_pointer self, const agent_key& key) {
  auto& member = self->state.members[key];
  if (std::exchange(member.placing, true)) {
    member.place_again = true;
  } else {
    look_for_place(self, key);
  }
}

void has_actor(fleet_pointer self, const agent_key& key, const agent_actor& actor) {
  auto* member = find(self->state, key);
  if (member == nullptr) return;
  if (!member->actor) self->state.env->telemetry->agent_activated();
  if (member->actor != actor) member->sent = 0;
  member->actor = actor;
  // What is done with it may bring others into the table, but not this one out of it.
  for (auto& use : std::exchange(member->waiting, {})) {
    ++member->sent;
    use(&actor);
  }
}

void let_go(fleet_pointer self, const passivate& asked) {
  auto& state = self->state;
  const auto* member = find(state, asked.who);
  if (member == nullptr || !member->actor || member->sent != asked.seen) return;
  if (!member->reports.empty() || member->placing || member->orphaned) return;
  self->send_exit(member->actor, caf::exit_reason::user_shutdown);
  leave(state, asked.who);
  state.members.erase(asked.who);
  state.env->telemetry->agent_passivated();
}

void drop_member(fleet_pointer self, const agent_key& key) {
  auto* member = find(self->state, key);
  if (member == nullptr) return;
  const auto waiting = std::exchange(member->waiting, {});
  leave(self->state, key);
  self->state.members.erase(key);
  for (const auto& use : waiting) use(nullptr);
}

}  // namespace flotilla::actors::fleet_parts
