// A small crew, one of each kind.
#include "http/openapi_examples.hpp"

#include <memory>
#include <string>

#include "flotilla/json.hpp"

namespace flotilla::http {
namespace {

using json = nlohmann::ordered_json;

template <class Id>
Id example_id() {
  Id made;
  made.value = ulid::parse("01JDCB2Y00E9Q4WNKHRSV5X7ZM").value_or(ulid{});
  return made;
}

timestamp at(const char* text) {
  return parse_timestamp(text).value_or(timestamp{});
}
const timestamp made_at = at("2026-11-23T09:30:00.000Z");
const timestamp ended_at = at("2026-11-23T09:30:02.400Z");

agent an_agent() {
  agent one;
  one.id = example_id<agent_id>();
  one.name = "Lookout";
  one.role = "You watch and report.";
  one.model = "rehearsal-1";
  one.provider = "rehearsal";
  one.glyph = "🔭";
  one.team = "Deck";
  one.approvals = {"signal_*"};
  one.budget = token_budget{2'000'000, budget_period::month};
  one.created_at = one.updated_at = made_at;
  return one;
}

task a_task() {
  task one;
  one.id = example_id<task_id>();
  one.title = "Look out";
  one.input = "Is there a sail in sight?";
  one.output_schema = R"({"type":"object","required":["sail"],"properties":{"sail":{"type":"boolean"}}})";
  one.assignee = example_id<agent_id>();
  one.priority = task_priority::high;
  one.epic_id = example_id<epic_id>();
  one.status = task_status::done;
  one.output = R"({"sail":false})";
  one.usage = {26, 5};
  one.created_at = made_at;
  one.started_at = made_at;
  one.finished_at = one.updated_at = ended_at;
  return one;
}

event an_event() {
  event one;
  one.seq = 3;
  one.type = event_type::output;
  one.text = R"({"sail":false})";
  one.at = ended_at;
  return one;
}

task_detail a_task_detail() {
  auto entry = log_entry{3, std::make_shared<const std::string>(to_json(an_event()))};
  return {a_task(), {std::move(entry)}, {}, a_task().usage};
}

message a_message() {
  message one;
  one.id = example_id<message_id>();
  one.seq = 12;
  one.type = "task.done";
  one.from = party::of(example_id<agent_id>());
  one.task_id = example_id<task_id>();
  one.epic_id = example_id<epic_id>();
  one.text = "Look out";
  one.created_at = ended_at;
  return one;
}

agent_memory a_memory() {
  agent_memory one;
  one.allowance = default_memory_tokens;
  one.entries = {{example_id<task_id>(), {}, ended_at, "The task \"Look out\" was done: no sail.", 11}};
  one.tokens = 24;
  one.omitted_tasks = 3;
  one.text = "What was before; 3 earlier tasks are not shown.\n\n" + one.entries.front().text;
  auto unread = a_message();
  unread.type = "agent.message";
  unread.from = party::user();
  unread.to = party::of(example_id<agent_id>());
  unread.task_id.reset();
  unread.epic_id.reset();
  unread.text = "Mind the reef.";
  one.unread = {std::move(unread)};
  return one;
}

epic an_epic() {
  epic one;
  one.id = example_id<epic_id>();
  one.name = "Spring refit";
  one.type = epic_type::ops;
  one.progress = 100;
  one.created_at = one.updated_at = made_at;
  return one;
}

secret a_secret() {
  return {{secret_scope::org, {}, "SONAR_KEY"}, made_at};
}

mcp_server an_mcp_server() {
  mcp_server one;
  one.id = example_id<mcp_id>();
  one.name = "charts";
  one.transport = mcp_transport::http;
  one.url = "https://charts.example.com/mcp";
  one.headers = {{"Authorization", "Bearer ${secret:SONAR_KEY}"}};
  one.created_at = made_at;
  return one;
}

usage_summary a_usage() {
  const usage_totals totals{{26, 5}, 1};
  usage_summary one;
  one.totals = totals;
  one.by_agent = {{example_id<agent_id>(), totals}};
  one.by_model = {{"rehearsal-1", totals}};
  one.by_day = {{"2026-11-22", {}}, {"2026-11-23", totals}};
  return one;
}

identity an_identity() {
  identity one;
  one.user = {example_id<user_id>(), "owner", role::admin};
  one.org = {example_id<org_id>(), "default", made_at};
  one.plan.limits.concurrent_runs = 64;
  one.features = {{"beta", false}};
  return one;
}

api_token a_token() {
  api_token one;
  one.id = example_id<token_id>();
  one.name = "Dashboard";
  one.created_at = made_at;
  one.last_used_at = at("2026-11-23T09:31:00.000Z");
  return one;
}

/// Of the form of a token's text, and of none that there is.
new_token a_new_token() {
  auto kept = a_token();
  kept.last_used_at.reset();
  return {kept, "fr_live_" + std::string(43, 'A')};
}

backup_report a_backup() {
  return {made_at, 3, 14, 4'711'042, true};
}

agent_node a_node() {
  agent_node below;
  below.agent = an_agent();
  below.state = live_state::running;
  agent_node top;
  top.agent = an_agent();
  top.agent.name = "Captain";
  top.agent.role = "You lead the crew.";
  top.agent.glyph = "🧭";
  top.queue_length = 2;
  below.agent.manager = top.agent.id;
  top.reports = {below};
  return top;
}

json parsed(const std::string& text) {
  return json::parse(text);
}

}  // namespace

json answer_examples() {
  return {
      {"Agent", parsed(to_json(an_agent()))},
      {"AgentTree", parsed(to_json(std::vector{a_node()}))},
      {"Memory", parsed(to_json(a_memory()))},
      {"Task", parsed(to_json(a_task()))},
      {"TaskDetail", parsed(to_json(a_task_detail()))},
      {"Event", parsed(to_json(an_event()))},
      {"Message", parsed(to_json(a_message()))},
      {"Epic", parsed(to_json(an_epic()))},
      {"EpicDetail", parsed(to_json(epic_detail{an_epic(), {a_task()}, {a_message()}}))},
      {"Secret", parsed(to_json(a_secret()))},
      {"McpServer", parsed(to_json(an_mcp_server()))},
      {"Usage", parsed(to_json(a_usage()))},
      {"Me", parsed(to_json(an_identity()))},
      {"Token", parsed(to_json(a_token()))},
      {"NewToken", parsed(to_json(a_new_token()))},
      {"Backup", parsed(to_json(a_backup()))},
      {"Ok", {{"ok", true}}},
      {"Probe", {{"status", "alive"}}},
      {"Readiness", {{"status", "ready"}, {"recovery", {{"state", "running"}, {"agents", 120}, {"done", 80}}}}},
  };
}

}  // namespace flotilla::http
