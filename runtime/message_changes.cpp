// Decisions that put messages on the bus.
#include "runtime/message_changes.hpp"

#include <string>
#include <utility>

#include "actors/mail.hpp"
#include "core/text_rules.hpp"
#include "core/validation.hpp"

namespace flotilla::runtime {
namespace {

/// Adds a message to a decision, with the signal that wakes its receiver where that is asked for.
template <class T>
void add(decision<T>& to, org_id org, actors::outgoing_mail what, timestamp now) {
  if (what.wakes > 0) storage::write_signal(to.changes, org, actors::wake_signal(what.to, now));
  to.messages.push_back(actors::mail_draft(std::move(what)));
}

/// The members of a team that are not archived; a batch relies on their staying as they are.
result<std::vector<agent_id>> read_receivers(const storage::snapshot& from, org_id org, const std::string& team,
                                             storage::batch& relies_on) {
  const auto members = actors::read_team_members(from, org, team, std::nullopt, max_members_searched);
  if (!members) return fail(members.error());
  if (members->size() > max_team_receivers) {
    return wrong("team", "has more than " + std::to_string(max_team_receivers) + " members");
  }
  std::vector<agent_id> found;
  for (const auto& member : *members) {
    storage::require_agent(relies_on, org, member);
    found.push_back(member.value.id);
  }
  if (found.empty()) return wrong("team", "has no members");
  return found;
}

}  // namespace

result<decision<message>> decide_post(const storage::snapshot& from, org_id org, const outgoing_message& what,
                                      timestamp now) {
  if (auto valid = validate(what); !valid) return fail(std::move(valid.error()));
  const auto receiver = storage::read_agent(from, org, what.to);
  if (!receiver) return fail(receiver.error());
  if (!*receiver) return wrong("to", "no such agent");
  if ((*receiver)->value.status == agent_status::archived) return wrong("to", "the agent is archived");
  decision<message> made;
  storage::require_agent(made.changes, org, **receiver);
  add(made, org, {party::user(), what.to, what.text, std::nullopt, what.wake ? 1U : 0U}, now);
  made.answer_of_placed = [](const std::vector<storage::bus_entry>& placed) { return *placed.front().value; };
  return made;
}

result<decision<std::vector<message>>> decide_team_post(const storage::snapshot& from, org_id org,
                                                        const team_message& what, timestamp now) {
  if (auto valid = validate(what); !valid) return fail(std::move(valid.error()));
  decision<std::vector<message>> made;
  const auto receivers = read_receivers(from, org, what.team, made.changes);
  if (!receivers) return fail(receivers.error());
  for (const auto& each : *receivers) {
    add(made, org, {party::user(), each, what.text, what.team, what.wake ? 1U : 0U}, now);
  }
  made.answer_of_placed = [](const std::vector<storage::bus_entry>& placed) {
    std::vector<message> told;
    told.reserve(placed.size());
    for (const auto& each : placed) told.push_back(*each.value);
    return told;
  };
  return made;
}

}  // namespace flotilla::runtime
