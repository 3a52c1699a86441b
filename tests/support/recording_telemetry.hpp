// A telemetry that keeps what it is told, in words.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/telemetry.hpp"

namespace flotilla::testing {

/// One thread at a time.
class recording_telemetry final : public telemetry {
 public:
  std::vector<std::string> words;  ///< "began scripted", "call scripted answer 50ms", …

  void run_began(std::string_view provider) override { add("began", provider); }
  void run_ended(std::string_view provider, task_status how) override { add("ended", provider, to_string(how)); }
  void model_call_ended(std::string_view provider, std::string_view outcome, std::chrono::nanoseconds took) override {
    add("call", provider, outcome, text_of(took));
  }
  void model_first_piece(std::string_view provider, std::chrono::nanoseconds after) override {
    add("first", provider, text_of(after));
  }
  void tokens_used(std::string_view provider, const token_usage& used) override {
    add("tokens", provider, std::to_string(used.input_tokens), std::to_string(used.output_tokens));
  }
  void tool_call_ended(bool is_error, std::chrono::nanoseconds took) override {
    add("tool", is_error ? "error" : "ok", text_of(took));
  }
  void agent_activated() override { add("activated"); }
  void agent_passivated() override { add("passivated"); }
  void agent_crashed() override { add("crashed"); }
  void agent_restarted() override { add("restarted"); }

 private:
  static std::string text_of(std::chrono::nanoseconds time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) + "ms";
  }
  template <class First, class... Rest>
  void add(const First& first, const Rest&... rest) {
    std::string line(first);
    ((line += ' ', line += rest), ...);
    words.push_back(std::move(line));
  }
};

}  // namespace flotilla::testing
