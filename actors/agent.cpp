// The agent actor: takes requests, keeps the queue, starts one run at a time.
#include "actors/agent.hpp"

#include <memory>

#include "actors/agent_steps.hpp"
#include "actors/caf_errors.hpp"
#include "actors/redaction.hpp"
#include "actors/run.hpp"

namespace flotilla::actors {
namespace {

using pointer = agent_actor::stateful_pointer<agent_state>;
using accepted_promise = caf::typed_response_promise<run_accepted>;

void start_next(pointer self);
void load(pointer self);

// --- small things -----------------------------------------------------------------------------------------

void touch(pointer self);

/// `read_then`, counted as something that is under way.
template <class Read, class Then>
void look(pointer self, Read read, Then then) {
  ++self->state.busy;
  read_then(self, self->state.env, std::move(read), [self, then = std::move(then)](auto found) mutable {
    --self->state.busy;
    then(std::move(found));
    touch(self);
  });
}

/// The events of a task that no run owns.
void redact_events(const agent_state& state, step& in) {
  const auto with = state.env->redactor_of ? state.env->redactor_of(state.key.org) : nullptr;
  if (!with) return;
  for (auto& each : in.events) redact(each, *with);
}

/// `commit_then`, counted likewise. What the store has answered is durable.
template <class Then>
void write(pointer self, step what, Then then) {
  redact_events(self->state, what);
  ++self->state.busy;
  commit_then(self, self->state.env, std::move(what),
              [self, then = std::move(then)](result<committed> outcome) mutable {
                --self->state.busy;
                then(std::move(outcome));
                touch(self);
              });
}

/// Is there something to be taken up? A paused agent finishes what it had begun, and begins nothing.
bool has_work(const agent_state& state) {
  return !state.queue.empty() && (!state.paused || state.queue.begin()->interrupted);
}

bool idle(const agent_state& state) {
  return state.loaded && !state.current && state.busy == 0 && !has_work(state);
}

void run_timer(pointer self) {
  auto& state = self->state;
  if (!idle(state) || std::exchange(state.timer_runs, true)) return;
  self->delayed_send(self, state.env->agent_idle, tick{state.generation});
}

/// Something has happened: the agent is idle from now on at the earliest.
void touch(pointer self) {
  ++self->state.generation;
  run_timer(self);
}

void refuse(accepted_promise promise, const error& reason) {
  promise.deliver(to_caf(reason));
}

void answer(accepted_promise promise, const storage::stored<storage::task_record>& now) {
  promise.deliver(run_accepted{now.value.before_attempt});
}

void answer(accepted_promise promise, const run_seed& seed) {
  answer(std::move(promise), seed.record);
}

void enqueue(agent_state& state, const queue_place& place) {
  state.queue.insert(place);
  ++state.queue_version;
}

error draining() {
  return {errc::unavailable, "The server is shutting down.", std::nullopt};
}

void answer_idle(agent_state& state) {
  for (auto& promise : std::exchange(state.when_idle, {})) promise.deliver(suspended{});
}

/// Runs a read-decide-commit cycle again if it lost a race, at most so often.
template <class Again>
bool lost_race(const error& reason, int tries, Again again) {
  if (reason.code != errc::conflict || tries >= max_conflict_retries) return false;
  again(tries + 1);
  return true;
}

// --- runs ---------------------------------------------------------------------------------------------------

void run_ended(pointer self, task_id task) {
  auto& state = self->state;
  if (state.current != task) return;
  // Its place in the queue was given up when it began; one that it has now is of a decision that came since.
  state.current.reset();
  state.run = nullptr;
  state.late = false;
  if (state.closing) answer_idle(state);
  start_next(self);
}

/// Reads the queue again in a while. There is one such wait at a time.
void load_later(pointer self, std::chrono::milliseconds after) {
  if (!std::exchange(self->state.load_waits, true)) self->delayed_send(self, after, tick{0});
}

/// The store could not be read or written, or as much runs as the plan allows: looks again in a while. The work is
/// still in the store.
void try_later(pointer self, std::chrono::milliseconds after = store_retry) {
  if (self->state.closing) answer_idle(self->state);
  load_later(self, after);
}

/// As `try_later`, for a task that nobody runs now.
void run_later(pointer self, task_id task) {
  auto& state = self->state;
  if (state.current == task) state.current.reset();
  state.run = nullptr;
  state.late = false;
  try_later(self);
}

/// A run that threw takes nothing else down: its task ends in error.
void run_crashed(pointer self, task_id task, int tries = 0) {
  const auto key = self->state.key;
  look(
      self, [key, task](const storage::snapshot& from) { return read_seed(from, key, task); },
      [self, task, tries](result<run_seed> seed) {
        if (!seed && seed.error().code == errc::not_found) return run_ended(self, task);
        if (!seed) return run_later(self, task);
        auto& state = self->state;
        auto made = end_step(*state.env, *seed, {"internal", "The run failed with an internal error."}, false);
        if (!made) return run_ended(self, task);
        write(self, std::move(*made), [self, task, tries](result<committed> outcome) {
          if (outcome) return run_ended(self, task);
          const auto again = [self, task](int count) { run_crashed(self, task, count); };
          if (!lost_race(outcome.error(), tries, again)) {
            // The store cannot be written: the task is tried again from its journal when it can.
            run_later(self, task);
          }
        });
      });
}

/// The run did not begin; the agent is free again.
void withdraw_run(pointer self, task_id task) {
  auto& state = self->state;
  if (state.current != task) return;
  state.current.reset();
  state.run = nullptr;
  if (state.closing) answer_idle(state);
}

/// Spawns the run of a task. `answered` is called with what its start is answered; if that is an error, the agent
/// is free again, except where the answer is late: the run then still owns its task.
template <class Answered>
void spawn_run(pointer self, run_seed seed, bool give_up, Answered answered) {
  auto& state = self->state;
  state.current = seed.record.value.task.id;
  state.run = self->spawn<caf::monitored + caf::linked>(run, state.env, agent_actor{self}, std::move(seed));
  const auto task = *state.current;
  // High: a cancellation must not come before it.
  self->request<caf::message_priority::high>(state.run, request_timeout, start_run{give_up})
      .then([answered](run_accepted& accepted) mutable { answered(result<run_accepted>(accepted)); },
            [self, task, answered](caf::error& reason) mutable {
              if (reason == caf::sec::request_timeout) {
                self->state.late = self->state.current == task;
              } else {
                withdraw_run(self, task);
              }
              answered(fail(from_caf(reason)));
            });
}

void drop_from_queue(pointer self, const queue_place& place) {
  self->state.queue.erase(place);
  start_next(self);
}

/// Ends a task whose agent is archived instead of running it.
void cancel_archived(pointer self, const queue_place& place, const run_seed& seed) {
  auto made = end_step(*self->state.env, seed, {"cancelled", "The agent was archived."}, true);
  if (!made) return drop_from_queue(self, place);
  write(self, std::move(*made), [self, place](result<committed> outcome) {
    if (outcome || outcome.error().code != errc::conflict) return drop_from_queue(self, place);
    start_next(self);
  });
}

void start_read(pointer self, const queue_place& place, result<run_seed> seed) {
  auto& state = self->state;
  state.current.reset();
  if (!seed) {
    // It is gone, or another agent's by now.
    const auto code = seed.error().code;
    if (code == errc::not_found || code == errc::conflict) return drop_from_queue(self, place);
    return try_later(self);
  }
  if (state.closing) return answer_idle(state);
  if (!is_work(*seed)) return drop_from_queue(self, place);
  const auto status = seed->assignee.value.status;
  if (status == agent_status::archived) return cancel_archived(self, place, *seed);
  state.paused = status == agent_status::paused;
  if (state.paused && seed->record.value.task.status != task_status::running) return touch(self);
  spawn_run(self, std::move(*seed), false, [self, place](result<run_accepted> outcome) {
    if (outcome) {
      self->state.queue.erase(place);
      return;
    }
    if (self->state.current) return;
    const auto code = outcome.error().code;
    if (code == errc::conflict) return start_next(self);
    try_later(self, code == errc::forbidden ? limit_retry : store_retry);
  });
}

void start_next(pointer self) {
  auto& state = self->state;
  touch(self);
  if (!state.loaded || state.current || state.closing || !has_work(state)) return;
  const auto place = *state.queue.begin();
  const auto key = state.key;
  state.current = place.task;
  look(
      self, [key, place](const storage::snapshot& from) { return read_seed(from, key, place.task); },
      [self, place](result<run_seed> seed) { start_read(self, place, std::move(seed)); });
}

// --- requests -----------------------------------------------------------------------------------------------

void put_into_queue(pointer self, const run_request& asked, run_seed seed, accepted_promise promise, int tries);

void handle_run(pointer self, run_request asked, accepted_promise promise, int tries = 0) {
  const auto key = self->state.key;
  look(
      self, [key, asked](const storage::snapshot& from) { return read_seed(from, key, asked.task); },
      [self, asked, promise, tries](result<run_seed> seed) mutable {
        auto& state = self->state;
        touch(self);
        if (!seed) return refuse(promise, seed.error());
        const auto wanted = decide_run(*seed, asked);
        if (!wanted) return refuse(promise, wanted.error());
        if (*wanted == run_decision::join) return answer(promise, *seed);
        if (state.closing) return refuse(promise, draining());
        const bool free = !state.current && state.queue.empty();
        if (*wanted == run_decision::restart || !free) {
          return put_into_queue(self, asked, std::move(*seed), promise, tries);
        }
        state.paused = false;
        spawn_run(self, std::move(*seed), true, [self, asked, promise, tries](result<run_accepted> outcome) mutable {
          if (outcome) {
            promise.deliver(*outcome);
            return;
          }
          const auto again = [&](int count) { handle_run(self, asked, promise, count); };
          if (!lost_race(outcome.error(), tries, again)) refuse(promise, outcome.error());
          start_next(self);
        });
      });
}

void put_into_queue(pointer self, const run_request& asked, run_seed seed, accepted_promise promise, int tries) {
  auto& state = self->state;
  if (state.queue.size() >= max_queued_tasks) {
    return refuse(promise, {errc::unavailable, "The agent's queue is full.", std::nullopt});
  }
  auto made = queue_step(*state.env, seed, asked.restart);
  const queue_place place{false, seed.record.value.task.priority, asked.task};
  write(self, std::move(made), [self, asked, place, promise, tries](result<committed> outcome) mutable {
    if (!outcome) {
      const auto again = [&](int count) { handle_run(self, asked, promise, count); };
      if (!lost_race(outcome.error(), tries, again)) refuse(promise, outcome.error());
      return;
    }
    enqueue(self->state, place);
    self->state.paused = false;
    answer(promise, **outcome);
    start_next(self);
  });
}

/// `at_once`: where the agent is free the run goes on in the same step; else, or where the plan's limit of runs is
/// reached, the decision stands and the task waits in the queue.
void handle_decision(pointer self, decide_request asked, accepted_promise promise, int tries = 0,
                     bool at_once = true) {
  const auto key = self->state.key;
  look(
      self, [key, asked](const storage::snapshot& from) { return read_seed(from, key, asked.task); },
      [self, asked, promise, tries, at_once](result<run_seed> seed) mutable {
        auto& state = self->state;
        if (!seed) return refuse(promise, seed.error());
        if (state.closing) return refuse(promise, draining());
        const auto updated = seed->record.value.task.updated_at.time_since_epoch().count();
        if (asked.expected_update != 0 && asked.expected_update != updated) return answer(promise, *seed);
        const bool active = seed->assignee.value.status == agent_status::active;
        const bool free = at_once && active && !state.current && state.queue.empty();
        auto made = decision_step(*state.env, *seed, asked, free);
        if (!made) return refuse(promise, made.error());
        const queue_place place{free, seed->record.value.task.priority, asked.task};
        write(self, std::move(*made), [self, asked, place, promise, tries, free](result<committed> outcome) mutable {
          if (!outcome) {
            if (free && outcome.error().code == errc::forbidden) {
              return handle_decision(self, asked, promise, tries, false);
            }
            const auto again = [&](int count) { handle_decision(self, asked, promise, count); };
            if (!lost_race(outcome.error(), tries, again)) refuse(promise, outcome.error());
            return;
          }
          enqueue(self->state, place);
          answer(promise, **outcome);
          start_next(self);
        });
      });
}

void handle_cancel(pointer self, cancel_request asked, accepted_promise promise, int tries = 0) {
  auto& state = self->state;
  if (state.current == asked.task && state.run) {
    self->request<caf::message_priority::high>(state.run, request_timeout, asked)
        .then([promise](run_accepted& accepted) mutable { promise.deliver(accepted); },
              [self, asked, promise, tries](caf::error& reason) mutable {
                // The run was gone, or could not begin: the task stands in the store.
                const bool gone = reason == caf::sec::request_receiver_down || reason == caf::exit_reason::normal;
                const auto why = gone ? error{errc::conflict, "The run has ended meanwhile.", {}} : from_caf(reason);
                const auto again = [&](int count) { handle_cancel(self, asked, promise, count); };
                if (!lost_race(why, tries, again)) refuse(promise, why);
              });
    return;
  }
  const auto key = state.key;
  look(
      self, [key, asked](const storage::snapshot& from) { return read_seed(from, key, asked.task); },
      [self, asked, promise, tries](result<run_seed> seed) mutable {
        if (!seed) return refuse(promise, seed.error());
        // Its run may have begun while the store was read.
        if (self->state.current == asked.task && self->state.run) return handle_cancel(self, asked, promise, tries);
        auto made = end_step(*self->state.env, *seed, {"cancelled", "The task was cancelled."}, true);
        if (!made) return refuse(promise, made.error());
        write(self, std::move(*made), [self, asked, promise, tries](result<committed> outcome) mutable {
          if (!outcome) {
            const auto again = [&](int count) { handle_cancel(self, asked, promise, count); };
            if (!lost_race(outcome.error(), tries, again)) refuse(promise, outcome.error());
            return;
          }
          answer(promise, **outcome);
          std::erase_if(self->state.queue, [&](const queue_place& place) {
            return place.task == asked.task && self->state.current != asked.task;
          });
          touch(self);
        });
      });
}

// --- the queue ------------------------------------------------------------------------------------------------

/// Cancels what an archived agent still had, one task after the other.
void cancel_all(pointer self, std::vector<task_id> tasks) {
  if (tasks.empty()) return;
  for (const auto& task : tasks) {
    auto promise = self->make_response_promise<run_accepted>();
    handle_cancel(self, cancel_request{self->state.key, task}, promise);
  }
}

void adopt(pointer self, agent_work found) {
  auto& state = self->state;
  state.paused = found.status == agent_status::paused;
  state.queue.clear();
  for (const auto& item : found.work) {
    // What runs here is in nobody's queue, except where a human has decided while it was about to wait.
    if (state.current == item.task && item.interrupted) continue;
    state.queue.insert({item.interrupted, item.priority, item.task});
  }
  if (!std::exchange(state.loaded, true)) {
    for (auto& waiting : std::exchange(state.when_loaded, {})) waiting();
  }
  if (found.status == agent_status::archived) cancel_all(self, std::move(found.pending));
  start_next(self);
}

/// Reads the agent and its queue from the store.
void load(pointer self) {
  const auto key = self->state.key;
  look(
      self, [key](const storage::snapshot& from) { return read_work_of(from, key); },
      [self, version = self->state.queue_version](result<agent_work> found) {
        // What was put into the queue since may not have been seen: look again.
        if (found && version != self->state.queue_version) return load(self);
        if (found) return adopt(self, std::move(*found));
        // Its requests are answered from the store, which says that there is no such agent or task.
        if (found.error().code == errc::not_found) return adopt(self, {});
        load_later(self, store_retry);
      });
}

/// Handles a message once the queue is known.
template <class Handle>
void once_loaded(pointer self, Handle handle) {
  auto& state = self->state;
  ++state.seen;
  ++state.generation;
  if (state.loaded) return handle();
  state.when_loaded.emplace_back(std::move(handle));
}

void on_tick(pointer self, const tick& due) {
  auto& state = self->state;
  if (due.generation == 0) {
    state.load_waits = false;
    return load(self);
  }
  state.timer_runs = false;
  if (!idle(state)) return;
  if (due.generation == state.generation) {
    self->send(state.fleet, passivate{state.key, state.seen});
  } else {
    run_timer(self);
  }
}

caf::result<suspended> close(pointer self, bool abort) {
  auto& state = self->state;
  state.closing = true;
  auto promise = self->make_response_promise<suspended>();
  if (!state.current) {
    promise.deliver(suspended{});
  } else if (abort && state.run) {
    self->request<caf::message_priority::high>(state.run, request_timeout, suspend{})
        .then([promise](suspended& done) mutable { promise.deliver(done); },
              [promise](caf::error&) mutable { promise.deliver(suspended{}); });
  } else {
    state.when_idle.push_back(promise);
  }
  return promise;
}

}  // namespace

agent_actor::behavior_type agent_behavior(agent_actor::stateful_pointer<agent_state> self, environment_ptr env,
                                          fleet_actor fleet, agent_key key) {
  auto& state = self->state;
  state.env = std::move(env);
  state.fleet = std::move(fleet);
  state.key = key;
  self->set_exception_handler(
      [](std::exception_ptr&) -> caf::error { return caf::exit_reason::unhandled_exception; });
  self->set_down_handler([self](caf::down_msg& down) {
    auto& st = self->state;
    if (st.run && down.source == st.run.address() && st.current) {
      const auto task = *st.current;
      st.run = nullptr;
      if (down.reason) {
        run_crashed(self, task);
      } else if (st.late) {
        run_later(self, task);  // it could not begin, and nobody waited for its answer any more
      }
    }
  });
  // The link makes a run end with its agent; a run's own end is told by its down message.
  self->set_exit_handler([self](caf::exit_msg& bye) {
    if (bye.reason == caf::exit_reason::user_shutdown || bye.reason == caf::exit_reason::kill) self->quit(bye.reason);
  });
  load(self);
  return {
      [=](run_request& asked) -> caf::result<run_accepted> {
        auto promise = self->make_response_promise<run_accepted>();
        once_loaded(self, [=] { handle_run(self, asked, promise); });
        return promise;
      },
      [=](decide_request& asked) -> caf::result<run_accepted> {
        auto promise = self->make_response_promise<run_accepted>();
        once_loaded(self, [=] { handle_decision(self, asked, promise); });
        return promise;
      },
      [=](cancel_request& asked) -> caf::result<run_accepted> {
        auto promise = self->make_response_promise<run_accepted>();
        once_loaded(self, [=] { handle_cancel(self, asked, promise); });
        return promise;
      },
      [=](agent_changed&) { once_loaded(self, [=] { load(self); }); },
      [=](run_over& over) { run_ended(self, over.task); },
      [=](settle&) -> caf::result<suspended> {
        ++self->state.seen;
        return close(self, false);
      },
      [=](suspend&) -> caf::result<suspended> {
        ++self->state.seen;
        return close(self, true);
      },
      [=](tick& due) { on_tick(self, due); },
      [=](continuation& next) { next.go_on(); },
  };
}

}  // namespace flotilla::actors
