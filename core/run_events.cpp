// Makes and reads the events of a run's journal.
#include "core/run_events.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/bus_types.hpp"
#include "core/message_text.hpp"
#include "core/name_table.hpp"
#include "core/utf8.hpp"

namespace flotilla {
namespace {

using json = nlohmann::ordered_json;

/// How much of a tool call's arguments its event's text shows, in bytes.
constexpr std::size_t max_shown_arguments = 500;

constexpr name_table<approval_reason, 3> approval_reasons{{"policy", "unknown_outcome", "asked"}};

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

event make(event_type type, std::string_view text) {
  event made;
  made.type = type;
  made.text = text;
  return made;
}

event make(event_type type, std::string_view text, const json& data) {
  auto made = make(type, text);
  made.data = dump(data);
  return made;
}

json usage_json(const token_usage& usage) {
  return {
      {"input_tokens", usage.input_tokens}, {"output_tokens", usage.output_tokens}, {"total_tokens", usage.total()}};
}

/// Arguments as a JSON object: what is none becomes an empty one.
json arguments_json(const std::string& text) {
  auto parsed = json::parse(text, nullptr, false);
  return parsed.is_object() ? parsed : json::object();
}

json parse_data(const event& from) {
  return from.data ? json::parse(*from.data, nullptr, false) : json::object();
}

tl::unexpected<error> damaged(const event& from) {
  return fail(errc::internal, "event " + std::to_string(from.seq) + " of the journal cannot be read");
}

/// A count of tokens: a number that is not negative, or absent (0).
std::optional<std::uint64_t> read_count(const json& object, const char* field) {
  const auto found = object.find(field);
  if (found == object.end()) return 0;
  if (!found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

/// Nothing where it is there and cannot be read.
std::optional<token_usage> read_usage(const json& object) {
  const auto found = object.find("usage");
  if (found == object.end()) return token_usage{};
  if (!found->is_object()) return std::nullopt;
  const auto input = read_count(*found, "input_tokens");
  const auto output = read_count(*found, "output_tokens");
  if (!input || !output) return std::nullopt;
  return token_usage{*input, *output};
}

/// The calls with ids that tell them apart: a vendor may send none, or the same twice, and a result could then not
/// be matched with its call. An id that is the first of its kind stays as it is.
std::vector<tool_request> with_unique_ids(std::vector<tool_request> calls) {
  std::set<std::string> taken;
  for (const auto& call : calls) taken.insert(call.call_id);
  std::set<std::string> seen{std::string()};
  for (auto& call : calls) {
    if (seen.insert(call.call_id).second) continue;
    const auto stem = call.call_id.empty() ? std::string("call") : call.call_id;
    std::size_t number = call.call_id.empty() ? 1 : 2;
    while (!taken.insert(stem + "_" + std::to_string(number)).second) ++number;
    call.call_id = stem + "_" + std::to_string(number);
  }
  return calls;
}

bool is_text(const json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_string();
}

json message_json(const told_message& said) {
  json made{{"id", said.id.to_string()}, {"seq", said.seq}, {"from", to_word(said.from)}, {"name", said.name}};
  if (said.team) made["team"] = *said.team;
  made["text"] = said.text;
  made["at"] = to_string(said.at);
  return made;
}

std::optional<told_message> read_message(const json& from) {
  if (!from.is_object()) return std::nullopt;
  for (const auto* field : {"id", "from", "name", "text", "at"}) {
    if (!is_text(from, field)) return std::nullopt;
  }
  const auto id = message_id::parse(from["id"].get_ref<const std::string&>());
  const auto seq = read_count(from, "seq");
  const auto sender = parse_party(from["from"].get_ref<const std::string&>());
  const auto at = parse_timestamp(from["at"].get_ref<const std::string&>());
  if (!id || !seq || !sender || !at || (from.contains("team") && !is_text(from, "team"))) return std::nullopt;
  told_message said{*id, *seq, *sender, from["name"], std::nullopt, from["text"], *at};
  if (from.contains("team")) said.team = from["team"].get<std::string>();
  return said;
}

}  // namespace

std::string_view to_string(approval_reason reason) noexcept {
  return approval_reasons.name(reason);
}

event status_event(std::string_view text) {
  return make(event_type::status, text);
}

event running_event(std::uint32_t attempt, std::string_view provider, std::string_view model) {
  return make(event_type::status, run_status::running,
              {{"attempt", attempt}, {"provider", provider}, {"model", model}});
}

event memory_event(const agent_memory& what) {
  const auto tasks =
      std::count_if(what.entries.begin(), what.entries.end(), [](const memory_entry& each) { return !!each.task; });
  const auto shown = static_cast<std::uint64_t>(tasks);
  return make(event_type::status, run_status::memory,
              {{"tokens", what.tokens},
               {"tasks", shown},
               {"messages", what.entries.size() - shown},
               {"omittedTasks", what.omitted_tasks},
               {"omittedMessages", what.omitted_messages}});
}

event mail_event(const std::vector<told_message>& messages) {
  auto list = json::array();
  for (const auto& each : messages) list.push_back(message_json(each));
  return make(event_type::status, run_status::mail, {{"messages", std::move(list)}});
}

event model_call_event(std::uint32_t turn, std::uint32_t attempt, std::optional<std::uint32_t> cut_at) {
  json data{{"turn", turn}, {"try", attempt}};
  if (cut_at) data["maxOutputTokens"] = *cut_at;
  return make(event_type::status, run_status::model_call, data);
}

std::optional<event> delta_event(const model_delta& delta) {
  if (const auto* text = std::get_if<text_delta>(&delta)) return make(event_type::output, text->text);
  if (const auto* thought = std::get_if<thinking_delta>(&delta)) return make(event_type::thinking, thought->text);
  const auto& end = std::get<thinking_end>(delta);
  if (end.opaque.empty()) return std::nullopt;
  auto opaque = json::parse(end.opaque, nullptr, false);
  if (opaque.is_discarded()) return std::nullopt;
  return make(event_type::thinking, "", {{"opaque", std::move(opaque)}});
}

event draft_event(std::string_view text) {
  return make(event_type::status, run_status::draft, {{"text", text}});
}

event output_rejected_event(const std::vector<std::string>& errors, std::uint32_t number) {
  return make(event_type::status, run_status::output_rejected, {{"errors", errors}, {"try", number}});
}

event model_answer_event(const model_answer& answer) {
  auto calls = json::array();
  for (const auto& call : with_unique_ids(answer.calls)) {
    calls.push_back({{"callId", call.call_id}, {"tool", call.tool}, {"arguments", arguments_json(call.arguments)}});
  }
  return make(
      event_type::status, run_status::model_answer,
      {{"stopReason", to_string(answer.stop)}, {"usage", usage_json(answer.usage)}, {"calls", std::move(calls)}});
}

event retrying_event(const model_failure& failure, std::uint32_t tries_made, std::chrono::milliseconds delay) {
  return make(event_type::status, run_status::retrying,
              {{"code", failure.code},
               {"message", failure.message},
               {"try", tries_made},
               {"delayMs", delay.count()},
               {"usage", usage_json(failure.usage)}});
}

event tool_call_event(const tool_request& request) {
  const auto arguments = arguments_json(request.arguments);
  const auto shown = dump(arguments);
  auto made = make(event_type::tool_call, request.tool + " " + std::string(cut_utf8(shown, max_shown_arguments)),
                   {{"arguments", arguments}});
  made.tool = request.tool;
  made.call_id = request.call_id;
  return made;
}

event tool_result_event(std::string_view tool, const tool_outcome& outcome) {
  std::string text(cut_utf8(outcome.text, max_tool_result_bytes));
  if (text.size() < outcome.text.size()) {
    text += "\n[cut: " + std::to_string(text.size()) + " of " + std::to_string(outcome.text.size()) + " bytes]";
  }
  auto made = make(event_type::tool_result, text);
  if (outcome.is_error) made.data = R"({"isError":true})";
  made.tool = tool;
  made.call_id = outcome.call_id;
  return made;
}

event approval_requested_event(const tool_request& request, approval_reason reason) {
  auto made = make(event_type::status, run_status::approval_requested,
                   {{"reason", to_string(reason)}, {"arguments", arguments_json(request.arguments)}});
  made.tool = request.tool;
  made.call_id = request.call_id;
  return made;
}

event decision_event(const call_decision& word, std::string_view tool, std::string_view call_id) {
  auto made = make(event_type::status, word.granted ? run_status::approved : run_status::rejected);
  auto data = json::object();
  if (!word.comment.empty()) data["comment"] = word.comment;
  if (word.expired) data["expired"] = true;
  if (!data.empty()) made.data = dump(data);
  made.tool = tool;
  made.call_id = call_id;
  return made;
}

event delegated_event(const tool_request& request, const delegated_task& made_task) {
  auto made = make(event_type::status, run_status::delegated,
                   {{"taskId", made_task.task.to_string()},
                    {"assignee", made_task.assignee.to_string()},
                    {"wait", made_task.wait}});
  made.tool = request.tool;
  made.call_id = request.call_id;
  return made;
}

event context_trimmed_event(std::size_t results, std::size_t bytes) {
  return make(event_type::status, run_status::context_trimmed, {{"results", results}, {"bytes", bytes}});
}

event crashed_event(std::uint32_t tries) {
  return make(event_type::status, run_status::crashed, {{"try", tries}});
}

event error_event(const task_error& why) {
  return make(event_type::error, why.message, {{"code", why.code}});
}

result<std::optional<std::uint32_t>> read_cut_at(const event& from) {
  const auto data = parse_data(from);
  if (!data.is_object()) return damaged(from);
  if (!data.contains("maxOutputTokens")) return std::nullopt;
  const auto count = read_count(data, "maxOutputTokens");
  if (!count || *count > std::numeric_limits<std::uint32_t>::max()) return damaged(from);
  return static_cast<std::uint32_t>(*count);
}

result<std::vector<told_message>> read_mail(const event& from) {
  const auto data = parse_data(from);
  if (!data.is_object()) return damaged(from);
  const auto list = data.find("messages");
  if (list == data.end() || !list->is_array() || list->empty()) return damaged(from);
  std::vector<told_message> messages;
  for (const auto& each : *list) {
    auto read = read_message(each);
    if (!read) return damaged(from);
    messages.push_back(std::move(*read));
  }
  return messages;
}

result<model_answer> read_model_answer(const event& from) {
  const auto data = parse_data(from);
  if (!data.is_object() || !is_text(data, "stopReason") || !data.contains("calls")) return damaged(from);
  const auto stop = parse_stop_reason(data["stopReason"].get_ref<const std::string&>());
  if (!stop || !data["calls"].is_array()) return damaged(from);
  model_answer answer;
  answer.stop = *stop;
  const auto usage = read_usage(data);
  if (!usage) return damaged(from);
  answer.usage = *usage;
  for (const auto& call : data["calls"]) {
    if (!call.is_object() || !is_text(call, "callId") || !is_text(call, "tool") || !call.contains("arguments")) {
      return damaged(from);
    }
    answer.calls.push_back({call["callId"], call["tool"], dump(call["arguments"])});
  }
  return answer;
}

result<std::string> read_draft(const event& from) {
  const auto data = parse_data(from);
  if (!data.is_object() || !is_text(data, "text")) return damaged(from);
  return data["text"].get<std::string>();
}

result<std::vector<std::string>> read_rejection(const event& from) {
  const auto data = parse_data(from);
  if (!data.is_object() || !data.contains("errors") || !data["errors"].is_array()) return damaged(from);
  std::vector<std::string> errors;
  for (const auto& each : data["errors"]) {
    if (!each.is_string()) return damaged(from);
    errors.push_back(each.get<std::string>());
  }
  return errors;
}

result<token_usage> read_retry_usage(const event& from) {
  const auto data = parse_data(from);
  if (!data.is_object()) return damaged(from);
  const auto usage = read_usage(data);
  if (!usage) return damaged(from);
  return *usage;
}

result<tool_outcome> read_tool_outcome(const event& from) {
  const auto data = parse_data(from);
  if (!from.call_id || !data.is_object()) return damaged(from);
  const auto flag = data.find("isError");
  if (flag != data.end() && !flag->is_boolean()) return damaged(from);
  return tool_outcome{*from.call_id, from.text, flag != data.end() && flag->get<bool>()};
}

std::string read_opaque(const event& from) {
  const auto data = parse_data(from);
  return data.is_object() && data.contains("opaque") ? dump(data["opaque"]) : std::string();
}

call_decision read_decision(const event& from) {
  const auto data = parse_data(from);
  call_decision word;
  word.granted = from.text == run_status::approved;
  if (!data.is_object()) return word;
  if (is_text(data, "comment")) word.comment = data["comment"].get<std::string>();
  word.expired = !word.granted && data.contains("expired") && data["expired"] == true;
  return word;
}

result<delegated_task> read_delegated(const event& from) {
  const auto data = parse_data(from);
  if (!data.is_object() || !is_text(data, "taskId") || !is_text(data, "assignee")) return damaged(from);
  const auto task = task_id::parse(data["taskId"].get_ref<const std::string&>());
  const auto assignee = agent_id::parse(data["assignee"].get_ref<const std::string&>());
  const auto wait = data.find("wait");
  if (!task || !assignee || wait == data.end() || !wait->is_boolean()) return damaged(from);
  return delegated_task{*task, *assignee, wait->get<bool>(), false};
}

result<std::size_t> read_trimmed_results(const event& from) {
  const auto data = parse_data(from);
  const auto results = data.is_object() ? read_count(data, "results") : std::nullopt;
  if (!results) return damaged(from);
  return static_cast<std::size_t>(*results);
}

std::optional<approval_reason> read_approval_reason(const event& from) {
  const auto data = parse_data(from);
  if (!data.is_object() || !is_text(data, "reason")) return std::nullopt;
  return approval_reasons.parse(data["reason"].get_ref<const std::string&>());
}

futile_tries count_futile_tries(const std::vector<event>& attempt) {
  futile_tries found;
  for (auto at = attempt.rbegin(); at != attempt.rend(); ++at) {
    if (at->type != event_type::status) break;
    if (at->text == run_status::crashed) {
      ++found.crashes;
    } else if (at->text == run_status::resumed) {
      ++found.resumes;
    } else if (at->text != run_status::model_call && at->text != run_status::budget_wait &&
               at->text != run_status::suspended) {
      break;
    }
  }
  return found;
}

}  // namespace flotilla
