// The parts of the fleet actor that its files share (fleet.cpp is told things, fleet_members activates agents and
// finds them supervisors, fleet_crashes handles their crashes, fleet_recovery brings back what was running). For
// these files only.
//
// All functions run in the actor's own thread.
#pragma once

#include <string>
#include <string_view>

#include "actors/fleet.hpp"

namespace flotilla::actors::fleet_parts {

using fleet_pointer = fleet_actor::stateful_pointer<fleet_state>;

// --- members (fleet_members.cpp)
// ------------------------------------------------------------------------------------

/// The agent's actor where it has one; counts that something is sent to it, since an idle agent is let go only if it
/// has seen everything. Null: it must be activated.
[[nodiscard]] const agent_actor* reach_active(fleet_state& state, const agent_key& key);
/// Uses the agent's actor, perhaps later: it is activated, and before it the managers above it.
void when_active(fleet_pointer self, const agent_key& key, agent_use use);
/// Finds out who is to supervise a member, and sees to it that they do; activates it where it has no actor yet.
void place(fleet_pointer self, const agent_key& key);
/// The member has an actor (again): does what has waited for it.
void has_actor(fleet_pointer self, const agent_key& key, const agent_actor& actor);
/// Lets an idle agent go.
void let_go(fleet_pointer self, const passivate& asked);
/// Answers everybody who waits for it with null, and forgets it.
void drop_member(fleet_pointer self, const agent_key& key);

/// Sends it to the agent, which is activated if need be.
template <class Message>
void send_to(fleet_pointer self, const agent_key& key, Message what) {
  when_active(self, key, [self, what = std::move(what)](const agent_actor* actor) {
    if (actor != nullptr) self->send(*actor, what);
  });
}

// --- crashes (fleet_crashes.cpp)
// ------------------------------------------------------------------------------------

void note_down(fleet_pointer self, const agent_down& told);
void note_restarted(fleet_pointer self, const agent_restarted& told);
void note_given_up(fleet_pointer self, const agent_key& key);
/// It is active in the store: it has not failed any more, and those who were its reports come back to it.
void clear_failed(fleet_pointer self, const agent_key& key);
[[nodiscard]] live_report report(const fleet_state& state, org_id org);

// --- recovery (fleet_recovery.cpp)
// ------------------------------------------------------------------------------------

/// Activates every agent that has work: what a crash cut goes on.
void bring_back(fleet_pointer self);
void note_recovered(fleet_pointer self, const agent_key& key);
/// Has agents refuse what nobody decided in time, and looks again when the next may have expired.
void expire_approvals(fleet_pointer self);

}  // namespace flotilla::actors::fleet_parts
