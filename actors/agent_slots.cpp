// The agent actor: takes a place for each run, and waits for one where there is none (run_slots.hpp).
#include <utility>

#include "actors/agent_parts.hpp"

namespace flotilla::actors::agent_parts {
namespace {

run_place place_at(const agent_state& state, const std::string& provider) {
  return {state.key.org, provider};
}

}  // namespace

bool take_slot(agent_state& state, const std::string& provider, bool goes_on) {
  const auto wanted = place_at(state, provider);
  if (state.slot && state.slot->place() == wanted) return true;
  state.slot = nullptr;
  state.slot = goes_on ? state.env->slots->take(wanted) : state.env->slots->try_take(wanted);
  if (state.slot) state.slot_ticket = nullptr;
  return state.slot != nullptr;
}

void wait_for_slot(agent_pointer self, const std::string& provider, task_priority priority) {
  auto& state = self->state;
  auto handle = caf::actor_cast<caf::actor>(self);
  state.slot_ticket = nullptr;
  state.slot_ticket = state.env->slots->wait(place_at(state, provider), priority, [handle, self](run_slot_ptr slot) {
    // Where the agent is gone, the message is, and the place with it.
    caf::anon_send(handle, continuation{[self, slot = std::move(slot)] {
                     auto& st = self->state;
                     st.slot_ticket = nullptr;
                     if (st.current) return;
                     st.slot = slot;
                     start_next(self);
                   }});
  });
}

void leave_slot(agent_state& state) {
  state.slot_ticket = nullptr;
  if (!state.current) state.slot = nullptr;
}

}  // namespace flotilla::actors::agent_parts
