#include "core/builtin_tools.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/utf8.hpp"
#include "flotilla/limits.hpp"

namespace flotilla::builtin {
namespace {

using json = nlohmann::ordered_json;

json text_property(std::string_view about, std::size_t most) {
  return {{"type", "string"}, {"minLength", 1}, {"maxLength", most}, {"description", about}};
}

std::string schema_of(const json& properties, const json& required) {
  return json{{"type", "object"}, {"properties", properties}, {"required", required}, {"additionalProperties", false}}
      .dump();
}

/// A role in one line, cut where it is long.
std::string in_short(std::string_view role) {
  const auto line = role.substr(0, role.find_first_of("\r\n"));
  const auto shown = cut_utf8(line, max_told_role_bytes);
  return std::string(shown) + (shown.size() < role.size() ? "…" : "");
}

std::string told_reports(const std::vector<report>& reports) {
  std::string text;
  for (std::size_t i = 0; i < reports.size() && i < max_named_reports; ++i) {
    const auto& each = reports[i];
    text += "\n- " + each.name + " (" + each.id.to_string() + "): " + in_short(each.role);
  }
  if (reports.size() > max_named_reports) text += "\n- and others, by their ids";
  return text;
}

/// Reads the fields of the arguments; keeps the first complaint.
class argument_reader {
 public:
  explicit argument_reader(std::string_view text) : object_(json::parse(text, nullptr, false)) {
    if (!object_.is_object()) complain("the arguments must be a JSON object");
  }

  void text(const char* name, std::size_t most, std::string& into) {
    const auto* found = find(name);
    if (found == nullptr) return complain(std::string(name) + ": is missing");
    if (!found->is_string()) return complain(std::string(name) + ": must be a text");
    into = found->get<std::string>();
    if (into.empty()) complain(std::string(name) + ": must not be empty");
    if (into.size() > most) complain(std::string(name) + ": has more than " + std::to_string(most) + " bytes");
    if (into.find('\0') != std::string::npos) complain(std::string(name) + ": holds a zero byte");
  }
  void text_if_any(const char* name, std::size_t most, std::optional<std::string>& into) {
    const auto* found = find(name);
    if (found == nullptr || found->is_null()) return;
    text(name, most, into.emplace());
  }
  void priority(std::optional<task_priority>& into) {
    const auto* found = find("priority");
    if (found == nullptr || found->is_null()) return;
    if (found->is_string()) into = parse_task_priority(found->get_ref<const std::string&>());
    if (!into) complain("priority: must be low, normal or high");
  }
  void flag(const char* name, bool& into) {
    const auto* found = find(name);
    if (found == nullptr || found->is_null()) return;
    if (!found->is_boolean()) return complain(std::string(name) + ": must be true or false");
    into = found->get<bool>();
  }

  void complain(std::string what) {
    if (complaint_.empty()) complaint_ = std::move(what);
  }

  [[nodiscard]] const std::string& complaint() const noexcept { return complaint_; }

 private:
  const json* find(const char* name) const {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }

  json object_;
  std::string complaint_;
};

}  // namespace

bool is_builtin(std::string_view tool) noexcept {
  return tool == delegate || tool == ask_approval || tool == send_message;
}

tool_spec ask_approval_tool() {
  // Every run has it, so it is written once.
  static const tool_spec made{
      std::string(ask_approval),
      "Asks a human for approval and waits for the answer. Use it before you do something that cannot be undone, or "
      "where you are not sure that you may.",
      schema_of({{"question", text_property("What the human is to approve.", max_question_bytes)}}, {"question"}),
      false, false};
  return made;
}

tool_spec delegate_tool(const std::vector<report>& reports) {
  tool_spec made;
  made.name = delegate;
  made.description =
      "Gives a task to one of your reports. You are told its result when it has ended; several calls at once run "
      "side "
      "by side. Say all that is needed in the input: your report does not see this conversation. Your reports:" +
      told_reports(reports);
  made.input_schema = schema_of(
      {{"to", text_property("The id or the name of the report.", max_name_bytes)},
       {"title", text_property("A short label.", max_title_bytes)},
       {"input", text_property("The full task.", max_input_bytes)},
       {"priority", {{"type", "string"}, {"enum", {"low", "normal", "high"}}}},
       {"wait", {{"type", "boolean"}, {"description", "false: go on without the result. True unless said."}}}},
      {"to", "title", "input"});
  return made;
}

result<delegate_arguments> read_delegate_arguments(std::string_view text) {
  delegate_arguments read;
  argument_reader in(text);
  in.text("to", max_name_bytes, read.to);
  in.text("title", max_title_bytes, read.title);
  in.text("input", max_input_bytes, read.input);
  in.priority(read.priority);
  in.flag("wait", read.wait);
  if (!in.complaint().empty()) return fail(errc::invalid, in.complaint());
  return read;
}

tool_outcome delegated_outcome(std::string call_id, task_id made) {
  return {std::move(call_id), json{{"taskId", made.to_string()}, {"status", "pending"}}.dump(), false};
}

tool_outcome ended_outcome(std::string call_id, const task& ended) {
  if (ended.status == task_status::done) return {std::move(call_id), ended.output.value_or(""), false};
  const auto why = ended.error.value_or(task_error{"unknown", "It has not ended."});
  return {std::move(call_id), "The task ended in an error (" + why.code + "): " + why.message, true};
}

tool_spec send_message_tool() {
  // Every agent's run has it, so it is written once.
  static const tool_spec made{
      std::string(send_message),
      "Sends a message to another agent, or to every other member of a team. It returns at once, without an answer: "
      "what others say to you appears in this conversation at the beginning of your next turn. A receiver that is "
      "idle reads it with its next task; with wake, the message itself becomes a task for it.",
      schema_of(
          {{"to", text_property("The id or the name of the agent. Either this or team.", max_name_bytes)},
           {"team", text_property("The name of the team. Either this or to.", max_name_bytes)},
           {"text", text_property("The message.", max_message_bytes)},
           {"wake",
            {{"type", "boolean"}, {"description", "true: an idle receiver acts on it now. False unless said."}}}},
          {"text"}),
      false, false};
  return made;
}

result<send_message_arguments> read_send_message_arguments(std::string_view text) {
  send_message_arguments read;
  argument_reader in(text);
  in.text_if_any("to", max_name_bytes, read.to);
  in.text_if_any("team", max_name_bytes, read.team);
  in.text("text", max_message_bytes, read.text);
  in.flag("wake", read.wake);
  if (read.to.has_value() == read.team.has_value()) in.complain("to: exactly one of to and team must be given");
  if (!in.complaint().empty()) return fail(errc::invalid, in.complaint());
  return read;
}

tool_outcome sent_outcome(std::string call_id, const std::vector<std::pair<agent_id, std::string>>& receivers) {
  auto list = json::array();
  for (const auto& [id, name] : receivers) list.push_back({{"id", id.to_string()}, {"name", name}});
  const json told{{"delivered", std::move(list)}};
  return {std::move(call_id), told.dump(-1, ' ', false, json::error_handler_t::replace), false};
}

}  // namespace flotilla::builtin
