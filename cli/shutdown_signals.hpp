// SIGTERM and SIGINT as something to wait for, instead of something that interrupts.
#pragma once

#include <chrono>
#include <optional>

#include "cli/file_descriptor.hpp"
#include "flotilla/result.hpp"

namespace flotilla::cli {

/// Takes SIGTERM and SIGINT for the whole process. Make it before any thread is started: threads inherit that the
/// two are blocked, so that only `wait` sees them. They stay blocked when it is destroyed.
class shutdown_signals {
 public:
  /// Why a wait ended.
  enum class outcome { signalled, timed_out, cancelled };

  /// Errors: internal (the system gives no file descriptor).
  [[nodiscard]] static result<shutdown_signals> take();

  /// Waits for one signal, for at most `limit` (nothing: without end). One thread at a time; `cancel` may come
  /// from another.
  [[nodiscard]] outcome wait(std::optional<std::chrono::milliseconds> limit = std::nullopt);

  /// Ends every wait, now and later. Any thread.
  void cancel() noexcept;

 private:
  shutdown_signals(file_descriptor signals, file_descriptor cancelled)
      : signals_(std::move(signals)), cancelled_(std::move(cancelled)) {}
  file_descriptor signals_;
  file_descriptor cancelled_;
};

}  // namespace flotilla::cli
