// The agent actor: takes tasks from its queue and starts their runs, one at a time.
#include "actors/agent_parts.hpp"

#include <functional>
#include <utility>

#include "actors/caf_errors.hpp"
#include "actors/run.hpp"
#include "core/run_events.hpp"

namespace flotilla::actors::agent_parts {

void run_ended(agent_pointer self, task_id task) {
  auto& state = self->state;
  if (state.current != task) return;
  // Its place in the queue was given up when it began; one that it has now is of a decision that came since.
  state.current.reset();
  state.run = nullptr;
  leave_slot(state);
  state.late = false;
  if (state.closing) answer_idle(state);
  start_next(self);
}

namespace {

/// The store could not be read or written, or as much runs as the plan allows: looks again in a while. The work is
/// still in the store.
void try_later(agent_pointer self, std::chrono::milliseconds after = store_retry) {
  leave_slot(self->state);
  if (self->state.closing) answer_idle(self->state);
  load_later(self, after);
}

}  // namespace

void run_later(agent_pointer self, task_id task) {
  auto& state = self->state;
  if (state.current == task) state.current.reset();
  state.run = nullptr;
  state.late = false;
  try_later(self);
}

namespace {

/// Ends the task of a run that nobody carries on.
void end_crashed(agent_pointer self, const run_seed& seed, task_error why, std::function<void(int)> again,
                 int tries) {
  const auto task = seed.record.value.task.id;
  auto made = end_step(*self->state.env, seed, std::move(why), false);
  if (!made) return run_ended(self, task);
  write(self, std::move(*made), [self, task, again, tries](result<committed> outcome) {
    if (outcome) return run_ended(self, task);
    // Where the store cannot be written the task is tried again from its journal when it can.
    if (!lost_race(outcome.error(), tries, again)) run_later(self, task);
  });
}

/// Journals the crash, and has the run go on from its journal after a while.
void retry_crashed(agent_pointer self, const run_seed& seed, std::function<void(int)> again, int tries) {
  const auto task = seed.record.value.task.id;
  const queue_place place{true, seed.record.value.task.priority, task};
  const auto crashes = count_futile_tries(seed.events).crashes + 1;
  write(self, crash_step(*self->state.env, seed, crashes),
        [self, task, place, again, tries](result<committed> outcome) {
          if (!outcome) {
            if (!lost_race(outcome.error(), tries, again)) run_later(self, task);
            return;
          }
          self->delayed_send(self, crash_delay, continuation{[self, task, place] {
                               if (self->state.current != task) return;
                               enqueue(self->state, place);
                               run_ended(self, task);
                             }});
        });
}

}  // namespace

void run_crashed(agent_pointer self, task_id task, int tries) {
  const auto key = self->state.key;
  look(
      self, [key, task](const storage::snapshot& from) { return read_seed(from, key, task); },
      [self, task, tries](result<run_seed> seed) {
        if (!seed && seed.error().code == errc::not_found) return run_ended(self, task);
        if (!seed) return run_later(self, task);
        if (!is_work(*seed) && seed->record.value.task.status != task_status::pending) return run_ended(self, task);
        const auto again = [self, task](int count) { run_crashed(self, task, count); };
        if (auto why = given_up(*seed)) return end_crashed(self, *seed, std::move(*why), again, tries);
        retry_crashed(self, *seed, again, tries);
      });
}

namespace {

/// The run did not begin; the agent is free again.
void withdraw_run(agent_pointer self, task_id task) {
  auto& state = self->state;
  if (state.current != task) return;
  state.current.reset();
  state.run = nullptr;
  leave_slot(state);
  if (state.closing) answer_idle(state);
}

}  // namespace

void spawn_run(agent_pointer self, run_seed seed, bool give_up, accepted_reply answered) {
  auto& state = self->state;
  state.current = seed.record.value.task.id;
  state.run =
      self->spawn<caf::monitored + caf::linked>(run, state.env, agent_actor{self}, state.fleet, std::move(seed));
  const auto task = *state.current;
  // High: a cancellation must not come before it.
  self->request<caf::message_priority::high>(state.run, request_timeout, start_run{give_up})
      .then([answered](run_accepted& accepted) { answered(result<run_accepted>(accepted)); },
            [self, task, answered](caf::error& reason) {
              if (reason == caf::sec::request_timeout) {
                self->state.late = self->state.current == task;
              } else if (is_ours(reason)) {
                withdraw_run(self, task);
              }
              // Anything else is a crash, which its down message tells of.
              answered(fail(from_caf(reason)));
            });
}

namespace {

void drop_from_queue(agent_pointer self, const queue_place& place) {
  take_out(self->state, place);
  start_next(self);
}

/// Ends a task whose agent is archived instead of running it.
void cancel_archived(agent_pointer self, const queue_place& place, const run_seed& seed) {
  auto made = end_step(*self->state.env, seed, {"cancelled", "The agent was archived."}, true);
  if (!made) return drop_from_queue(self, place);
  write(self, std::move(*made), [self, place](result<committed> outcome) {
    if (outcome || outcome.error().code != errc::conflict) return drop_from_queue(self, place);
    start_next(self);
  });
}

void start_read(agent_pointer self, const queue_place& place, result<run_seed> seed) {
  auto& state = self->state;
  state.current.reset();
  if (!seed) {
    // It is gone, or another agent's by now.
    const auto code = seed.error().code;
    if (code == errc::not_found || code == errc::conflict) return drop_from_queue(self, place);
    return try_later(self);
  }
  if (state.closing) return answer_idle(state);
  if (!is_work(*seed)) {
    tell_recovered(self);
    // What it was put there for may still stand, where the task has ended otherwise.
    on_signal(self, place.task);
    return drop_from_queue(self, place);
  }
  const auto status = seed->assignee.value.status;
  if (status == agent_status::archived) return cancel_archived(self, place, *seed);
  state.paused = status == agent_status::paused;
  if (state.paused && seed->record.value.task.status != task_status::running) {
    leave_slot(state);
    return touch(self);
  }
  const bool goes_on = seed->record.value.task.status == task_status::running;
  const auto& provider = seed->assignee.value.provider;
  if (!take_slot(state, provider, goes_on)) {
    tell_recovered(self);
    return wait_for_slot(self, provider, place.priority);
  }
  if (auto why = given_up(*seed)) {
    state.current = place.task;
    const auto again = [self, place](int) { run_later(self, place.task); };
    return end_crashed(self, *seed, std::move(*why), again, 0);
  }
  spawn_run(self, std::move(*seed), false, [self, place](result<run_accepted> outcome) {
    tell_recovered(self);
    if (outcome) {
      take_out(self->state, place);
      return;
    }
    if (self->state.current) return;
    const auto code = outcome.error().code;
    if (code == errc::conflict) return start_next(self);
    try_later(self, code == errc::forbidden ? limit_retry : store_retry);
  });
}

}  // namespace

void start_next(agent_pointer self) {
  auto& state = self->state;
  touch(self);
  if (!state.loaded || state.current || state.closing) return;
  if (!has_work(state)) {
    leave_slot(state);
    return wake_up(self);
  }
  const auto place = next_place(state);
  if (state.slot_ticket && !place.interrupted) return state.slot_ticket->reprioritise(place.priority);
  const auto key = state.key;
  state.current = place.task;
  look(
      self,
      [env = state.env, key, place](const storage::snapshot& from) { return read_run(from, *env, key, place.task); },
      [self, place](result<run_seed> seed) { start_read(self, place, std::move(seed)); });
}

}  // namespace flotilla::actors::agent_parts
