// The wire format of Chat Completions.
#include "providers/openai_format.hpp"

#include "providers/failures.hpp"
#include "providers/json_access.hpp"

namespace flotilla {
namespace {

using nlohmann::json;

constexpr std::string_view last_event = "[DONE]";

std::string_view vendor_of(chat_dialect dialect) {
  return dialect == chat_dialect::openrouter ? "openrouter" : "openai";
}

/// The conversation as messages.
class message_list {
 public:
  explicit message_list(chat_dialect dialect) : dialect_(dialect) {}

  void add(const user_turn& turn) { messages_.push_back({{"role", "user"}, {"content", turn.text}}); }

  void add(const assistant_turn& turn) {
    json message = {{"role", "assistant"}, {"content", nullptr}};
    if (!turn.text.empty()) message["content"] = turn.text;
    for (const auto& call : turn.calls) {
      message["tool_calls"].push_back({{"id", call.call_id},
                                       {"type", "function"},
                                       {"function", {{"name", call.tool}, {"arguments", call.arguments}}}});
    }
    if (turn.text.empty() && turn.calls.empty()) return;
    if (dialect_ == chat_dialect::openrouter) add_reasoning(message, turn.thinking);
    messages_.push_back(std::move(message));
  }

  void add(const tool_turn& turn) {
    for (const auto& outcome : turn.outcomes) {
      messages_.push_back({{"role", "tool"},
                           {"tool_call_id", outcome.call_id},
                           {"content", outcome.is_error ? "Error: " + outcome.text : outcome.text}});
    }
  }

  void add_system(std::string_view text) { messages_.push_back({{"role", "system"}, {"content", text}}); }

  json take() && { return std::move(messages_); }

 private:
  static void add_reasoning(json& message, const std::vector<thinking_block>& thinking) {
    json details = json::array();
    for (const auto& thought : thinking) {
      const auto opaque = read_json(thought.opaque);
      for (const auto& detail : member(opaque, "reasoning_details")) details.push_back(detail);
    }
    if (!details.empty()) message["reasoning_details"] = std::move(details);
  }

  chat_dialect dialect_;
  json messages_ = json::array();
};

json tool_list(const std::vector<tool_spec>& tools) {
  json list = json::array();
  for (const auto& tool : tools) {
    auto schema = read_json(tool.input_schema);
    if (!schema.is_object()) schema = {{"type", "object"}};
    list.push_back(
        {{"type", "function"},
         {"function", {{"name", tool.name}, {"description", tool.description}, {"parameters", std::move(schema)}}}});
  }
  return list;
}

std::optional<stop_reason> stop_of(std::string_view word) {
  if (word == "length") return stop_reason::max_tokens;
  if (word == "tool_calls" || word == "function_call") return stop_reason::tool_use;
  if (word == "content_filter") return stop_reason::refusal;
  return stop_reason::end_turn;  // stop, and what is not known yet
}

/// The HTTP status that an error in mid-stream stands for. OpenRouter and vLLM say it; OpenAI says a word.
int status_of(const json& error, std::string_view words) {
  const auto& code = member(error, "code");
  constexpr int lowest = 400;
  constexpr int highest = 599;
  if (code.is_number_integer()) {
    const auto value = code.get<std::int64_t>();
    return value >= lowest && value <= highest ? static_cast<int>(value) : 500;
  }
  const auto says = [words](std::string_view word) { return words.find(word) != std::string_view::npos; };
  if (says("rate_limit")) return 429;
  if (says("overloaded")) return 529;
  if (says("timeout")) return 504;
  if (says("invalid") || says("quota") || says("BadRequest") || says("not_found") || says("permission")) return 400;
  return 500;
}

}  // namespace

/// The pieces of `reasoning_details`, put together as they must be sent back.
struct chat_decoder::reasoning_log {
  json details = json::array();

  /// Pieces of one text or summary follow each other and become one; everything else stands for itself.
  void add(const json& piece) {
    const auto type = text_member(piece, "type");
    const auto grows = type == "reasoning.text" || type == "reasoning.summary";
    if (!grows || details.empty() || text_member(details.back(), "type") != type ||
        count_member(details.back(), "index") != count_member(piece, "index")) {
      details.push_back(piece);
      return;
    }
    auto& whole = details.back();
    const auto* growing = type == "reasoning.text" ? "text" : "summary";
    const auto joined = text_member(whole, growing) + text_member(piece, growing);
    for (const auto& [name, value] : piece.items()) {
      if (!value.is_null()) whole[name] = value;
    }
    whole[growing] = joined;
  }
};

std::string chat_body(const model_request& request, chat_dialect dialect) {
  message_list messages(dialect);
  if (!request.system.empty()) messages.add_system(request.system);
  for (const auto& turn : request.turns) {
    std::visit([&messages](const auto& one) { messages.add(one); }, turn);
  }
  json body = {{"model", request.model},
               {"stream", true},
               {"stream_options", {{"include_usage", true}}},
               {"messages", std::move(messages).take()}};
  if (!request.tools.empty()) body["tools"] = tool_list(request.tools);
  if (request.max_output_tokens) {
    body[dialect == chat_dialect::openai ? "max_completion_tokens" : "max_tokens"] = *request.max_output_tokens;
  }
  return write_json(body);
}

std::string call_prefix_for(const model_request& request) {
  return "call_" + std::to_string(request.turns.size()) + "_";
}

chat_decoder::chat_decoder(chat_dialect dialect, std::string call_prefix, std::size_t max_answer_bytes,
                           model_sink& sink)
    : stream_decoder(std::string(vendor_of(dialect)), max_answer_bytes, sink),
      dialect_(dialect),
      call_prefix_(std::move(call_prefix)),
      reasoning_(std::make_unique<reasoning_log>()) {
}

chat_decoder::~chat_decoder() = default;

void chat_decoder::on_event_data(std::string_view, std::string_view data) {
  if (data == last_event) {
    // Some servers give no finish_reason; that they said they are done is enough.
    if (!stop) stop = stop_reason::end_turn;
    return tell_answer();
  }
  const auto chunk = read_json(data);
  if (!chunk.is_object()) return tell_protocol_failure("an event is not a JSON object");
  const auto& counted = member(chunk, "usage");
  if (counted.is_object()) {
    usage = {count_member(counted, "prompt_tokens"), count_member(counted, "completion_tokens")};
  }
  const auto& error = member(chunk, "error");
  if (!error.is_null()) return fail_with(error);
  if (text_member(chunk, "object") == "error") return fail_with(chunk);
  const auto& choices = member(chunk, "choices");
  if (!choices.is_array()) return;
  for (const auto& choice : choices) {
    if (count_member(choice, "index") == 0 && !ended()) take_choice(choice);
  }
}

template <class Json>
void chat_decoder::take_choice(const Json& choice) {
  const auto& error = member(choice, "error");
  if (!error.is_null()) return fail_with(error);
  const auto& delta = member(choice, "delta");
  take_reasoning(delta);
  auto text = text_member(delta, "content");
  if (!text.empty()) end_reasoning();
  tell_text(std::move(text));
  auto refusal = text_member(delta, "refusal");
  if (!refusal.empty()) {
    end_reasoning();
    refused_ = true;
    tell_text(std::move(refusal));
  }
  take_calls(member(delta, "tool_calls"));
  const auto& legacy = member(delta, "function_call");
  if (legacy.is_object()) take_call(Json{{"index", 0}, {"function", legacy}});
  const auto why = text_member(choice, "finish_reason");
  if (why == "error") return fail_with(Json{{"message", "the model stopped with an error"}});
  if (!why.empty() && !ended()) stop = stop_of(why);
}

template <class Json>
void chat_decoder::take_reasoning(const Json& delta) {
  auto thought = text_member(delta, "reasoning_content");
  if (thought.empty()) thought = text_member(delta, "reasoning");
  const auto& details = member(delta, "reasoning_details");
  if (dialect_ == chat_dialect::openrouter && details.is_array()) {
    const auto spoken_elsewhere = !thought.empty();
    for (const auto& piece : details) {
      if (!piece.is_object()) continue;
      if (!take(write_json(piece).size())) return;
      reasoning_->add(piece);
      if (!spoken_elsewhere) thought += text_member(piece, "text") + text_member(piece, "summary");
    }
  }
  tell_thinking(std::move(thought));
}

void chat_decoder::end_reasoning() {
  auto details = std::exchange(reasoning_->details, json::array());
  close_thinking(details.empty() ? std::string{} : write_json(json{{"reasoning_details", std::move(details)}}));
}

template <class Json>
void chat_decoder::take_calls(const Json& list) {
  if (!list.is_array() || list.empty()) return;
  end_reasoning();
  for (const auto& piece : list) {
    if (!ended()) take_call(piece);
  }
}

template <class Json>
void chat_decoder::take_call(const Json& piece) {
  const auto& function = member(piece, "function");
  auto* one = call_of(piece);
  if (one == nullptr) return tell_too_large();
  const auto& arguments = member(function, "arguments");
  // Some servers send the arguments as an object.
  const auto more = arguments.is_object() ? write_json(arguments) : text_member(function, "arguments");
  const auto id = text_member(piece, "id");
  const auto name = text_member(function, "name");
  if (!take(id.size() + name.size() + more.size())) return;
  if (!id.empty()) one->id = id;
  if (one->name.empty()) one->name = name;
  one->arguments += more;
}

/// The call that a piece belongs to, a new one where it begins one; null where there are too many.
template <class Json>
chat_decoder::open_call* chat_decoder::call_of(const Json& piece) {
  const auto id = text_member(piece, "id");
  const auto& place = member(piece, "index");
  auto* last = open_calls_.empty() ? nullptr : &open_calls_.back();
  const auto index =
      place.is_number_unsigned() ? place.template get<std::uint64_t>() : (last == nullptr ? 0 : last->index);
  // From the back: some servers give every call the index 0 and tell them apart by id.
  for (auto one = open_calls_.rbegin(); one != open_calls_.rend(); ++one) {
    if (one->index != index) continue;
    if (id.empty() || one->id.empty() || one->id == id) return &*one;
  }
  if (open_calls_.size() >= max_calls_in_answer) return nullptr;
  open_calls_.push_back({index, {}, {}, {}});
  return &open_calls_.back();
}

void chat_decoder::complete() {
  end_reasoning();
  if (refused_) stop = stop_reason::refusal;
  // A cut answer's calls may be cut as well: the model is asked to go on, and makes them again.
  if (stop == stop_reason::max_tokens || stop == stop_reason::refusal) return;
  for (auto& one : open_calls_) {
    if (one.name.empty()) return tell_protocol_failure("a tool call has no name");
    if (one.id.empty()) one.id = call_prefix_ + std::to_string(calls.size() + 1);
    calls.push_back({std::move(one.id), std::move(one.name), object_or_empty(std::move(one.arguments))});
  }
  stop = calls.empty() ? stop_reason::end_turn : stop_reason::tool_use;
}

template <class Json>
void chat_decoder::fail_with(const Json& error) {
  const auto words = error.is_string() ? error.template get<std::string>() : vendor_words(write_json(error));
  tell_failure(status_failure(vendor(), status_of(error, words), words, std::nullopt));
}

}  // namespace flotilla
