#include "actors/mail.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "core/bus_types.hpp"
#include "flotilla/limits.hpp"

namespace flotilla::actors {
namespace {

using json = nlohmann::ordered_json;

constexpr const char* team_field = "team";
constexpr const char* wake_field = "wake";
constexpr const char* wakes_field = "wakes";

json data_of(const message& what) {
  return what.data ? json::parse(*what.data, nullptr, false) : json();
}

/// The names of those who write, each read once.
class sender_names {
 public:
  sender_names(const storage::snapshot& from, org_id org) : from_(from), org_(org) {}

  result<std::string> of(const party& who) {
    if (who.is != party::kind::agent) return std::string();
    if (const auto known = names_.find(who.agent); known != names_.end()) return known->second;
    auto found = storage::read_agent(from_, org_, who.agent);
    if (!found) return fail(std::move(found.error()));
    return names_.emplace(who.agent, *found ? (*found)->value.name : std::string()).first->second;
  }

 private:
  const storage::snapshot& from_;
  org_id org_;
  std::map<agent_id, std::string> names_;
};

/// How many wakes in a row a message stands for; 0: it wakes nobody.
std::uint32_t wakes_of(const message& what) {
  const auto data = data_of(what);
  if (!data.is_object() || !data.value(wake_field, false)) return 0;
  return data.value(wakes_field, 1U);
}

told_message told(message what, std::string name) {
  told_message made{what.id,        what.seq, what.from, std::move(name), std::nullopt, std::move(what.text),
                    what.created_at};
  const auto data = data_of(what);
  if (data.is_object() && data.contains(team_field) && data[team_field].is_string()) {
    made.team = data[team_field].get<std::string>();
  }
  return made;
}

// --- receivers
// ------------------------------------------------------------------------------------------------------

tl::unexpected<error> nobody(std::string_view field, std::string_view text) {
  return fail(errc::invalid, std::string(field) + ": there is no agent \"" + std::string(text) + "\" to write to");
}

/// Those of some agents that can be written to: not `except`, and no archived one.
result<std::vector<storage::stored<agent>>> read_reachable(const storage::snapshot& from, org_id org,
                                                           std::optional<agent_id> except,
                                                           const std::vector<agent_id>& those, std::size_t most) {
  std::vector<storage::stored<agent>> found;
  for (const auto& each : those) {
    if (found.size() == most) break;
    if (each == except) continue;
    auto one = storage::read_agent(from, org, each);
    if (!one) return fail(std::move(one.error()));
    if (*one && (*one)->value.status != agent_status::archived) found.push_back(std::move(**one));
  }
  return found;
}

std::vector<agent> values_of(std::vector<storage::stored<agent>> those) {
  std::vector<agent> found;
  found.reserve(those.size());
  for (auto& each : those) found.push_back(std::move(each.value));
  return found;
}

result<std::vector<agent>> find_one(const storage::snapshot& from, org_id org, agent_id sender,
                                    const std::string& to) {
  std::vector<agent_id> meant;
  if (const auto id = agent_id::parse(to)) {
    meant.push_back(*id);
  } else {
    auto named = storage::read_agents_named(from, org, to, max_named_receivers);
    if (!named) return fail(std::move(named.error()));
    meant = std::move(*named);
  }
  if (meant.size() == 1 && meant.front() == sender) return fail(errc::invalid, "to: that is you");
  auto found = read_reachable(from, org, sender, meant, max_named_receivers);
  if (!found) return fail(std::move(found.error()));
  if (found->empty()) return nobody("to", to);
  if (found->size() > 1) {
    return fail(errc::invalid, "to: more than one agent has the name \"" + to + "\": say the id, " +
                                   found->at(0).value.id.to_string() + " or " + found->at(1).value.id.to_string());
  }
  return values_of(std::move(*found));
}

result<std::vector<agent>> find_team(const storage::snapshot& from, org_id org, agent_id sender,
                                     const std::string& team) {
  auto found = read_team_members(from, org, team, sender, max_team_members_looked_at);
  if (!found) return fail(std::move(found.error()));
  if (found->empty()) return fail(errc::invalid, "team: there is nobody else in the team \"" + team + "\"");
  if (found->size() > max_team_receivers) {
    return fail(errc::invalid, "team: the team \"" + team + "\" has more than " + std::to_string(max_team_receivers) +
                                   " members, which is as many as one message goes to");
  }
  return values_of(std::move(*found));
}

}  // namespace

result<unread_batch> read_unread(const storage::snapshot& from, org_id org, agent_id agent) {
  unread_batch found;
  auto rows = storage::read_mailbox(from, org, agent, max_mail_per_turn + 1);
  if (!rows) return fail(std::move(rows.error()));
  if (rows->empty()) return found;
  sender_names names(from, org);
  std::size_t bytes = 0;
  for (const auto& row : *rows) {
    if (found.rows.size() == max_mail_per_turn) return found;
    auto what = storage::read_message(from, org, row.seq);
    if (!what) return fail(std::move(what.error()));
    bytes += what->text.size();
    if (!found.rows.empty() && bytes > max_mail_bytes_per_turn) return found;
    auto name = names.of(what->from);
    if (!name) return fail(std::move(name.error()));
    found.wakes_in_a_row = std::max(found.wakes_in_a_row, wakes_of(*what));
    found.messages.push_back(told(std::move(*what), std::move(*name)));
    found.rows.push_back(row);
  }
  auto wakes = storage::read_signals(from, org, agent, {});
  if (!wakes) return fail(std::move(wakes.error()));
  found.wakes = std::move(*wakes);
  return found;
}

result<std::vector<storage::stored<agent>>> read_team_members(const storage::snapshot& from, org_id org,
                                                              const std::string& team, std::optional<agent_id> except,
                                                              std::size_t most_looked_at) {
  const auto members = storage::read_team(from, org, team, most_looked_at + 1);
  if (!members) return fail(members.error());
  if (members->size() > most_looked_at) {
    return fail(errc::invalid,
                "team: has more than " + std::to_string(most_looked_at) + " members, archived ones included");
  }
  return read_reachable(from, org, except, *members, max_team_receivers + 1);
}

result<std::vector<agent>> find_receivers(const storage::snapshot& from, org_id org, agent_id sender,
                                          const builtin::send_message_arguments& what) {
  return what.to ? find_one(from, org, sender, *what.to) : find_team(from, org, sender, *what.team);
}

storage::message_draft mail_draft(outgoing_mail what) {
  storage::message_draft made;
  made.type = bus::agent_message;
  made.from = what.from;
  made.to = party::of(what.to);
  made.text = std::move(what.text);
  json data;
  if (what.team) data[team_field] = *what.team;
  if (what.wakes > 0) data[wake_field] = true;
  if (what.wakes > 1) data[wakes_field] = what.wakes;
  if (!data.is_null()) made.data = data.dump(-1, ' ', false, json::error_handler_t::replace);
  return made;
}

storage::task_signal wake_signal(agent_id who, timestamp now) {
  return {who, {}, storage::keys::signal_kind::wake, task_id::make(now)};
}

}  // namespace flotilla::actors
