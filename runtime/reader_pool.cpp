// The reader pool is Asio's thread pool.
#include "runtime/reader_pool.hpp"

#include <algorithm>
#include <asio/post.hpp>
#include <asio/thread_pool.hpp>
#include <atomic>
#include <utility>

namespace flotilla::runtime {

struct reader_pool::threads {
  explicit threads(std::size_t count) : pool(count) {}
  std::atomic<std::size_t> waiting{0};  // outlives the pool: its jobs count in it
  asio::thread_pool pool;
};

reader_pool::reader_pool(std::size_t threads)
    : threads_(std::make_unique<reader_pool::threads>(std::clamp<std::size_t>(threads, 1, max_reader_threads))) {
}

reader_pool::~reader_pool() {
  join();
}

void reader_pool::run(std::function<void()> job) {
  ++threads_->waiting;
  asio::post(threads_->pool, [&waiting = threads_->waiting, job = std::move(job)] {
    --waiting;
    job();
  });
}

std::size_t reader_pool::waiting() const noexcept {
  return threads_->waiting;
}

void reader_pool::join() {
  threads_->pool.join();
}

}  // namespace flotilla::runtime
