// Anthropic's wire format.
#include "providers/anthropic_format.hpp"

#include <array>

#include "providers/failures.hpp"
#include "providers/json_access.hpp"

namespace flotilla {
namespace {

using nlohmann::json;

constexpr std::string_view whitespace = " \t\r\n\f\v";

bool is_blank(std::string_view text) {
  return text.find_first_not_of(whitespace) == std::string_view::npos;
}

json text_block(std::string_view text) {
  return {{"type", "text"}, {"text", text}};
}

/// The conversation as messages.
class message_list {
 public:
  void add(const user_turn& turn) {
    if (!is_blank(turn.text)) side("user").push_back(text_block(turn.text));
  }

  void add(const assistant_turn& turn) {
    json blocks = json::array();
    for (const auto& thought : turn.thinking) add_thinking(blocks, thought);
    if (!is_blank(turn.text)) blocks.push_back(text_block(turn.text));
    for (const auto& call : turn.calls) {
      auto input = read_json(call.arguments);
      if (!input.is_object()) input = json::object();
      blocks.push_back(
          {{"type", "tool_use"}, {"id", call.call_id}, {"name", call.tool}, {"input", std::move(input)}});
    }
    if (blocks.empty()) return;
    auto& content = side("assistant");
    for (auto& block : blocks) content.push_back(std::move(block));
  }

  void add(const tool_turn& turn) {
    for (const auto& outcome : turn.outcomes) {
      json block = {{"type", "tool_result"}, {"tool_use_id", outcome.call_id}};
      if (!is_blank(outcome.text)) block["content"] = outcome.text;
      if (outcome.is_error) block["is_error"] = true;
      side("user").push_back(std::move(block));
    }
  }

  json take() && {
    trim_end();
    return std::move(messages_);
  }

 private:
  /// The content of the last message, which is of this role.
  json& side(const char* role) {
    if (messages_.empty() || messages_.back()["role"] != role) {
      messages_.push_back({{"role", role}, {"content", json::array()}});
    }
    return messages_.back()["content"];
  }

  /// What another vendor thought, or what has no signature, is not Anthropic's to see: it would refuse it.
  static void add_thinking(json& blocks, const thinking_block& thought) {
    const auto opaque = read_json(thought.opaque);
    const auto signature = text_member(opaque, "signature");
    const auto redacted = text_member(opaque, "redacted");
    if (!redacted.empty()) {
      blocks.push_back({{"type", "redacted_thinking"}, {"data", redacted}});
    } else if (!signature.empty()) {
      blocks.push_back({{"type", "thinking"}, {"thinking", thought.text}, {"signature", signature}});
    }
  }

  /// A conversation that ends with the assistant (after a pause) must not end in whitespace.
  void trim_end() {
    if (messages_.empty() || messages_.back()["role"] != "assistant") return;
    auto& last = messages_.back()["content"].back();
    if (last["type"] != "text") return;
    auto text = last["text"].get<std::string>();
    text.resize(text.find_last_not_of(whitespace) + 1);
    last["text"] = std::move(text);
  }

  json messages_ = json::array();
};

json tool_list(const std::vector<tool_spec>& tools) {
  json list = json::array();
  for (const auto& tool : tools) {
    auto schema = read_json(tool.input_schema);
    if (!schema.is_object()) schema = {{"type", "object"}};
    list.push_back({{"name", tool.name}, {"description", tool.description}, {"input_schema", std::move(schema)}});
  }
  return list;
}

stop_reason stop_of(std::string_view word) {
  if (word == "max_tokens" || word == "model_context_window_exceeded") return stop_reason::max_tokens;
  if (word == "tool_use") return stop_reason::tool_use;
  if (word == "pause_turn") return stop_reason::pause;
  if (word == "refusal") return stop_reason::refusal;
  return stop_reason::end_turn;  // end_turn, stop_sequence, and what is not known yet
}

/// The HTTP status that an error has when it comes before the stream.
int status_of(std::string_view type) {
  constexpr std::array<std::pair<std::string_view, int>, 8> known{{{"overloaded_error", 529},
                                                                   {"rate_limit_error", 429},
                                                                   {"timeout_error", 504},
                                                                   {"invalid_request_error", 400},
                                                                   {"authentication_error", 401},
                                                                   {"permission_error", 403},
                                                                   {"not_found_error", 404},
                                                                   {"request_too_large", 413}}};
  for (const auto& [name, status] : known) {
    if (name == type) return status;
  }
  return 500;  // api_error, and what is not known yet
}

}  // namespace

std::string anthropic_body(const model_request& request) {
  message_list messages;
  for (const auto& turn : request.turns) {
    std::visit([&messages](const auto& one) { messages.add(one); }, turn);
  }
  json body = {{"model", request.model},
               {"max_tokens", request.max_output_tokens.value_or(default_max_output_tokens)},
               {"stream", true},
               {"messages", std::move(messages).take()}};
  if (!is_blank(request.system)) body["system"] = request.system;
  if (!request.tools.empty()) body["tools"] = tool_list(request.tools);
  return write_json(body);
}

anthropic_decoder::anthropic_decoder(std::size_t max_answer_bytes, model_sink& sink)
    : stream_decoder("anthropic", max_answer_bytes, sink) {
}

void anthropic_decoder::on_event_data(std::string_view, std::string_view data) {
  const auto event = read_json(data);
  if (!event.is_object()) return tell_protocol_failure("an event is not a JSON object");
  on_typed(text_member(event, "type"), event);
}

template <class Json>
void anthropic_decoder::on_typed(std::string_view type, const Json& event) {
  if (type == "message_start") return count(member(member(event, "message"), "usage"));
  if (type == "content_block_start") return start_block(event);
  if (type == "content_block_delta") return continue_block(event);
  if (type == "content_block_stop") return stop_block(count_member(event, "index"));
  if (type == "message_delta") {
    count(member(event, "usage"));
    const auto why = text_member(member(event, "delta"), "stop_reason");
    if (!why.empty()) stop = stop_of(why);
    return;
  }
  if (type == "message_stop") {
    if (!stop) return tell_protocol_failure("the message stopped without a reason");
    return tell_answer();
  }
  if (type == "error") return fail_with(member(event, "error"));
  // ping, and what may come in later versions
}

template <class Json>
void anthropic_decoder::count(const Json& counted) {
  // The counts of a message_delta are totals; what it leaves out stands as message_start said it.
  const auto input = count_member(counted, "input_tokens") + count_member(counted, "cache_creation_input_tokens") +
                     count_member(counted, "cache_read_input_tokens");
  if (input > 0) usage.input_tokens = input;
  const auto output = count_member(counted, "output_tokens");
  if (output > 0) usage.output_tokens = output;
}

template <class Json>
void anthropic_decoder::start_block(const Json& event) {
  const auto& content = member(event, "content_block");
  const auto type = text_member(content, "type");
  block one;
  if (type == "text") {
    one.kind = block_kind::text;
    tell_text(text_member(content, "text"));
  } else if (type == "thinking") {
    one.kind = block_kind::thinking;
    one.pieces = text_member(content, "signature");
    tell_thinking(text_member(content, "thinking"));
  } else if (type == "redacted_thinking") {
    one.kind = block_kind::redacted_thinking;
    one.pieces = text_member(content, "data");
  } else if (type == "tool_use") {
    one.kind = block_kind::tool_use;
    one.id = text_member(content, "id");
    one.name = text_member(content, "name");
    const auto& input = member(content, "input");
    if (input.is_object() && !input.empty()) one.pieces = write_json(input);
    if (one.id.empty() || one.name.empty()) return tell_protocol_failure("a tool call has no id or no name");
  }
  if (!take(one.id.size() + one.name.size() + one.pieces.size())) return;
  if (blocks_.size() >= max_calls_in_answer && one.kind == block_kind::tool_use) return tell_too_large();
  blocks_.insert_or_assign(count_member(event, "index"), std::move(one));
}

template <class Json>
void anthropic_decoder::continue_block(const Json& event) {
  const auto found = blocks_.find(count_member(event, "index"));
  if (found == blocks_.end()) return tell_protocol_failure("a block continues that has not begun");
  auto& one = found->second;
  const auto& delta = member(event, "delta");
  const auto type = text_member(delta, "type");
  if (type == "text_delta") return tell_text(text_member(delta, "text"));
  if (type == "thinking_delta") return tell_thinking(text_member(delta, "thinking"));
  auto piece = std::string{};
  if (type == "signature_delta" && one.kind == block_kind::thinking) piece = text_member(delta, "signature");
  if (type == "input_json_delta" && one.kind == block_kind::tool_use) piece = text_member(delta, "partial_json");
  if (take(piece.size())) one.pieces += piece;
}

void anthropic_decoder::stop_block(std::uint64_t index) {
  const auto found = blocks_.find(index);
  if (found == blocks_.end()) return tell_protocol_failure("a block stops that has not begun");
  auto& one = found->second;
  if (std::exchange(one.stopped, true)) return;
  const auto close = [this, &one](const char* name) {
    close_thinking(one.pieces.empty() ? std::string{} : write_json(json{{name, one.pieces}}));
  };
  if (one.kind == block_kind::thinking) close("signature");
  if (one.kind == block_kind::redacted_thinking) close("redacted");
}

void anthropic_decoder::complete() {
  close_thinking({});
  // A cut answer's calls may be cut as well: the model is asked to go on, and makes them again.
  if (stop == stop_reason::max_tokens) return;
  for (auto& [index, one] : blocks_) {
    if (one.kind != block_kind::tool_use) continue;
    calls.push_back({std::move(one.id), std::move(one.name), object_or_empty(std::move(one.pieces))});
  }
  if (stop == stop_reason::tool_use && calls.empty()) stop = stop_reason::end_turn;
}

template <class Json>
void anthropic_decoder::fail_with(const Json& error) {
  const auto type = text_member(error, "type");
  tell_failure(status_failure(vendor(), status_of(type), type + ": " + text_member(error, "message"), std::nullopt));
}

}  // namespace flotilla
