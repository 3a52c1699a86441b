// Deadlines as a port: a thread of its own in the server, a clock turned by hand in deterministic tests.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace flotilla {

/// A job that waits for its time. Destroying it cancels the job without waiting; a job that has begun goes on.
/// May be destroyed from any thread, also from within the job.
class timer_ticket {
 public:
  virtual ~timer_ticket() = default;
};

/// Calls jobs later. All calls may be made from any thread and do not block.
class timer {
 public:
  virtual ~timer() = default;
  /// Calls `job` once, `delay` from now, from a thread of the timer. Jobs must not block.
  [[nodiscard]] virtual std::unique_ptr<timer_ticket> after(std::chrono::milliseconds delay,
                                                            std::function<void()> job) = 0;
};

/// A timer on the steady clock with one thread for all its jobs. Destroying it drops the jobs that still wait.
[[nodiscard]] std::shared_ptr<timer> make_timer();

}  // namespace flotilla
