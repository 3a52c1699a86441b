// What has just happened in the fleet, so that a kill can be aimed at it.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace flotilla::recovery {

/// In the order of a run.
enum class moment : std::uint8_t {
  queued,
  model_asked,   ///< the vendor got a request
  answer_begun,  ///< a stream showed a piece of an answer
  answer_sent,   ///< the vendor sent the end of an answer
  tool_begun,    ///< a stream showed it, as what follows
  tool_answered,
  retrying,
  human_asked,
  decision_sent,  ///< a human's call is on its way
  decided,
  delegated,
  child_ended,
  cancel_sent,
  ended,
};
inline constexpr std::size_t moment_count = static_cast<std::size_t>(moment::ended) + 1;

/// Any thread.
class moments {
 public:
  void happened(moment what) {
    const std::lock_guard lock(mutex_);
    ++counts_[static_cast<std::size_t>(what)];
    changed_.notify_all();
  }
  /// Waits until it happens once more; false where it does not within the time.
  bool await(moment what, std::chrono::milliseconds most) {
    std::unique_lock lock(mutex_);
    const auto& count = counts_[static_cast<std::size_t>(what)];
    return changed_.wait_for(lock, most, [&count, before = count] { return count > before; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<std::uint64_t, moment_count> counts_{};  ///< guarded by mutex_
};

}  // namespace flotilla::recovery
