#include "actors/run_slots.hpp"

#include <utility>
#include <vector>

namespace flotilla::actors {

run_slot::~run_slot() {
  of_->give_back(place_);
}

run_slot_ticket::~run_slot_ticket() {
  of_->withdraw(number_);
}

void run_slot_ticket::reprioritise(task_priority priority) {
  of_->reprioritise(number_, priority);
}

run_slot_ptr run_slots::try_take(const run_place& place) {
  const std::lock_guard held(mutex_);
  return admission_.admit(place) ? std::make_shared<run_slot>(shared_from_this(), place) : nullptr;
}

run_slot_ptr run_slots::take(const run_place& place) {
  const std::lock_guard held(mutex_);
  admission_.force(place);
  return std::make_shared<run_slot>(shared_from_this(), place);
}

std::unique_ptr<run_slot_ticket> run_slots::wait(const run_place& place, task_priority priority, on_granted granted) {
  std::unique_ptr<run_slot_ticket> made;
  {
    const std::lock_guard held(mutex_);
    const auto number = admission_.wait(place, priority, clock_.now());
    waiters_.emplace(number, waiter{place, std::move(granted)});
    made = std::make_unique<run_slot_ticket>(shared_from_this(), number);
  }
  // A place may have become free since it was tried.
  grant();
  return made;
}

std::size_t run_slots::taken() const {
  const std::lock_guard held(mutex_);
  return admission_.running();
}

std::size_t run_slots::waiting() const {
  const std::lock_guard held(mutex_);
  return admission_.waiting();
}

void run_slots::give_back(const run_place& place) {
  {
    const std::lock_guard held(mutex_);
    admission_.release(place);
  }
  grant();
}

void run_slots::withdraw(run_admission::ticket number) {
  {
    const std::lock_guard held(mutex_);
    // One who has got a place does not wait any more.
    if (waiters_.erase(number) == 0) return;
    admission_.withdraw(number);
  }
  // Others may have been kept back by it.
  grant();
}

void run_slots::reprioritise(run_admission::ticket number, task_priority priority) {
  const std::lock_guard held(mutex_);
  if (waiters_.contains(number)) admission_.reprioritise(number, priority);
}

void run_slots::grant() {
  std::vector<std::pair<on_granted, run_slot_ptr>> granted;
  {
    const std::lock_guard held(mutex_);
    for (const auto number : admission_.admit_waiting(clock_.now())) {
      auto found = waiters_.extract(number);
      auto& who = found.mapped();
      granted.emplace_back(std::move(who.granted), std::make_shared<run_slot>(shared_from_this(), who.place));
    }
  }
  for (auto& [call, slot] : granted) call(std::move(slot));
}

}  // namespace flotilla::actors
