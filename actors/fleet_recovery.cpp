// The fleet actor: brings back what was running when the server ended, and has approvals expire.
#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "actors/fleet_parts.hpp"
#include "actors/run_messages.hpp"
#include "core/bus_types.hpp"

namespace flotilla::actors::fleet_parts {
namespace {

using pointer = fleet_pointer;

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
    send_to(self, key, agent_changed{key});
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

}  // namespace

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

void bring_back(pointer self) {
  read_then(self, self->state.env, read_agents_with_work, [self](result<std::vector<agent_key>> found) {
    if (self->state.closing) return;
    if (found) return begin_recovery(self, *found);
    self->delayed_send(self, store_retry, continuation{[self] { bring_back(self); }});
  });
}

namespace {

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

void look_at_approvals_in(pointer self, std::chrono::milliseconds delay) {
  self->delayed_send(self, delay, continuation{[self] { expire_approvals(self); }});
}

/// Has an agent refuse what nobody decided in time. Where it is refused itself, a human has decided meanwhile, or the
/// task is found again.
void refuse_expired(pointer self, const agent_key& key, decide_request word) {
  when_active(self, key, [self, word = std::move(word)](const agent_actor* actor) {
    if (actor == nullptr) return;
    self->request(*actor, request_timeout, word).then([](run_accepted&) {}, [](caf::error&) {});
  });
}

}  // namespace

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
          refuse_expired(self, key, {key, task, false, {}, {}, 0, (now - ttl).time_since_epoch().count()});
        }
        auto next = ttl;
        if (found->oldest) next = std::min(ttl, *found->oldest + ttl - now);
        look_at_approvals_in(self, std::max(next, min_expiry_interval));
      });
}

}  // namespace flotilla::actors::fleet_parts
