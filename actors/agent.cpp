// The agent actor: its queue, and what it is told.
#include "actors/agent.hpp"

#include <map>
#include <memory>
#include <utility>

#include "actors/agent_parts.hpp"
#include "actors/caf_errors.hpp"
#include "core/admission.hpp"

namespace flotilla::actors {
namespace agent_parts {

void redact_events(const agent_state& state, step& in) {
  const auto with = state.env->redactor_of ? state.env->redactor_of(state.key.org) : nullptr;
  if (!with) return;
  for (auto& each : in.events) redact(each, *with);
}

bool has_work(const agent_state& state) {
  return !state.queue.empty() && (!state.paused || state.queue.begin()->interrupted);
}

namespace {

bool idle(const agent_state& state) {
  return state.loaded && !state.current && state.busy == 0 && !has_work(state) && !supervises_anybody(state);
}

void run_timer(agent_pointer self) {
  auto& state = self->state;
  if (!idle(state) || std::exchange(state.timer_runs, true)) return;
  self->delayed_send(self, state.env->agent_idle, tick{state.generation});
}

}  // namespace

void touch(agent_pointer self) {
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
  auto put = place;
  if (const auto known = state.queue.find(place); known != state.queue.end()) {
    put.since = known->since;
    state.queue.erase(known);
  } else {
    put.since = state.env->clock->now();
  }
  put.number = ++state.queue_version;
  state.queue.insert(put);
}

void take_out(agent_state& state, const queue_place& place) {
  const auto found = state.queue.find(place);
  if (found != state.queue.end() && found->number == place.number) state.queue.erase(found);
}

queue_place next_place(const agent_state& state) {
  const auto& first = *state.queue.begin();
  if (first.interrupted) return first;
  const auto now = state.env->clock->now();
  const queue_place* next = nullptr;
  std::int64_t best = 0;
  // The oldest of each class stands for all of it.
  for (const auto priority : {task_priority::high, task_priority::normal, task_priority::low}) {
    const auto head = state.queue.lower_bound({false, priority, {}});
    if (head == state.queue.end() || head->priority != priority) continue;
    const auto rank = static_cast<std::int64_t>(priority) - (now - head->since) / priority_aging;
    const bool sooner = next == nullptr || rank < best || (rank == best && head->since < next->since);
    if (!sooner) continue;
    next = &*head;
    best = rank;
  }
  return *next;
}

error draining() {
  return {errc::unavailable, "The server is shutting down.", std::nullopt};
}

void answer_idle(agent_state& state) {
  for (auto& promise : std::exchange(state.when_idle, {})) promise.deliver(suspended{});
}

void load_later(agent_pointer self, std::chrono::milliseconds after) {
  if (!std::exchange(self->state.load_waits, true)) self->delayed_send(self, after, tick{0});
}

void tell_recovered(agent_pointer self) {
  if (!std::exchange(self->state.told_recovered, true)) self->send(self->state.fleet, recovered{self->state.key});
}

}  // namespace agent_parts

namespace {

using namespace agent_parts;
using pointer = agent_pointer;

void load(pointer self);

/// Cancels what an archived agent still had, one task after the other.
void cancel_all(pointer self, const std::vector<task_id>& tasks) {
  for (const auto& task : tasks) {
    handle_cancel(self, cancel_request{self->state.key, task}, [](const result<run_accepted>&) {});
  }
}

// --- signals ----------------------------------------------------------------------------------------------------

/// Takes signals away that nothing is left to be done about.
void forget_signals(pointer self, task_id task, std::vector<storage::task_signal> those) {
  step made;
  made.org = self->state.key.org;
  made.task = task;
  made.acted_on = std::move(those);
  // Where that fails they are found again when the agent is activated the next time.
  write(self, std::move(made), [](const result<committed>&) {});
}

void cancel_for_parent(pointer self, const storage::task_signal& what) {
  handle_cancel(self, cancel_request{self->state.key, what.task}, [self, what](const result<run_accepted>& outcome) {
    if (outcome) return;
    const auto code = outcome.error().code;
    const bool over = code == errc::invalid || code == errc::not_found;
    if (over) return forget_signals(self, what.task, {what});
    self->delayed_send(self, store_retry, continuation{[self, task = what.task] { on_signal(self, task); }});
  });
}

/// The task has been given to another agent meanwhile: it is for that one to do.
void pass_signals_on(pointer self, task_id task, const std::vector<storage::task_signal>& those, agent_id to) {
  step made;
  made.org = self->state.key.org;
  made.task = task;
  made.acted_on = those;
  made.signals = those;
  for (auto& each : made.signals) each.agent = to;
  write(self, std::move(made), [self, task](const result<committed>& outcome) {
    if (outcome) return;
    self->delayed_send(self, store_retry, continuation{[self, task] { on_signal(self, task); }});
  });
}

/// A delegated task has ended: the run that goes on looks for itself, one that waits is taken up.
void wake_parent(pointer self, task_id task) {
  auto& state = self->state;
  // Also where it runs: it may be about to wait. What is begun goes on before something new.
  enqueue(state, {false, task_priority::high, task});
  if (state.current == task && state.run) self->send(state.run, look_again{});
  start_next(self);
}

void act_on_signals(pointer self, task_id task, const signals_of_task& found) {
  using enum storage::keys::signal_kind;
  if (found.all.empty()) return;
  if (found.all.front().kind == wake) {
    self->state.wake_asked = true;
    return wake_up(self);
  }
  if (found.assignee && *found.assignee != self->state.key.agent) {
    return pass_signals_on(self, task, found.all, *found.assignee);
  }
  std::vector<storage::task_signal> ended;
  for (const auto& each : found.all) {
    if (each.kind == cancel) return cancel_for_parent(self, each);
    ended.push_back(each);
  }
  if (found.taken) return wake_parent(self, task);
  forget_signals(self, task, std::move(ended));
}

}  // namespace

void agent_parts::on_signal(agent_pointer self, task_id task) {
  const auto key = self->state.key;
  look(
      self, [key, task](const storage::snapshot& from) { return read_signals_of(from, key, task); },
      [self, task](const result<signals_of_task>& found) {
        if (self->state.closing) return;  // it stands, and is found at the next start
        if (found) return act_on_signals(self, task, *found);
        self->delayed_send(self, store_retry, continuation{[self, task] { on_signal(self, task); }});
      });
}

namespace {

// --- the queue --------------------------------------------------------------------------------------------------

void adopt(pointer self, agent_work found) {
  auto& state = self->state;
  state.paused = found.status == agent_status::paused;
  std::map<task_id, timestamp> waiting_since;
  for (const auto& place : std::exchange(state.queue, {})) waiting_since.emplace(place.task, place.since);
  for (const auto& item : found.work) {
    // What runs here is in nobody's queue, except where a human has decided while it was about to wait.
    if (state.current == item.task && item.interrupted) continue;
    const auto known = waiting_since.find(item.task);
    const auto since = known == waiting_since.end() ? state.env->clock->now() : known->second;
    state.queue.insert({item.interrupted, item.priority, item.task, since, state.queue_version});
  }
  if (!std::exchange(state.loaded, true)) {
    for (auto& waiting : std::exchange(state.when_loaded, {})) waiting();
  }
  if (found.status == agent_status::archived) cancel_all(self, found.pending);
  for (const auto& task : found.signalled) on_signal(self, task);
  if (state.queue.empty() || !state.queue.begin()->interrupted) tell_recovered(self);
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
    if (report_ended(self, down)) return;
    if (st.run && down.source == st.run.address() && st.current) {
      const auto task = *st.current;
      st.run = nullptr;
      if (down.reason) {
        run_crashed(self, task);
      } else if (st.late) {
        run_later(self, task);
      }
    }
  });
  // The link makes a run end with its agent; a run's own end is told by its down message.
  self->set_exit_handler([self](caf::exit_msg& bye) {
    const bool ends = bye.reason == caf::exit_reason::user_shutdown;
    // The server ends: the fleet may not know of a report yet. A crash leaves them alone.
    if (ends) dismiss_reports(self);
    if (ends || bye.reason == caf::exit_reason::kill) self->quit(bye.reason);
  });
  load(self);
  return {
      [=](run_request& asked) -> caf::result<run_accepted> {
        auto promise = self->make_response_promise<run_accepted>();
        once_loaded(self, [self, asked, answer = accepted_promise(promise)] { handle_run(self, asked, answer); });
        return promise;
      },
      [=](decide_request& asked) -> caf::result<run_accepted> {
        auto promise = self->make_response_promise<run_accepted>();
        once_loaded(self,
                    [self, asked, answer = accepted_promise(promise)] { handle_decision(self, asked, answer); });
        return promise;
      },
      [=](cancel_request& asked) -> caf::result<run_accepted> {
        auto promise = self->make_response_promise<run_accepted>();
        once_loaded(self, [self, asked, answer = accepted_promise(promise)] {
          handle_cancel(self, asked, [answer](const result<run_accepted>& outcome) {
            if (outcome) {
              answer.deliver(*outcome);
            } else {
              refuse(answer, outcome.error());
            }
          });
        });
        return promise;
      },
      [=](agent_changed&) { once_loaded(self, [=] { load(self); }); },
      [=](signalled& what) { once_loaded(self, [=] { on_signal(self, what.task); }); },
      [=](supervise& asked) -> caf::result<supervised> {
        ++self->state.seen;
        return supervised{caf::actor_cast<caf::strong_actor_ptr>(begin_to_supervise(self, asked))};
      },
      [=](release& asked) -> caf::result<released> {
        ++self->state.seen;
        end_to_supervise(self, asked.child);
        return released{};
      },
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
