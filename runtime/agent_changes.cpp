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
  take(to.memory_tokens, patch.memory_tokens);
  take(to.status, patch.status);
}

/// The next manager up from one that is not archived; a batch relies on its staying so. Nothing: there is none.
result<std::optional<agent_id>> next_above(const storage::snapshot& from, org_id org, std::optional<agent_id> manager,
                                           storage::batch& relies_on) {
  for (std::size_t depth = 0; manager && depth < max_manager_depth; ++depth) {
    auto found = storage::read_agent(from, org, *manager);
    if (!found) return fail(std::move(found.error()));
    if (!*found) return std::nullopt;
    storage::require_agent(relies_on, org, **found);
    if ((*found)->value.status != agent_status::archived) return manager;
    manager = (*found)->value.manager;
  }
  return std::nullopt;
}

/// Gives the reports of an agent that is being archived to the next manager above it. Those that are archived stay.
result<void> move_reports(const storage::snapshot& from, org_id org, const agent& archived, timestamp now,
                          decision<agent_change>& into) {
  const auto reports = storage::read_reports(from, org, archived.id, max_reports_moved + 1);
  if (!reports) return fail(reports.error());
  if (reports->size() > max_reports_moved) {
    return fail(errc::invalid, "The agent has more than " + std::to_string(max_reports_moved) +
                                   " reports, archived ones included: give them other managers first.");
  }
  if (reports->empty()) return {};
  const auto above = next_above(from, org, archived.manager, into.changes);
  if (!above) return fail(above.error());
  for (const auto& which : *reports) {
    const auto found = storage::read_agent(from, org, which);
    if (!found) return fail(found.error());
    if (!*found || (*found)->value.status == agent_status::archived) continue;
    auto moved = (*found)->value;
    moved.manager = *above;
    moved.updated_at = now;
    storage::write_agent(into.changes, org, &**found, moved);
    into.messages.push_back(actors::agent_message(bus::agent_updated, which, moved.name));
    into.answer.moved.push_back(which);
  }
  return {};
}

/// What a patch asks for that other objects, or the agent's own state, forbid.
result<void> check_patch(const storage::snapshot& from, org_id org, const agent& before, const agent_patch& patch,
                         storage::batch& relies_on) {
  if (patch.status) {
    auto legal = check_agent_transition(before.status, *patch.status);
    if (!legal) return legal;
  }
  if (patch.mcps) {
    if (auto known = check_mcps_exist(from, org, *patch.mcps); !known) return known;
  }
  if (!patch.manager || !*patch.manager || *patch.manager == before.manager) return {};
  return check_manager(from, org, before.id, **patch.manager, relies_on);
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
  added.memory_tokens = draft.memory_tokens;
  added.created_at = added.updated_at = now;
  storage::write_agent(made.changes, org, nullptr, added, limits.agents);
  made.messages.push_back(actors::agent_message(bus::agent_created, added.id, added.name));
  return made;
}

result<storage::stored<agent>> read_existing(const storage::snapshot& from, org_id org, agent_id which) {
  auto found = storage::read_agent(from, org, which);
  if (!found) return fail(std::move(found.error()));
  if (!*found) return fail(errc::not_found, "No such agent.");
  return std::move(**found);
}

result<decision<agent_change>> decide_update(const storage::snapshot& from, org_id org, agent_id which,
                                             const agent_patch& patch, timestamp now) {
  if (auto valid = validate(patch); !valid) return fail(std::move(valid.error()));
  auto found = read_existing(from, org, which);
  if (!found) return fail(std::move(found.error()));
  const auto& before = found->value;
  decision<agent_change> made;
  if (auto legal = check_patch(from, org, before, patch, made.changes); !legal) return fail(std::move(legal.error()));
  auto after = before;
  apply(after, patch);
  if (after == before) {
    made.changes = {};
  } else {
    after.updated_at = now;
    storage::write_agent(made.changes, org, &*found, after);
    const bool archived = after.status == agent_status::archived && before.status != after.status;
    made.messages.push_back(
        actors::agent_message(archived ? bus::agent_archived : bus::agent_updated, which, after.name));
    if (after.manager != before.manager) made.answer.moved.push_back(which);
    if (archived) {
      if (auto moved = move_reports(from, org, after, now, made); !moved) return fail(std::move(moved.error()));
    }
  }
  auto as_shown = shown(from, org, std::move(after));
  if (!as_shown) return fail(std::move(as_shown.error()));
  made.answer.now = std::move(*as_shown);
  return made;
}

result<decision<agent>> decide_forget(const storage::snapshot& from, org_id org, agent_id which, timestamp now) {
  auto found = read_existing(from, org, which);
  if (!found) return fail(std::move(found.error()));
  auto after = found->value;
  after.memory_since = after.updated_at = now;
  decision<agent> made;
  storage::write_agent(made.changes, org, &*found, after);
  made.messages.push_back(actors::agent_message(bus::agent_updated, which, after.name));
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
