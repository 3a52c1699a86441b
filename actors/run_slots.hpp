// Places for runs: who may begin one now, and who waits for another to end (core/admission.hpp has the rules). One
// for all agents of a server.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "core/admission.hpp"
#include "core/clock.hpp"
#include "flotilla/plan.hpp"

namespace flotilla::actors {

class run_slots;

/// A place that is taken. Its end gives it back. Any thread.
class run_slot {
 public:
  run_slot(std::shared_ptr<run_slots> of, run_place place) : of_(std::move(of)), place_(std::move(place)) {}
  ~run_slot();
  run_slot(const run_slot&) = delete;
  run_slot& operator=(const run_slot&) = delete;
  [[nodiscard]] const run_place& place() const noexcept { return place_; }

 private:
  std::shared_ptr<run_slots> of_;
  run_place place_;
};
using run_slot_ptr = std::shared_ptr<run_slot>;

/// Somebody who waits for one. Its end gives up waiting. Any thread.
class run_slot_ticket {
 public:
  run_slot_ticket(std::shared_ptr<run_slots> of, run_admission::ticket number)
      : of_(std::move(of)), number_(number) {}
  ~run_slot_ticket();
  run_slot_ticket(const run_slot_ticket&) = delete;
  run_slot_ticket& operator=(const run_slot_ticket&) = delete;
  /// What is to be run has another priority now.
  void reprioritise(task_priority priority);

 private:
  std::shared_ptr<run_slots> of_;
  run_admission::ticket number_;
};

/// Any thread; no call blocks for longer than it takes to look into a few queues.
class run_slots : public std::enable_shared_from_this<run_slots> {
 public:
  /// Called once, in any thread, with the place that somebody who waited has got. Must not block.
  using on_granted = std::function<void(run_slot_ptr)>;

  /// `clock` outlives it.
  run_slots(run_capacity limits, const wall_clock& clock) : admission_(limits), clock_(clock) {}

  /// A place, where there is one now; else null.
  [[nodiscard]] run_slot_ptr try_take(const run_place& place);
  /// A place in any case: what was running before goes on.
  [[nodiscard]] run_slot_ptr take(const run_place& place);
  /// Has `granted` called when there is one.
  [[nodiscard]] std::unique_ptr<run_slot_ticket> wait(const run_place& place, task_priority priority,
                                                      on_granted granted);

  [[nodiscard]] std::size_t taken() const;
  [[nodiscard]] std::size_t waiting() const;

 private:
  friend class run_slot;
  friend class run_slot_ticket;
  void give_back(const run_place& place);
  void withdraw(run_admission::ticket number);
  void reprioritise(run_admission::ticket number, task_priority priority);
  /// Has those called who have a place from now on. Not to be called with the lock held.
  void grant();

  struct waiter {
    run_place place;
    on_granted granted;
  };
  mutable std::mutex mutex_;
  run_admission admission_;
  std::unordered_map<run_admission::ticket, waiter> waiters_;
  const wall_clock& clock_;
};

}  // namespace flotilla::actors
