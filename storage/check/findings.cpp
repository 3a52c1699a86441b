#include "storage/check/findings.hpp"

#include <utility>

namespace flotilla::storage {

std::string_view name_of(keys::table which) noexcept {
  using keys::table;
  switch (which) {
    case table::meta:
      return "the format";
    case table::agents:
      return "agents";
    case table::agents_by_status:
      return "agents by status";
    case table::agents_by_manager:
      return "agents by manager";
    case table::epics:
      return "epics";
    case table::events:
      return "events";
    case table::tasks_by_epic:
      return "tasks by epic";
    case table::orgs:
      return "orgs";
    case table::messages_by_epic:
      return "messages by epic";
    case table::inputs:
      return "long inputs";
    case table::epic_counters:
      return "counters of epics";
    case table::tokens:
      return "API tokens";
    case table::bus_heads:
      return "heads of buses";
    case table::messages:
      return "messages";
    case table::messages_by_agent:
      return "messages by agent";
    case table::messages_by_task:
      return "messages by task";
    case table::messages_by_type:
      return "messages by type";
    case table::org_counters:
      return "counters of orgs";
    case table::secrets:
      return "secrets";
    case table::mcps:
      return "MCP servers";
    case table::tasks:
      return "tasks";
    case table::users:
      return "users";
    case table::tasks_by_status:
      return "tasks by status";
    case table::work:
      return "work queues";
    case table::tasks_by_assignee:
      return "tasks by assignee";
    case table::tasks_by_assignee_and_status:
      return "tasks by assignee and status";
    case table::mcps_by_name:
      return "MCP servers by name";
    case table::tokens_by_org:
      return "API tokens by org";
    case table::token_uses:
      return "uses of API tokens";
    case table::usage:
      return "usage by agent and model";
    case table::usage_totals:
      return "usage of orgs";
    case table::tasks_made:
      return "tasks made by month";
    case table::answers:
      return "kept answers";
    case table::answers_by_age:
      return "kept answers by age";
    case table::children:
      return "tasks by parent";
    case table::signals:
      return "signals";
    case table::parked:
      return "waiting tasks by age";
    case table::budgets:
      return "budgets";
    case table::mailboxes:
      return "mailboxes";
    case table::said:
      return "what was said by agent";
    case table::agents_by_name:
      return "agents by name";
    case table::agents_by_team:
      return "agents by team";
    case table::usage_below:
      return "usage below tasks";
  }
  return "no table";
}

void findings::fault(std::string_view rule, std::string text) {
  ++made_.faults;
  if (made_.named.size() < most_named_) made_.named.push_back({std::string(rule), std::move(text)});
}

store_check findings::report(std::uint32_t format) && {
  made_.format = format;
  for (const auto& [table, rows] : rows_) {
    if (rows > 0) made_.counts.push_back({std::string(name_of(table)), rows});
  }
  return std::move(made_);
}

}  // namespace flotilla::storage
