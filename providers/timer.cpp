// The timer with a thread: jobs in a map ordered by their time.
#include "providers/timer.hpp"

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace flotilla {
namespace {

using steady = std::chrono::steady_clock;

class job_table {
 public:
  using key = std::pair<steady::time_point, std::uint64_t>;

  key add(steady::time_point when, std::function<void()> job) {
    const std::lock_guard lock(mutex_);
    const key mine{when, ++last_};
    const auto place = jobs_.emplace(mine, std::move(job)).first;
    if (place == jobs_.begin()) changed_.notify_one();
    return mine;
  }

  void cancel(const key& which) {
    std::function<void()> dropped;  // destroyed after the lock is released: it may own anything
    const std::lock_guard lock(mutex_);
    const auto found = jobs_.find(which);
    if (found == jobs_.end()) return;
    dropped = std::move(found->second);
    jobs_.erase(found);
  }

  void stop() {
    std::map<key, std::function<void()>> dropped;
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(jobs_);
    changed_.notify_one();
  }

  void serve() {
    std::unique_lock lock(mutex_);
    while (!stopped_) {
      if (jobs_.empty()) {
        changed_.wait(lock);
        continue;
      }
      const auto when = jobs_.begin()->first.first;
      if (steady::now() < when) {
        changed_.wait_until(lock, when);
        continue;
      }
      auto job = jobs_.extract(jobs_.begin());
      lock.unlock();
      job.mapped()();
      job = {};
      lock.lock();
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<key, std::function<void()>> jobs_;
  std::uint64_t last_ = 0;
  bool stopped_ = false;
};

class waiting_job final : public timer_ticket {
 public:
  waiting_job(std::shared_ptr<job_table> table, job_table::key which) : table_(std::move(table)), which_(which) {}
  ~waiting_job() override { table_->cancel(which_); }

 private:
  std::shared_ptr<job_table> table_;
  job_table::key which_;
};

class thread_timer final : public timer {
 public:
  thread_timer() : thread_([table = table_] { table->serve(); }) {}
  ~thread_timer() override {
    table_->stop();
    // A job may hold the last reference to its timer.
    if (thread_.get_id() == std::this_thread::get_id()) {
      thread_.detach();
    } else {
      thread_.join();
    }
  }

  std::unique_ptr<timer_ticket> after(std::chrono::milliseconds delay, std::function<void()> job) override {
    return std::make_unique<waiting_job>(table_, table_->add(steady::now() + delay, std::move(job)));
  }

 private:
  std::shared_ptr<job_table> table_ = std::make_shared<job_table>();
  std::thread thread_;
};

}  // namespace

std::shared_ptr<timer> make_timer() {
  return std::make_shared<thread_timer>();
}

}  // namespace flotilla
