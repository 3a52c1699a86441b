// Decisions that change agents.
#include "runtime/agent_changes.hpp"

#include <string>
#include <utility>

#include "actors/run_messages.hpp"
#include "core/bus_types.hpp"
#include "core/life_cycle.hpp"
#include "core/validation.hpp"
#include "runtime/mcp_changes.hpp"
#include "runtime/patching.hpp"

namespace flotilla::runtime {
namespace {

/// Walks up from a manager: every one above must exist, and none may be the agent itself. Everybody passed is put
/// into the batch as a precondition, so that two changes at once cannot make a cycle together.
result<void> check_manager(const storage::snapshot& from, org_id org, std::optional<agent_id> self, agent_id manager,
                           storage::batch& relies_on) {
  std::optional<agent_id> next = manager;
  for (std::size_t depth = 0; next; ++depth) {
    if (self && *next == *self) return fail(errc::invalid, "manager: the agent would be its own manager");
    if (depth >= max_manager_depth) {
      return fail(errc::invalid, "manager: more than " + std::to_string(max_manager_depth) + " managers in a row");
    }
    auto found = storage::read_agent(from, org, *next);
    if (!found) return fail(std::move(found.error()));
    if (!*found) return fail(errc::invalid, "manager: no such agent");
    const auto& seen = **found;
    if (depth == 0 && seen.value.status == agent_status::archived) {
      return fail(errc::invalid, "manager: the agent is archived");
    }
    storage::require_agent(relies_on, org, seen);
    next = seen.value.manager;
  }
  return {};
}

void apply(agent& to, const agent_patch& patch) {
  take(to.name, patch.name);
  take(to.role, patch.role);
  take(to.model, patch.model);
  take(to.provider, patch.provider);
  take(to.glyph, patch.glyph);
  take(to.manager, patch.manager);
  take(to.team, patch.team);
  take(to.mcps, patch.mcps);
  take(to.approvals, patch.approvals);
  take(to.max_turns, patch.max_turns);
  take(to.budget, patch.budget);
  take(to.status, patch.status);
}

}  // namespace

result<decision<agent>> decide_create(const storage::snapshot& from, org_id org, const agent_draft& draft,
                                      const plan_limits& limits, timestamp now) {
  if (auto valid = validate(draft); !valid) return fail(std::move(valid.error()));
  if (auto known = check_mcps_exist(from, org, draft.mcps); !known) return fail(std::move(known.error()));
  decision<agent> made;
  if (draft.manager) {
    auto legal = check_manager(from, org, std::nullopt, *draft.manager, made.changes);
    if (!legal) return fail(std::move(legal.error()));
  }
  auto& added = made.answer;
  added.id = agent_id::make(now);
  added.name = draft.name;
  added.role = draft.role;
  added.model = draft.model;
  added.provider = draft.provider;
  added.glyph = draft.glyph;
  added.manager = draft.manager;
  added.team = draft.team;
  added.mcps = draft.mcps;
  added.approvals = draft.approvals;
  added.max_turns = draft.max_turns;
  added.budget = draft.budget;
  added.created_at = added.updated_at = now;
  storage::write_agent(made.changes, org, nullptr, added, limits.agents);
  made.messages.push_back(actors::agent_message(bus::agent_created, added.id, added.name));
  return made;
}

result<decision<agent>> decide_update(const storage::snapshot& from, org_id org, agent_id which,
                                      const agent_patch& patch, timestamp now) {
  if (auto valid = validate(patch); !valid) return fail(std::move(valid.error()));
  auto found = storage::read_agent(from, org, which);
  if (!found) return fail(std::move(found.error()));
  if (!*found) return fail(errc::not_found, "No such agent.");
  const auto& before = **found;
  if (patch.status) {
    auto legal = check_agent_transition(before.value.status, *patch.status);
    if (!legal) return fail(std::move(legal.error()));
  }
  if (patch.mcps) {
    if (auto known = check_mcps_exist(from, org, *patch.mcps); !known) return fail(std::move(known.error()));
  }
  decision<agent> made;
  if (patch.manager && *patch.manager && *patch.manager != before.value.manager) {
    auto legal = check_manager(from, org, which, **patch.manager, made.changes);
    if (!legal) return fail(std::move(legal.error()));
  }
  auto after = before.value;
  apply(after, patch);
  if (after == before.value) {
    auto as_shown = shown(from, org, std::move(after));
    if (!as_shown) return fail(std::move(as_shown.error()));
    return decision<agent>{{}, {}, std::move(*as_shown)};
  }
  after.updated_at = now;
  storage::write_agent(made.changes, org, &before, after);
  const bool archived = after.status == agent_status::archived && before.value.status != after.status;
  made.messages.push_back(
      actors::agent_message(archived ? bus::agent_archived : bus::agent_updated, which, after.name));
  auto as_shown = shown(from, org, std::move(after));
  if (!as_shown) return fail(std::move(as_shown.error()));
  made.answer = std::move(*as_shown);
  return made;
}

result<agent> shown(const storage::snapshot& from, org_id org, agent stored) {
  if (stored.status != agent_status::active) return stored;
  auto runs = storage::has_running_task(from, org, stored.id);
  if (!runs) return fail(std::move(runs.error()));
  if (*runs) stored.status = agent_status::running;
  return stored;
}

result<page<agent>> list_shown(const storage::snapshot& from, org_id org, const agent_query& query) {
  auto rest = query;
  if (rest.status == agent_status::running) rest.status = agent_status::active;
  page<agent> found;
  do {
    rest.page.limit = query.page.limit - found.items.size();
    auto next = storage::list_agents(from, org, rest);
    if (!next) return fail(std::move(next.error()));
    for (auto& each : next->items) {
      auto as_shown = shown(from, org, std::move(each));
      if (!as_shown) return fail(std::move(as_shown.error()));
      if (!query.status || as_shown->status == *query.status) found.items.push_back(std::move(*as_shown));
    }
    rest.page.cursor = found.next = std::move(next->next);
  } while (found.next && found.items.size() < query.page.limit);
  return found;
}

}  // namespace flotilla::runtime
