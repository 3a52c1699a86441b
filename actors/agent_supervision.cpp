// The agent actor: supervises the actors of its reports.
#include "actors/agent_parts.hpp"
#include "actors/supervision.hpp"

namespace flotilla::actors::agent_parts {

bool supervises_anybody(const agent_state& state) noexcept {
  return state.reports && !state.reports->children.empty();
}

agent_actor begin_to_supervise(agent_pointer self, const supervise& asked) {
  auto& state = self->state;
  if (!state.reports) state.reports = std::make_shared<supervisor>();
  touch(self);
  return take_in(self, *state.reports, state.env, state.fleet, asked.child,
                 caf::actor_cast<agent_actor>(asked.alive));
}

void end_to_supervise(agent_pointer self, const agent_key& child) {
  if (self->state.reports) let_out(*self->state.reports, child);
  touch(self);
}

void dismiss_reports(agent_pointer self) {
  if (!self->state.reports) return;
  for (const auto& [key, child] : self->state.reports->children) {
    if (child.actor) self->send_exit(child.actor, caf::exit_reason::user_shutdown);
  }
}

bool report_ended(agent_pointer self, const caf::down_msg& down) {
  auto& state = self->state;
  if (!state.reports || !child_down(self, *state.reports, state.env, state.fleet, down, state.closing)) return false;
  touch(self);
  return true;
}

}  // namespace flotilla::actors::agent_parts
