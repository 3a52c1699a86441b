// The fleet actor: what becomes of an agent whose actor crashes, as its supervisor tells.
#include <algorithm>
#include <string>
#include <utility>

#include "actors/agent_steps.hpp"
#include "actors/announce.hpp"
#include "actors/fleet_parts.hpp"
#include "actors/run_messages.hpp"
#include "core/bus_types.hpp"

namespace flotilla::actors::fleet_parts {
namespace {

/// Tells the bus, where it can be told; what it tells of has happened in memory only.
void tell(const environment& env, const agent_key& key, storage::message_draft what) {
  std::vector<storage::message_draft> messages;
  messages.push_back(std::move(what));
  env.journal->commit(key.org, {}, std::move(messages), [](const auto&) {});
}

/// Its actor is gone: nobody supervises those whom it supervised, which go on all the same.
std::vector<agent_key> lose_actor(fleet_state& state, const agent_key& key) {
  auto& member = state.members.at(key);
  if (std::exchange(member.actor, nullptr)) state.env->telemetry->agent_crashed();
  std::vector<agent_key> reports;
  for (const auto& each : member.reports) {
    const agent_key report{key.org, each};
    state.members.at(report).orphaned = true;
    reports.push_back(report);
  }
  return reports;
}

// --- those that are given up
// ----------------------------------------------------------------------------------------

/// A failed agent and a task that it was doing.
struct failed_agent {
  std::optional<storage::stored<agent>> record;
  std::optional<run_seed> running;
};

/// May block on the disk.
result<failed_agent> read_failed(const storage::snapshot& from, const agent_key& key) {
  auto record = storage::read_agent(from, key.org, key.agent);
  if (!record) return fail(std::move(record.error()));
  failed_agent found{std::move(*record), {}};
  task_query query;
  query.status = task_status::running;
  query.assignee = key.agent;
  query.page.limit = 1;
  const auto running = storage::list_tasks(from, key.org, query);
  if (!running) return fail(running.error());
  if (running->items.empty()) return found;
  auto seed = read_seed(from, key, running->items.front().id);
  if (!seed) return fail(std::move(seed.error()));
  found.running = std::move(*seed);
  return found;
}

void put_down(fleet_pointer self, const agent_key& key);

void put_down_later(fleet_pointer self, const agent_key& key) {
  self->delayed_send(self, store_retry, continuation{[self, key] { put_down(self, key); }});
}

/// It is paused in the store: requests reach it again, and find it so.
void is_down(fleet_pointer self, const agent_key& key) {
  auto& member = self->state.members.at(key);
  member.placing = member.place_again = false;
  if (member.actor) return;
  if (member.waiting.empty()) return drop_member(self, key);
  place(self, key);
}

/// Ends what it was doing, which may be what it failed of. Its other tasks stay.
void end_running(fleet_pointer self, const agent_key& key, const failed_agent& found) {
  if (!found.running) return is_down(self, key);
  auto made =
      end_step(*self->state.env, *found.running,
               {"agent_failed", "The agent has crashed too often while it had this task, and is paused."}, false);
  if (!made) return put_down_later(self, key);
  commit_then(self, self->state.env, fleet_actor{self}, std::move(*made),
              [self, key](const result<committed>& outcome) {
                if (outcome || outcome.error().code == errc::conflict) return put_down(self, key);
                put_down_later(self, key);
              });
}

/// Pauses it, and tells its manager and everybody else.
void pause_failed(fleet_pointer self, const agent_key& key, const storage::stored<agent>& before) {
  auto& env = self->state.env;
  auto after = before.value;
  after.status = agent_status::paused;
  after.updated_at = env->clock->now();
  storage::batch changes;
  storage::write_agent(changes, key.org, &before, after);
  const auto done = [self, key](const result<journal::placed_messages>& outcome) {
    if (self->state.closing) return;
    if (outcome || outcome.error().code == errc::conflict) return put_down(self, key);
    put_down_later(self, key);
  };
  auto handle = caf::actor_cast<caf::actor>(self);
  env->journal->commit(key.org, std::move(changes), failure_messages(after),
                       [handle, done](result<journal::placed_messages> outcome) {
                         auto shared = std::make_shared<result<journal::placed_messages>>(std::move(outcome));
                         caf::anon_send(handle, continuation{[shared, done] { done(*shared); }});
                       });
}

/// Brings into the store that an agent has failed, step by step; begins anew where a step loses a race or cannot be
/// written.
void put_down(fleet_pointer self, const agent_key& key) {
  read_then(
      self, self->state.env, [key](const storage::snapshot& from) { return read_failed(from, key); },
      [self, key](const result<failed_agent>& found) {
        if (self->state.closing) return;  // what ran goes on at the next start
        if (!found) return put_down_later(self, key);
        if (!found->record) return is_down(self, key);
        if (found->record->value.status == agent_status::active) return pause_failed(self, key, *found->record);
        end_running(self, key, *found);
      });
}

}  // namespace

void note_down(fleet_pointer self, const agent_down& told) {
  auto& state = self->state;
  if (state.closing || !state.members.contains(told.who)) return;
  auto& record = state.crashed[told.who];
  record.agent = told.who.agent;
  record.restarting = true;
  tell(*state.env, told.who, crash_message(told.who.agent, record.restarts, told.delay_ms));
  for (const auto& each : lose_actor(state, told.who)) place(self, each);
}

void note_restarted(fleet_pointer self, const agent_restarted& told) {
  auto& state = self->state;
  auto actor = caf::actor_cast<agent_actor>(told.actor);
  if (state.closing || !state.members.contains(told.who)) {
    return self->send_exit(actor, caf::exit_reason::user_shutdown);
  }
  auto& record = state.crashed[told.who];
  record.restarting = false;
  ++record.restarts;
  tell(*state.env, told.who, agent_message(bus::agent_restarted, told.who.agent, "The agent's actor was restarted."));
  has_actor(self, told.who, actor);
  state.env->telemetry->agent_restarted();
}

void note_given_up(fleet_pointer self, const agent_key& key) {
  auto& state = self->state;
  if (state.closing || !state.members.contains(key)) return;
  auto& record = state.crashed[key];
  record.agent = key.agent;
  record.restarting = false;
  record.failed = true;
  if (std::find(state.failed.begin(), state.failed.end(), key) == state.failed.end()) state.failed.push_back(key);
  const auto reports = lose_actor(state, key);
  auto& member = state.members.at(key);
  member.placed = false;
  member.placing = true;  // nobody activates it before it is paused
  member.reports.clear();
  const auto waiting = std::exchange(member.waiting, {});
  for (const auto& use : waiting) use(nullptr);
  for (const auto& each : reports) place(self, each);
  note_recovered(self, key);
  put_down(self, key);
}

void clear_failed(fleet_pointer self, const agent_key& key) {
  auto& state = self->state;
  if (std::erase(state.failed, key) == 0) return;
  state.crashed[key].failed = false;
  std::vector<agent_key> others;
  for (const auto& [each, member] : state.members) {
    if (each.org == key.org && each != key && member.placed) others.push_back(each);
  }
  for (const auto& each : others) place(self, each);
}

live_report report(const fleet_state& state, org_id org) {
  live_report made;
  for (const auto& [key, record] : state.crashed) {
    if (key.org == org) made.agents.push_back(record);
  }
  return made;
}

}  // namespace flotilla::actors::fleet_parts
