// A set of tools in the hands of a test.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/toolset.hpp"

namespace flotilla::testing {

struct tool_exchange {
  tool_invocation invocation;
  std::function<void(tool_outcome)> handler;
  bool gone = false;

  void answer(std::string text) const { handler({invocation.request.call_id, std::move(text), false}); }
};

/// One thread at a time.
class scripted_tools final : public toolset {
 public:
  std::vector<tool_spec> specs;
  std::vector<std::shared_ptr<tool_exchange>> calls;
  std::function<void(tool_exchange&)> script;  ///< where set, called with each call as it starts

  void offer(std::string name, bool read_only = false) {
    tool_spec spec;
    spec.name = std::move(name);
    spec.input_schema = "{}";
    spec.read_only = read_only;
    specs.push_back(std::move(spec));
  }

  std::vector<tool_spec> tools_for(const agent& /*who*/) const override { return specs; }

  std::unique_ptr<tool_run> call(const agent& /*who*/, tool_invocation invocation,
                                 std::function<void(tool_outcome)> handler) override {
    calls.push_back(std::make_shared<tool_exchange>(tool_exchange{std::move(invocation), std::move(handler)}));
    auto exchange = calls.back();
    if (script) script(*exchange);
    return std::make_unique<handle>(std::move(exchange));
  }

 private:
  struct handle final : tool_run {
    explicit handle(std::shared_ptr<tool_exchange> which) : exchange(std::move(which)) {}
    ~handle() override {
      exchange->gone = true;
      exchange->handler = nullptr;
    }
    std::shared_ptr<tool_exchange> exchange;
  };
};

}  // namespace flotilla::testing
