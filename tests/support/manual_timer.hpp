// A timer whose clock is turned by hand.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "providers/timer.hpp"

namespace flotilla::testing {

/// Calls its jobs from within `advance`. For tests with one thread.
class manual_timer final : public timer {
 public:
  std::unique_ptr<timer_ticket> after(std::chrono::milliseconds delay, std::function<void()> job) override {
    const key mine{now_ + delay, ++last_};
    jobs_->emplace(mine, std::move(job));
    return std::make_unique<ticket>(jobs_, mine);
  }

  /// Lets time pass, and calls what falls due in its order, also what is added meanwhile.
  void advance(std::chrono::milliseconds by) {
    const auto end = now_ + by;
    while (!jobs_->empty() && jobs_->begin()->first.first <= end) {
      auto due = jobs_->extract(jobs_->begin());
      now_ = due.key().first;
      due.mapped()();
    }
    now_ = end;
  }

  [[nodiscard]] std::size_t waiting() const noexcept { return jobs_->size(); }

 private:
  using key = std::pair<std::chrono::milliseconds, std::uint64_t>;
  using table = std::map<key, std::function<void()>>;
  struct ticket final : timer_ticket {
    ticket(std::shared_ptr<table> jobs, key which) : jobs_(std::move(jobs)), which_(which) {}
    ~ticket() override { jobs_->erase(which_); }
    std::shared_ptr<table> jobs_;
    key which_;
  };

  std::shared_ptr<table> jobs_ = std::make_shared<table>();
  std::chrono::milliseconds now_{0};
  std::uint64_t last_ = 0;
};

}  // namespace flotilla::testing
