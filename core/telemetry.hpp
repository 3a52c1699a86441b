// What happens in the runtime, told to whoever measures it, as a port.
#pragma once

#include <chrono>
#include <string_view>

#include "flotilla/task.hpp"

namespace flotilla {

/// Is told of what happens. Every function may be called from any thread and must not block. Those that do not
/// measure use it as it is: each does nothing.
class telemetry {
 public:
  virtual ~telemetry() = default;
  /// A run was begun, or goes on after a wait or a crash.
  virtual void run_began(std::string_view /*provider*/) {}
  /// A run left its actor: `done`, `error` or `waiting`.
  virtual void run_ended(std::string_view /*provider*/, task_status /*how*/) {}
  /// A model call has ended. `outcome`: "answer", or the code of the failure.
  virtual void model_call_ended(std::string_view /*provider*/, std::string_view /*outcome*/,
                                std::chrono::nanoseconds /*took*/) {}
  /// A model call's first piece has come.
  virtual void model_first_piece(std::string_view /*provider*/, std::chrono::nanoseconds /*after*/) {}
  virtual void tokens_used(std::string_view /*provider*/, const token_usage& /*used*/) {}
  virtual void tool_call_ended(bool /*is_error*/, std::chrono::nanoseconds /*took*/) {}
  virtual void agent_activated() {}
  virtual void agent_passivated() {}
  virtual void agent_crashed() {}
  virtual void agent_restarted() {}
};

/// One that does nothing. Never destroyed.
[[nodiscard]] telemetry& no_telemetry() noexcept;

}  // namespace flotilla
