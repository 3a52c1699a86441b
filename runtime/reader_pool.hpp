// The threads that read the store, where blocking on the disk is allowed.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "core/executor.hpp"

namespace flotilla::runtime {

inline constexpr std::size_t max_reader_threads = 64;

/// A pool of threads. How many jobs can wait is bounded by who asks: each request, subscription and actor has at
/// most a few reads under way.
class reader_pool final : public executor {
 public:
  /// 1 to `max_reader_threads` threads.
  explicit reader_pool(std::size_t threads);
  ~reader_pool() override;
  void run(std::function<void()> job) override;
  /// How many jobs wait for a thread.
  [[nodiscard]] std::size_t waiting() const noexcept;
  /// Waits for every job that was accepted; later ones are dropped.
  void join();

 private:
  struct threads;
  std::unique_ptr<threads> threads_;
};

}  // namespace flotilla::runtime
