// The tools to rehearse with.
#include "providers/rehearsal_tools.hpp"

#include <array>
#include <atomic>
#include <fstream>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace flotilla {
namespace {

using nlohmann::json;

constexpr std::string_view text_schema =
    R"({"type":"object","properties":{"text":{"type":"string"}},"required":["text"],"additionalProperties":false})";
constexpr std::string_view message_schema =
    R"({"type":"object","properties":{"message":{"type":"string"}},"required":["message"],"additionalProperties":false})";

std::string number_schema(std::string_view name, std::size_t highest) {
  const json schema = {{"type", "object"},
                       {"properties", {{name, {{"type", "integer"}, {"minimum", 0}, {"maximum", highest}}}}},
                       {"required", {name}},
                       {"additionalProperties", false}};
  return schema.dump();
}

std::vector<tool_spec> rehearsal_specs() {
  const auto longest = static_cast<std::size_t>(max_rehearsal_sleep.count());
  return {
      {"rehearse_echo", "Answers with the text that it is given.", std::string(text_schema), true, true},
      {"rehearse_sleep", "Answers after a number of milliseconds.", number_schema("ms", longest), false, true},
      {"rehearse_fail", "Fails with the message that it is given.", std::string(message_schema), true, true},
      {"rehearse_append", "Counts its calls: calling it twice is not the same as calling it once.",
       std::string(text_schema), false, false},
      {"rehearse_bytes", "Answers with a text of a number of bytes.",
       number_schema("count", max_rehearsal_result_bytes), true, true},
  };
}

/// A call that is over.
class finished_run final : public tool_run {};

/// A call that waits for its time.
class sleeping_run final : public tool_run {
 public:
  explicit sleeping_run(std::unique_ptr<timer_ticket> ticket) : ticket_(std::move(ticket)) {}

 private:
  std::unique_ptr<timer_ticket> ticket_;
};

std::optional<std::string> text_argument(const json& arguments, const char* name) {
  const auto found = arguments.find(name);
  if (found == arguments.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::optional<std::size_t> number_argument(const json& arguments, const char* name, std::size_t highest) {
  const auto found = arguments.find(name);
  if (found == arguments.end() || !found->is_number_unsigned()) return std::nullopt;
  const auto value = found->get<std::uint64_t>();
  if (value > highest) return std::nullopt;
  return static_cast<std::size_t>(value);
}

/// "0123456789" over and over.
std::string digits(std::size_t count) {
  std::string text(count, '0');
  for (std::size_t i = 0; i < count; ++i) text[i] = static_cast<char>('0' + i % 10);
  return text;
}

class rehearsal_tools final : public toolset {
 public:
  rehearsal_tools(std::shared_ptr<timer> clock, append_observer on_append)
      : clock_(std::move(clock)), on_append_(std::move(on_append)) {}

  std::vector<tool_spec> tools_for(const agent& who) const override {
    return who.provider == "rehearsal" ? rehearsal_specs() : std::vector<tool_spec>{};
  }

  std::unique_ptr<tool_run> call(const agent& who, tool_invocation invocation,
                                 std::function<void(tool_outcome)> handler) override {
    const auto arguments = json::parse(invocation.request.arguments, nullptr, false);
    if (who.provider == "rehearsal" && invocation.request.tool == "rehearse_sleep") {
      const auto ms = number_argument(arguments, "ms", static_cast<std::size_t>(max_rehearsal_sleep.count()));
      if (ms && *ms > 0) return sleep(*ms, std::move(invocation), std::move(handler));
    }
    auto answer = who.provider == "rehearsal" ? answer_at_once(invocation, arguments) : std::nullopt;
    if (!answer) answer = tool_outcome{{}, "There is no such tool, or its arguments do not fit.", true};
    answer->call_id = std::move(invocation.request.call_id);
    handler(std::move(*answer));
    return std::make_unique<finished_run>();
  }

 private:
  std::unique_ptr<tool_run> sleep(std::size_t ms, tool_invocation invocation,
                                  std::function<void(tool_outcome)> handler) {
    const auto job = [ms, id = std::move(invocation.request.call_id), handler = std::move(handler)] {
      handler({id, slept(ms), false});
    };
    return std::make_unique<sleeping_run>(clock_->after(std::chrono::milliseconds(ms), job));
  }

  static std::string slept(std::size_t ms) { return "slept " + std::to_string(ms) + " ms"; }

  std::optional<tool_outcome> answer_at_once(const tool_invocation& invocation, const json& arguments) {
    const auto& tool = invocation.request.tool;
    const auto text = text_argument(arguments, "text");
    if (tool == "rehearse_echo" && text) return tool_outcome{{}, *text, false};
    if (tool == "rehearse_append" && text) return tool_outcome{{}, append(*text, invocation.idempotency_key), false};
    const auto message = text_argument(arguments, "message");
    if (tool == "rehearse_fail" && message) return tool_outcome{{}, *message, true};
    const auto count = number_argument(arguments, "count", max_rehearsal_result_bytes);
    if (tool == "rehearse_bytes" && count) return tool_outcome{{}, digits(*count), false};
    const auto ms = number_argument(arguments, "ms", 0);
    if (tool == "rehearse_sleep" && ms) return tool_outcome{{}, slept(*ms), false};
    return std::nullopt;
  }

  std::string append(std::string_view text, std::string_view key) {
    if (on_append_) return on_append_(text, key);
    return "call " + std::to_string(++appended_);
  }

  std::shared_ptr<timer> clock_;
  append_observer on_append_;
  std::atomic<std::uint64_t> appended_ = 0;
};

}  // namespace

std::unique_ptr<toolset> make_rehearsal_tools(std::shared_ptr<timer> clock, append_observer on_append) {
  return std::make_unique<rehearsal_tools>(std::move(clock), std::move(on_append));
}

append_observer append_to_file(std::filesystem::path file) {
  return [file = std::move(file)](std::string_view text, std::string_view) -> std::string {
    std::ofstream out(file, std::ios::app);
    out << text << '\n' << std::flush;
    return out ? "appended" : "could not be appended";
  };
}

}  // namespace flotilla
