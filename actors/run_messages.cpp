// Makes the bus messages that tell of tasks and their tools.
#include "actors/run_messages.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/budget_rules.hpp"
#include "core/bus_types.hpp"

namespace flotilla::actors {
namespace {

using json = nlohmann::ordered_json;

storage::message_draft draft(std::string_view type, const task& about, std::string text, const json& data) {
  storage::message_draft made;
  made.type = type;
  made.from = party::of(about.assignee);
  made.to = party::everyone();
  made.task_id = about.id;
  made.epic_id = about.epic_id;
  made.text = std::move(text);
  made.data = data.dump(-1, ' ', false, json::error_handler_t::replace);
  return made;
}

}  // namespace

storage::message_draft task_message(std::string_view type, const task& about) {
  json data{{"status", to_string(about.status)}, {"attempt", about.attempt}};
  if (about.error) data["error"] = {{"code", about.error->code}, {"message", about.error->message}};
  if (about.usage.total() > 0) {
    data["usage"] = {{"input_tokens", about.usage.input_tokens},
                     {"output_tokens", about.usage.output_tokens},
                     {"total_tokens", about.usage.total()}};
  }
  auto made = draft(type, about, about.title, data);
  if (type == bus::task_created) {
    made.from = about.requester ? party::of(*about.requester) : party::user();
    made.to = party::of(about.assignee);
  }
  return made;
}

storage::message_draft call_message(std::string_view type, const task& about, const tool_request& call) {
  return draft(type, about, call.tool, {{"tool", call.tool}, {"callId", call.call_id}});
}

storage::message_draft result_message(const task& about, std::string_view tool, const tool_outcome& outcome) {
  return draft(bus::tool_result, about, std::string(tool),
               {{"tool", tool}, {"callId", outcome.call_id}, {"isError", outcome.is_error}});
}

storage::message_draft decision_message(const call_decision& word, const task& about, const tool_request& call) {
  json data{{"tool", call.tool}, {"callId", call.call_id}};
  if (!word.comment.empty()) data["comment"] = word.comment;
  if (word.expired) data["expired"] = true;
  auto made = draft(word.granted ? bus::approval_granted : bus::approval_rejected, about, call.tool, data);
  made.from = word.expired ? party::system() : party::user();
  made.to = party::of(about.assignee);
  return made;
}

storage::message_draft recovery_message(std::string_view type, std::string text, std::uint64_t agents,
                                        std::uint64_t done) {
  storage::message_draft made;
  made.type = type;
  made.from = party::system();
  made.to = party::everyone();
  made.text = std::move(text);
  made.data = json{{"agents", agents}, {"done", done}}.dump();
  return made;
}

storage::message_draft limit_message(std::string text) {
  storage::message_draft made;
  made.type = bus::usage_limit;
  made.from = party::system();
  made.to = party::everyone();
  made.text = std::move(text);
  return made;
}

storage::message_draft limit_message(const task& about, const storage::budget* reached) {
  json data{{"code", budget_exceeded_code}};
  if (reached != nullptr) {
    data["tokens"] = reached->claim.limit;
    data["period"] = to_string(reached->claim.row.period);
    data["agent"] = reached->holder ? json(reached->holder->to_string()) : json();
  }
  auto made = draft(bus::usage_limit, about, about.error ? about.error->message : std::string(), data);
  made.from = party::system();
  return made;
}

storage::message_draft agent_message(std::string_view type, agent_id about, std::string text) {
  storage::message_draft made;
  made.type = type;
  made.from = party::of(about);
  made.to = party::everyone();
  made.text = std::move(text);
  return made;
}

storage::message_draft crash_message(agent_id about, std::uint32_t restarts, std::uint64_t delay_ms) {
  auto made = agent_message(bus::agent_crashed, about,
                            "The agent's actor has crashed; it is restarted in " + std::to_string(delay_ms) + " ms.");
  made.data = json{{"restarts", restarts}, {"delayMs", delay_ms}}.dump();
  return made;
}

std::vector<storage::message_draft> failure_messages(const agent& failed) {
  std::vector<storage::message_draft> made;
  made.push_back(agent_message(bus::agent_failed, failed.id,
                               "The agent has crashed too often and is paused. Its running task has ended in an "
                               "error; the others stay until it is resumed."));
  if (!failed.manager) return made;
  made.front().to = party::of(*failed.manager);
  storage::message_draft told;
  told.type = bus::agent_message;
  told.from = party::system();
  told.to = party::of(*failed.manager);
  told.text = "Your report " + failed.name + " (" + failed.id.to_string() +
              ") has crashed too often and is paused. The task that it had has ended in an error; its others stay "
              "until a human resumes it.";
  made.push_back(std::move(told));
  return made;
}

}  // namespace flotilla::actors
