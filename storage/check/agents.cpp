// The check of agents: records, index rows, managers.
#include <string>
#include <unordered_map>

#include "core/json_decode.hpp"
#include "storage/check/org_audit.hpp"
#include "storage/index_keys.hpp"

namespace flotilla::storage {
namespace {

/// Who manages whom, as far as it was asked for.
class managers {
 public:
  explicit managers(org_audit& in) : in_(in) {}

  /// The manager of a manager; nothing for one who has none, or is not there.
  result<std::optional<agent_id>> of(agent_id who) {
    const auto known = known_.find(who);
    if (known != known_.end()) return known->second;
    const auto bytes = in_.from.get(keys::agent(in_.org, who));
    if (!bytes) return fail(bytes.error());
    const auto value = *bytes ? agent_from_json(**bytes) : fail(errc::internal, {});
    return known_.emplace(who, value ? value->manager : std::nullopt).first->second;
  }

 private:
  org_audit& in_;
  std::unordered_map<agent_id, std::optional<agent_id>> known_;
};

/// Does one come back to the agent, from manager to manager? A circle further up, which he is not part of, is found
/// by Brent's way: a mark that is moved on after 1, 2, 4, … steps is met again.
result<bool> in_a_circle(managers& all, const agent& who) {
  auto mark = who.id;
  std::uint64_t steps = 0;
  std::uint64_t limit = 1;
  for (auto next = who.manager; next;) {
    if (*next == who.id) return true;
    if (*next == mark) return false;
    if (++steps == limit) {
      mark = *next;
      limit *= 2;
      steps = 0;
    }
    const auto above = all.of(*next);
    if (!above) return fail(above.error());
    next = *above;
  }
  return false;
}

result<void> check_manager(org_audit& in, managers& all, const agent& who, const std::string& name) {
  if (!who.manager) return {};
  const auto there =
      require_row(in, keys::agent(in.org, *who.manager), name, "the manager " + who.manager->to_string());
  if (!there) return fail(there.error());
  const auto circle = in_a_circle(all, who);
  if (!circle) return fail(circle.error());
  if (*circle) in.found.fault(rules::managers, name + " is its own manager, over one or more others.");
  return {};
}

result<void> check_agent(org_audit& in, index_audit& rows, managers& all, agent_id which, std::string_view bytes) {
  const auto name = "The agent " + which.to_string();
  const auto value = agent_from_json(bytes);
  if (!value || value->id != which || value->status == agent_status::running) {
    in.found.fault(rules::record, name + " cannot be read, or is another one.");
    return {};
  }
  const auto counter = value->status == agent_status::archived ? org_counter::agents_archived : org_counter::agents;
  ++in.counts[static_cast<std::size_t>(counter)];
  if (auto done = rows.expect(index_keys(in.org, *value), name); !done) return done;
  return check_manager(in, all, *value, name);
}

}  // namespace

result<void> check_agents(org_audit& in) {
  index_audit rows(in);
  managers all(in);
  auto done = each_row(in, keys::table::agents, ulid::size, [&](std::string_view rest, std::string_view bytes) {
    return check_agent(in, rows, all, {keys::ulid_from(rest)}, bytes);
  });
  if (!done) return done;
  const auto keys_at = [&in](std::string_view position) -> result<std::optional<std::vector<std::string>>> {
    const auto bytes = in.from.get(keys::agent(in.org, {keys::ulid_from(position)}));
    if (!bytes) return fail(bytes.error());
    if (!*bytes) return std::vector<std::string>();
    const auto value = agent_from_json(**bytes);
    if (!value || position != keys::bytes_of(value->id.value)) return std::nullopt;
    return index_keys(in.org, *value);
  };
  for (const auto index : {keys::table::agents_by_status, keys::table::agents_by_manager, keys::table::agents_by_name,
                           keys::table::agents_by_team}) {
    if (auto closed = rows.close(index, ulid::size, keys_at); !closed) return closed;
  }
  return {};
}

}  // namespace flotilla::storage
