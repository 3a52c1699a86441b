// Commits a step for an actor, and tells the agents that have something to do now that it stands.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "actors/environment.hpp"
#include "actors/interfaces.hpp"
#include "actors/journal.hpp"

namespace flotilla::actors {

/// What other agents are told of a step.
struct announcement {
  std::vector<agent_changed> changed;
  std::vector<signalled> signals;

  explicit announcement(const step& of) {
    for (const auto& each : of.made) changed.push_back({{of.org, each.record.task.assignee}});
    for (const auto& each : of.signals) signals.push_back({{of.org, each.agent}, each.task});
  }
  /// Any thread. Where the process ends first, the agents are found by what stands in the store.
  void tell(const fleet_actor& fleet) const {
    for (const auto& each : changed) caf::anon_send(fleet, each);
    for (const auto& each : signals) caf::anon_send(fleet, each);
  }
};

/// Commits a step. When it stands, others are told, even if the actor has crashed meanwhile; then the actor goes on
/// in its own thread with the answer.
template <class Self, class Then>
void commit_then(Self* self, const environment_ptr& env, fleet_actor fleet, step what, Then then) {
  auto handle = caf::actor_cast<caf::actor>(self);
  announcement news(what);
  env->journal->commit(std::move(what), [handle, fleet = std::move(fleet), news = std::move(news),
                                         then = std::move(then)](result<committed> outcome) {
    if (outcome) news.tell(fleet);
    auto shared = std::make_shared<result<committed>>(std::move(outcome));
    caf::anon_send(handle, continuation{[shared, then]() mutable { then(std::move(*shared)); }});
  });
}

}  // namespace flotilla::actors
