// Where the server is at the moment, for all threads that talk to it while it is killed and started again.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

namespace flotilla::recovery {

/// One life of the server: its port, and which life it is, from 1.
struct server_life {
  std::uint16_t port = 0;
  std::uint64_t number = 0;
};

/// Any thread.
class server_address {
 public:
  void is_up(std::uint16_t port) {
    const std::lock_guard lock(mutex_);
    port_ = port;
    ++number_;
    changed_.notify_all();
  }
  void is_down() {
    const std::lock_guard lock(mutex_);
    port_ = 0;
  }
  /// It does not come back: nobody is to wait for it any more.
  void is_gone() {
    const std::lock_guard lock(mutex_);
    port_ = 0;
    gone_ = true;
    changed_.notify_all();
  }
  [[nodiscard]] bool gone() const {
    const std::lock_guard lock(mutex_);
    return gone_;
  }
  /// Nothing where it is down.
  [[nodiscard]] std::optional<server_life> now() const {
    const std::lock_guard lock(mutex_);
    return port_ == 0 ? std::nullopt : std::optional(server_life{port_, number_});
  }
  /// Waits until it is up; nothing where it is not within the time.
  [[nodiscard]] std::optional<server_life> await(std::chrono::milliseconds most) const {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, most, [this] { return port_ != 0 || gone_; }) || gone_) return std::nullopt;
    return server_life{port_, number_};
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::uint16_t port_ = 0;  // these three: guarded by mutex_
  std::uint64_t number_ = 0;
  bool gone_ = false;
};

}  // namespace flotilla::recovery
