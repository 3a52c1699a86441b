// A place where work that may block is done, as a port: a thread pool in the server, the caller's own thread
// in deterministic tests.
#pragma once

#include <functional>

namespace flotilla {

/// Runs jobs. May be called from any thread. Every job that was accepted is run exactly once, before the
/// executor's destructor returns.
class executor {
 public:
  virtual ~executor() = default;
  virtual void run(std::function<void()> job) = 0;
};

/// Runs each job at once, in the caller's thread.
class inline_executor final : public executor {
 public:
  void run(std::function<void()> job) override { job(); }
};

}  // namespace flotilla
