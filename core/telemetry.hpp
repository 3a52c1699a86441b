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
  /// A run that was told of as begun left its actor: `done`, `error` or `waiting`, or `running` where it was
  /// interrupted (the server drains, or an actor crashed) and the task goes on or is ended by others.
  virtual void run_ended(std::string_view /*provider*/, task_status /*how*/) {}
  /// A model call has ended. `outcome`: "answer", the code of the failure, or "aborted" where the run let go of it.
  virtual void model_call_ended(std::string_view /*provider*/, std::string_view /*outcome*/,
                                std::chrono::nanoseconds /*took*/) {}
  /// A model call's first piece of text or thinking has come; an answer may have none.
  virtual void model_first_piece(std::string_view /*provider*/, std::chrono::nanoseconds /*after*/) {}
  /// What a vendor says that a call has used, also one that failed.
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
