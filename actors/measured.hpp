// What a run tells the telemetry: that it began and how it ended, and how its model and tool calls went.
//
// Calls are measured where a vendor or a tool answers, on whatever thread that is: how long the run itself takes to
// look at the answer is no part of it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "actors/environment.hpp"
#include "core/model_provider.hpp"
#include "flotilla/task.hpp"

namespace flotilla::actors {

/// Tells of one run's beginning and end, each exactly once. A run that is gone before it said how it ended was
/// interrupted.
class run_meter {
 public:
  run_meter() = default;
  ~run_meter();
  run_meter(const run_meter&) = delete;
  run_meter& operator=(const run_meter&) = delete;

  /// Precondition: was not called before.
  void begin(environment_ptr env, std::string provider);
  /// Does nothing where the run has not begun, or has ended.
  void end(task_status how);

 private:
  environment_ptr env_;  ///< set between beginning and end
  std::string provider_;
};

/// A sink that measures a call which starts now, and passes everything on.
[[nodiscard]] std::shared_ptr<model_sink> measured_call(environment_ptr env, std::string provider,
                                                        std::shared_ptr<model_sink> to);

/// A handler that measures a tool call which starts now, and passes its outcome on.
[[nodiscard]] std::function<void(tool_outcome)> measured_tool(environment_ptr env,
                                                              std::function<void(tool_outcome)> to);

}  // namespace flotilla::actors
