// Tells the agents that have something to do now of a step that stands.
#pragma once

#include "actors/interfaces.hpp"
#include "actors/journal.hpp"

namespace flotilla::actors {

/// To be called when the step has been committed, in the actor's own thread. Where a crash comes first, the agents
/// are found by what stands in the store.
template <class Self>
void announce(Self* self, const fleet_actor& fleet, const step& stands) {
  for (const auto& each : stands.made) {
    self->send(fleet, agent_changed{{stands.org, each.record.task.assignee}});
  }
  for (const auto& each : stands.signals) self->send(fleet, signalled{{stands.org, each.agent}, each.task});
}

}  // namespace flotilla::actors
