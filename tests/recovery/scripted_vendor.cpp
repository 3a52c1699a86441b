#include "tests/recovery/scripted_vendor.hpp"

#include <algorithm>
#include <chrono>

namespace flotilla::recovery {
namespace {

using nlohmann::json;
using testing::canned_reply;
using testing::wire;

constexpr std::size_t longest_split = 7;      ///< bytes from one cut of the stream to the next, besides event ends
constexpr std::uint64_t tokens_of_input = 9;  ///< of each answer
constexpr std::uint64_t tokens_of_output = 3;

/// A message of a conversation, whatever the vendor's format.
struct heard {
  bool from_model = false;
  bool from_tools = false;
  std::string text;
  std::vector<std::string> calls;    ///< ids
  std::vector<std::string> results;  ///< ids of the calls
};

std::vector<heard> read_anthropic(const json& body) {
  std::vector<heard> all;
  for (const auto& message : body.at("messages")) {
    heard one;
    one.from_model = message.at("role") == "assistant";
    for (const auto& block : message.at("content")) {
      const auto type = block.at("type").get<std::string>();
      // What others say stands in blocks of its own.
      if (type == "text" && !one.from_model && !one.text.empty()) one.text += '\n';
      if (type == "text") one.text += block.at("text").get<std::string>();
      if (type == "tool_use") one.calls.push_back(block.at("id"));
      if (type == "tool_result") one.results.push_back(block.at("tool_use_id"));
    }
    one.from_tools = !one.results.empty();
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<heard> read_chat(const json& body) {
  std::vector<heard> all;
  for (const auto& message : body.at("messages")) {
    const auto role = message.at("role").get<std::string>();
    if (role == "system") continue;
    if (role == "tool") {
      if (all.empty() || !all.back().from_tools) all.push_back({false, true, {}, {}, {}});
      all.back().results.push_back(message.at("tool_call_id"));
      continue;
    }
    heard one;
    one.from_model = role == "assistant";
    if (message.at("content").is_string()) one.text = message.at("content");
    for (const auto& call : message.value("tool_calls", json::array())) one.calls.push_back(call.at("id"));
    all.push_back(std::move(one));
  }
  return all;
}

/// What stands before the model's first word: what the agent remembers, the task, messages from others. The task
/// names its script last.
std::string opening_of(const std::vector<heard>& all) {
  std::string text;
  for (const auto& one : all) {
    if (one.from_model || one.from_tools) break;
    text += one.text + "\n";
  }
  return text.substr(std::min(text.rfind(script_word), text.size()));
}

wire format_of(const std::string& path) {
  if (path.ends_with("/v1/messages")) return wire::anthropic;
  return path.find("openrouter") == std::string::npos ? wire::openai : wire::openrouter;
}

std::vector<std::string> ids_of(const scripted_turn& turn) {
  std::vector<std::string> ids;
  for (const auto& call : turn.calls) ids.push_back(call.id);
  return ids;
}

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n\f\v") == std::string::npos;
}

/// The pieces of a text behind its first `said` bytes.
std::vector<std::string> rest_of(const std::vector<std::string>& pieces, std::size_t said) {
  std::vector<std::string> rest;
  for (const auto& piece : pieces) {
    const auto skipped = std::min(said, piece.size());
    said -= skipped;
    if (skipped < piece.size()) rest.push_back(piece.substr(skipped));
  }
  return rest;
}

/// Cuts a stream behind each event, and here and there within one.
void split(canned_reply& reply) {
  std::size_t last = 0;
  for (std::size_t at = 0; (at = reply.body.find("\n\n", at)) != std::string::npos;) {
    at += 2;
    if ((at - last) % 3 == 0 && last + longest_split < at) reply.splits.push_back(last + longest_split);
    reply.splits.push_back(at);
    last = at;
  }
}

}  // namespace

wall_ms now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

scripted_vendor::scripted_vendor(const library& scripts, complaints& wrong, moments& seen)
    : scripts_(scripts), wrong_(wrong), seen_(seen) {
  upstream_ = std::make_unique<testing::fake_upstream>(
      0, [this](const testing::recorded_request& request) { return answer(request); });
  upstream_->keep_requests(false);
}

void scripted_vendor::answer_was_seen(const std::string& name, std::size_t turn) {
  const std::lock_guard lock(mutex_);
  closed_.emplace(name, turn);
}

scripted_vendor::call_table scripted_vendor::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

// What stands in a conversation must be what the script has said, in its order.
scripted_vendor::position scripted_vendor::read(const testing::recorded_request& request) {
  const auto body = json::parse(request.body);
  const auto all = format_of(request.path) == wire::anthropic ? read_anthropic(body) : read_chat(body);
  position at;
  at.of = scripts_.find(script_name_in(opening_of(all)));
  if (!at.of) return at;
  const auto complain = [&](const std::string& what) {
    wrong_.add("the vendor was told of script " + at.of->name + ", turn " + std::to_string(at.turn) + ": " + what);
  };
  for (std::size_t i = 1; i < all.size() && at.turn < at.of->turns.size(); ++i) {
    const auto& turn = at.of->turns[at.turn];
    const auto& one = all[i];
    if (one.from_tools) {
      if (one.results != ids_of(turn)) complain("other results than its calls");
      ++at.turn;
    } else if (one.from_model && !one.calls.empty()) {
      const auto whole = turn.whole_text();
      if (one.text != whole && !is_blank(whole)) complain("other words than it said: " + one.text);
      if (one.calls != ids_of(turn)) complain("other calls than it made");
    } else if (one.from_model) {
      at.prefix = one.text;  // behind it stands the request to go on
      if (!turn.whole_text().starts_with(one.text)) complain("a beginning that it did not say: " + one.text);
    }
  }
  if (at.turn >= at.of->turns.size()) {
    complain("more turns than it has");
    at.of = nullptr;
  }
  return at;
}

// Gives the number of the request among those of its turn, from 0.
std::pair<std::size_t, bool> scripted_vendor::note(const position& at) {
  const std::lock_guard lock(mutex_);
  const auto key = std::make_pair(at.of->name, at.turn);
  auto& all = calls_[key];
  all.push_back({at.prefix.size(), now_ms(), 0, false});
  return {all.size() - 1, closed_.contains(key)};
}

canned_reply scripted_vendor::answer(const testing::recorded_request& request) {
  const auto at = read(request);
  if (!at.of) {
    wrong_.add("the vendor was asked for what is in no script: " + request.body.substr(0, 400));
    canned_reply refused;
    refused.status = 404;
    return refused;
  }
  const auto [number, again] = note(at);
  if (again) {
    wrong_.add("a model call was made twice: script " + at.of->name + ", turn " + std::to_string(at.turn) +
               " had been journaled");
  }
  seen_.happened(moment::model_asked);
  const auto format = format_of(request.path);
  const bool last = at.turn + 1 == at.of->turns.size();
  if (number == 0 && at.of->turns[at.turn].first != hiccup::none) return fail_once(at, format, number);
  if (last && at.of->ends == outcome::rejected) {
    canned_reply refused;
    refused.status = 400;
    refused.headers = {"Content-Type: application/json"};
    refused.body = testing::error_body(format, 400, "invalid_request_error", "not like this");
    return refused;
  }
  return say(at, format, number);
}

canned_reply scripted_vendor::fail_once(const position& at, wire format, std::size_t number) {
  {
    const std::lock_guard lock(mutex_);
    calls_[{at.of->name, at.turn}][number].failed = true;
  }
  const auto& turn = at.of->turns[at.turn];
  canned_reply reply;
  if (turn.first == hiccup::overloaded) {
    reply.status = format == wire::anthropic ? 529 : 503;
    reply.headers = {"Content-Type: application/json"};
    reply.body = testing::error_body(format, reply.status, "overloaded_error", "too much to do");
    return reply;
  }
  const auto text = turn.text.empty() ? std::string() : turn.text.front();
  const auto* error = format == wire::anthropic ? R"({"type":"overloaded_error","message":"too much to do"})"
                                                : R"({"code":503,"message":"too much to do"})";
  if (turn.first == hiccup::broken_stream && !text.empty()) {
    return testing::streamed(testing::broken_stream(format, text, error));
  }
  testing::wire_answer begun;
  begun.text = turn.text;
  reply = testing::streamed(testing::stream_of(format, begun));
  reply.cut_after = reply.body.size() / 2;
  split(reply);
  return reply;
}

canned_reply scripted_vendor::say(const position& at, wire format, std::size_t number) {
  const auto& turn = at.of->turns[at.turn];
  const bool last = at.turn + 1 == at.of->turns.size();
  testing::wire_answer answer;
  if (at.prefix.empty()) answer.thinking = turn.thinking;
  if (!answer.thinking.empty()) answer.signature = "signed by " + at.of->name;
  answer.text = rest_of(turn.text, at.prefix.size());
  for (const auto& call : turn.calls) {
    const auto half = call.arguments.size() / 2;
    answer.calls.push_back({call.id, call.tool, {call.arguments.substr(0, half), call.arguments.substr(half)}});
  }
  if (last && at.of->ends == outcome::refused) answer.stop = format == wire::anthropic ? "refusal" : "content_filter";
  answer.input_tokens = tokens_of_input;
  answer.output_tokens = tokens_of_output;
  auto reply = testing::streamed(testing::stream_of(format, answer));
  split(reply);
  reply.pause = turn.pace;
  reply.sent = [this, key = std::make_pair(at.of->name, at.turn), number] {
    {
      const std::lock_guard lock(mutex_);
      calls_[key][number].answered = now_ms();
    }
    seen_.happened(moment::answer_sent);
  };
  return reply;
}

}  // namespace flotilla::recovery
