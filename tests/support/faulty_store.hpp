// A store whose faults a test switches on and off: it stands before a good one.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "storage/store.hpp"

namespace flotilla::testing {

/// One thread at a time.
class faulty_store final : public storage::store {
 public:
  explicit faulty_store(storage::store& good) : good_(good) {}

  bool refuses = false;      ///< commits are answered `unavailable`
  bool unreadable = false;   ///< snapshots are answered `unavailable`
  bool dead = false;         ///< the process has ended: commits are neither applied nor answered
  bool holds = false;        ///< commits wait for `release`
  std::size_t unsynced = 0;  ///< how many commits were to be answered before they are durable

  /// Commits everything that waits.
  void release() {
    holds = false;
    for (auto& waiting : std::exchange(waiting_, {})) waiting();
  }

  /// Commits what has waited longest. False: nothing waits.
  bool release_one() {
    if (waiting_.empty()) return false;
    auto first = std::move(waiting_.front());
    waiting_.pop_front();
    const auto held = std::exchange(holds, false);
    first();
    holds = held;
    return true;
  }

  result<std::unique_ptr<storage::snapshot>> snapshot() const override {
    if (unreadable) return fail(errc::unavailable, "cannot be read for a while");
    return good_.snapshot();
  }

  void commit(storage::batch changes, storage::durability level, reply<void> done) override {
    if (dead) return;
    if (level != storage::durability::synced) ++unsynced;
    if (refuses) return done(fail(errc::unavailable, "no space left"));
    if (!holds) return good_.commit(std::move(changes), level, std::move(done));
    waiting_.emplace_back([this, changes = std::move(changes), level, done = std::move(done)]() mutable {
      commit(std::move(changes), level, std::move(done));
    });
  }

  storage::store_health health() const override { return {!refuses, refuses ? "no space left" : ""}; }

 private:
  storage::store& good_;
  std::deque<std::function<void()>> waiting_;
};

}  // namespace flotilla::testing
