// The wire formats, written from the vendors' descriptions.
#include "tests/support/vendor_wire.hpp"

#include <atomic>
#include <nlohmann/json.hpp>

namespace flotilla::testing {
namespace {

using nlohmann::json;

/// Anthropic names its events.
std::string event(const json& data) {
  return "event: " + data["type"].get<std::string>() + "\ndata: " + data.dump() + "\n\n";
}

std::string data_line(const json& data) {
  return "data: " + data.dump() + "\n\n";
}

std::string block_delta(int index, const json& delta) {
  return event({{"type", "content_block_delta"}, {"index", index}, {"delta", delta}});
}

std::string block(int index, const json& start, const std::vector<json>& deltas) {
  auto text = event({{"type", "content_block_start"}, {"index", index}, {"content_block", start}});
  for (const auto& delta : deltas) text += block_delta(index, delta);
  return text + event({{"type", "content_block_stop"}, {"index", index}});
}

std::string message_start(std::uint64_t input_tokens) {
  // A third of the input each: read from a cache, written to one, and neither.
  const auto third = input_tokens / 3;
  const json usage = {{"input_tokens", input_tokens - 2 * third},
                      {"cache_creation_input_tokens", third},
                      {"cache_read_input_tokens", third},
                      {"output_tokens", 1}};
  const json message = {{"id", "msg_1"}, {"type", "message"},        {"role", "assistant"},
                        {"model", "m"},  {"content", json::array()}, {"stop_reason", nullptr},
                        {"usage", usage}};
  return event({{"type", "message_start"}, {"message", message}}) + event({{"type", "ping"}});
}

std::string anthropic_stream(const wire_answer& answer) {
  auto text = message_start(answer.input_tokens);
  int index = 0;
  if (!answer.thinking.empty()) {
    std::vector<json> deltas;
    for (const auto& piece : answer.thinking) deltas.push_back({{"type", "thinking_delta"}, {"thinking", piece}});
    deltas.push_back({{"type", "signature_delta"}, {"signature", answer.signature}});
    text += block(index++, {{"type", "thinking"}, {"thinking", ""}, {"signature", ""}}, deltas);
  }
  if (!answer.text.empty()) {
    std::vector<json> deltas;
    for (const auto& piece : answer.text) deltas.push_back({{"type", "text_delta"}, {"text", piece}});
    text += block(index++, {{"type", "text"}, {"text", ""}}, deltas);
  }
  for (const auto& call : answer.calls) {
    std::vector<json> deltas{{{"type", "input_json_delta"}, {"partial_json", ""}}};
    for (const auto& piece : call.argument_pieces) {
      deltas.push_back({{"type", "input_json_delta"}, {"partial_json", piece}});
    }
    const json start = {{"type", "tool_use"}, {"id", call.id}, {"name", call.name}, {"input", json::object()}};
    text += block(index++, start, deltas);
  }
  const auto* stop = answer.calls.empty() ? "end_turn" : "tool_use";
  text += event({{"type", "message_delta"},
                 {"delta", {{"stop_reason", answer.stop.empty() ? stop : answer.stop}, {"stop_sequence", nullptr}}},
                 {"usage", {{"output_tokens", answer.output_tokens}}}});
  return text + event({{"type", "message_stop"}});
}

std::string choice(const json& delta, const json& finish = nullptr) {
  return data_line({{"id", "c1"},
                    {"object", "chat.completion.chunk"},
                    {"model", "m"},
                    {"choices", {{{"index", 0}, {"delta", delta}, {"finish_reason", finish}}}},
                    {"usage", nullptr}});
}

std::string chat_reasoning(wire format, const wire_answer& answer) {
  std::string text;
  for (const auto& piece : answer.thinking) {
    if (format == wire::openai) {
      text += choice({{"reasoning_content", piece}});
      continue;
    }
    const json detail = {{"type", "reasoning.text"}, {"text", piece}, {"format", "f"}, {"index", 0}};
    text += choice({{"reasoning", piece}, {"reasoning_details", {detail}}});
  }
  if (format == wire::openrouter && !answer.signature.empty()) {
    const json detail = {{"type", "reasoning.text"}, {"signature", answer.signature}, {"format", "f"}, {"index", 0}};
    text += choice({{"content", ""}, {"reasoning_details", {detail}}});
  }
  return text;
}

std::string chat_calls(const wire_answer& answer) {
  std::string text;
  int index = 0;
  for (const auto& call : answer.calls) {
    const json function = {{"name", call.name}, {"arguments", ""}};
    text +=
        choice({{"tool_calls", {{{"index", index}, {"id", call.id}, {"type", "function"}, {"function", function}}}}});
    for (const auto& piece : call.argument_pieces) {
      text += choice({{"tool_calls", {{{"index", index}, {"function", {{"arguments", piece}}}}}}});
    }
    ++index;
  }
  return text;
}

std::string chat_stream(wire format, const wire_answer& answer) {
  std::string text = format == wire::openrouter ? ": OPENROUTER PROCESSING\n\n" : "";
  text += choice({{"role", "assistant"}, {"content", ""}});
  text += chat_reasoning(format, answer);
  for (const auto& piece : answer.text) text += choice({{"content", piece}});
  text += chat_calls(answer);
  const auto* stop = answer.calls.empty() ? "stop" : "tool_calls";
  text += choice(json::object(), answer.stop.empty() ? stop : answer.stop);
  const json usage = {{"prompt_tokens", answer.input_tokens},
                      {"completion_tokens", answer.output_tokens},
                      {"total_tokens", answer.input_tokens + answer.output_tokens}};
  text += data_line({{"id", "c1"}, {"choices", json::array()}, {"usage", usage}});
  return text + "data: [DONE]\n\n";
}

}  // namespace

std::string stream_of(wire format, const wire_answer& answer) {
  return format == wire::anthropic ? anthropic_stream(answer) : chat_stream(format, answer);
}

std::string broken_stream(wire format, const std::string& text, const std::string& error_json) {
  const auto error = json::parse(error_json);
  if (format != wire::anthropic) return choice({{"content", text}}) + data_line({{"error", error}});
  return message_start(9) +
         event({{"type", "content_block_start"}, {"index", 0}, {"content_block", {{"type", "text"}, {"text", ""}}}}) +
         block_delta(0, {{"type", "text_delta"}, {"text", text}}) + event({{"type", "error"}, {"error", error}});
}

std::string error_body(wire format, int status, const std::string& type, const std::string& message) {
  switch (format) {
    case wire::anthropic:
      return json{{"type", "error"}, {"error", {{"type", type}, {"message", message}}}}.dump();
    case wire::openai:
      return json{{"error", {{"message", message}, {"type", type}, {"param", nullptr}, {"code", nullptr}}}}.dump();
    default:
      return json{{"error", {{"message", message}, {"code", status}}}}.dump();
  }
}

canned_reply streamed(std::string body) {
  canned_reply reply;
  reply.body = std::move(body);
  return reply;
}

fake_upstream::answer_function simple_answers() {
  wire_answer answer;
  answer.text = {"The ", "answer ", "is ", "forty-", "two."};
  answer.input_tokens = 12;
  answer.output_tokens = 5;
  const auto calls = std::make_shared<std::atomic<std::uint64_t>>(0);
  return [calls, anthropic = stream_of(wire::anthropic, answer),
          chat = stream_of(wire::openai, answer)](const recorded_request& request) {
    canned_reply reply;
    if (request.method == "GET" && request.path == "/calls") {
      reply.headers = {"Content-Type: application/json"};
      reply.body = json{{"calls", calls->load()}}.dump();
      return reply;
    }
    const auto is_anthropic = request.path.ends_with("/v1/messages");
    if (request.method != "POST" || (!is_anthropic && !request.path.ends_with("/chat/completions"))) {
      reply.status = 404;
      return reply;
    }
    ++*calls;
    reply.body = is_anthropic ? anthropic : chat;
    return reply;
  };
}

}  // namespace flotilla::testing
