// A model provider in the hands of a test: it says what the test says, when the test says it.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/model_provider.hpp"

namespace flotilla::testing {

/// One call of the model, as the test sees it.
struct model_exchange {
  model_request request;
  std::shared_ptr<model_sink> sink;
  bool gone = false;  ///< the caller has let go of it

  /// The task: what was said first that asks for something.
  [[nodiscard]] const std::string& input() const {
    for (const auto& turn : request.turns) {
      const auto* said = std::get_if<user_turn>(&turn);
      if (said != nullptr && !said->background) return said->text;
    }
    throw std::runtime_error("a request without a task");
  }
  /// Has a tool answered?
  [[nodiscard]] bool has_results() const {
    for (const auto& turn : request.turns) {
      if (std::holds_alternative<tool_turn>(turn)) return true;
    }
    return false;
  }
  /// Everything that is said in the background (memory, mail), joined.
  [[nodiscard]] std::string background() const {
    std::string text;
    for (const auto& turn : request.turns) {
      const auto* said = std::get_if<user_turn>(&turn);
      if (said != nullptr && said->background) text += said->text;
    }
    return text;
  }
  void say(std::string text) const { sink->on_delta(text_delta{std::move(text)}); }
  void think(std::string text) const { sink->on_delta(thinking_delta{std::move(text)}); }
  void end(token_usage usage = {1, 1}) const { sink->on_answer({stop_reason::end_turn, {}, usage}); }
  void ask_tools(std::vector<tool_request> calls) const {
    sink->on_answer({stop_reason::tool_use, std::move(calls), {1, 1}});
  }
  void fail(std::string code, bool retryable, std::optional<std::chrono::milliseconds> retry_after = {}) const {
    sink->on_failure({.code = std::move(code),
                      .message = "the vendor's words",
                      .retryable = retryable,
                      .retry_after = retry_after,
                      .usage = {1, 0}});
  }
};

/// One thread at a time.
class scripted_model final : public model_provider {
 public:
  std::vector<std::shared_ptr<model_exchange>> calls;
  std::function<void(model_exchange&)> script;  ///< where set, called with each call as it starts
  bool throws = false;

  /// The call under way, the last that was started.
  [[nodiscard]] model_exchange& last() { return *calls.at(calls.size() - 1); }

  std::unique_ptr<model_call> start(model_request request, std::shared_ptr<model_sink> sink) override {
    if (throws) throw std::runtime_error("a provider that breaks its word");
    calls.push_back(std::make_shared<model_exchange>(model_exchange{std::move(request), std::move(sink)}));
    auto exchange = calls.back();
    if (script) script(*exchange);
    return std::make_unique<handle>(std::move(exchange));
  }

 private:
  struct handle final : model_call {
    explicit handle(std::shared_ptr<model_exchange> which) : exchange(std::move(which)) {}
    ~handle() override {
      exchange->gone = true;
      exchange->sink.reset();  // it hears nothing more
    }
    std::shared_ptr<model_exchange> exchange;
  };
};

}  // namespace flotilla::testing
