// The port behind which tools stand: what a run can call besides the model.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/model_provider.hpp"
#include "flotilla/agent.hpp"

namespace flotilla {

/// A call to carry out.
struct tool_invocation {
  tool_request request;
  std::string idempotency_key;  ///< the same for the same call of the same attempt, also after a crash
};

/// A tool call under way. Destroying it aborts it (sockets closed, child processes killed) without waiting; its
/// handler is then not called any more, except where the call had already begun.
class tool_run {
 public:
  virtual ~tool_run() = default;
};

/// A set of tools. All calls may be made from any thread and do not block.
class toolset {
 public:
  virtual ~toolset() = default;
  /// The tools that an agent may use, in a stable order.
  [[nodiscard]] virtual std::vector<tool_spec> tools_for(const agent& who) const = 0;
  /// Calls one. The handler is called once, from any thread, perhaps from within this call. A tool that fails is
  /// an outcome with `is_error`, not an error of the run.
  [[nodiscard]] virtual std::unique_ptr<tool_run> call(const agent& who, tool_invocation invocation,
                                                       std::function<void(tool_outcome)> handler) = 0;
};

}  // namespace flotilla
