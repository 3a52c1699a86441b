// The agent actor: requests to run, decide and cancel its tasks.
#include "actors/agent_parts.hpp"

#include <utility>

#include "actors/caf_errors.hpp"

namespace flotilla::actors::agent_parts {
namespace {

void put_into_queue(agent_pointer self, const run_request& asked, run_seed seed, accepted_promise promise, int tries);

/// Can a run begin without a place in the queue?
bool is_free(const agent_state& state) {
  return !state.current && state.queue.empty();
}

}  // namespace

void handle_run(agent_pointer self, run_request asked, accepted_promise promise, int tries) {
  const auto key = self->state.key;
  // What only a run needs (limits, mail, memory) is read where one may begin at once.
  const bool may_begin = is_free(self->state);
  look(
      self,
      [env = self->state.env, key, asked, may_begin](const storage::snapshot& from) {
        return may_begin ? read_run(from, *env, key, asked.task) : read_seed(from, key, asked.task);
      },
      [self, asked, promise, tries, may_begin](result<run_seed> seed) mutable {
        auto& state = self->state;
        touch(self);
        if (!seed) return refuse(promise, seed.error());
        const auto wanted = decide_run(*seed, asked);
        if (!wanted) return refuse(promise, wanted.error());
        if (*wanted == run_decision::join) return answer(promise, *seed);
        if (state.closing) return refuse(promise, draining());
        const bool at_once = *wanted != run_decision::restart && is_free(state);
        if (at_once && !may_begin) return handle_run(self, asked, promise, tries);  // it has become free meanwhile
        if (!at_once || !take_slot(state, seed->assignee.value.provider, false)) {
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

namespace {

void put_into_queue(agent_pointer self, const run_request& asked, run_seed seed, accepted_promise promise,
                    int tries) {
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

}  // namespace

void handle_decision(agent_pointer self, decide_request asked, accepted_promise promise, int tries, bool at_once) {
  const auto key = self->state.key;
  look(
      self, [key, asked](const storage::snapshot& from) { return read_seed(from, key, asked.task); },
      [self, asked, promise, tries, at_once](result<run_seed> seed) mutable {
        auto& state = self->state;
        if (!seed) return refuse(promise, seed.error());
        if (state.closing) return refuse(promise, draining());
        const auto updated = seed->record.value.task.updated_at.time_since_epoch().count();
        const bool changed = asked.expected_update != 0 && asked.expected_update != updated;
        if (changed && is_decided(*seed, asked)) return answer(promise, *seed);
        const bool active = seed->assignee.value.status == agent_status::active;
        const bool free =
            at_once && active && is_free(state) && take_slot(state, seed->assignee.value.provider, false);
        auto made = decision_step(*state.env, *seed, asked, free);
        if (!made) {
          refuse(promise, made.error());
          return start_next(self);
        }
        const queue_place place{free, seed->record.value.task.priority, asked.task};
        write(self, std::move(*made), [self, asked, place, promise, tries, free](result<committed> outcome) mutable {
          if (!outcome) {
            if (free && outcome.error().code == errc::forbidden) {
              return handle_decision(self, asked, promise, tries, false);
            }
            const auto again = [&](int count) { handle_decision(self, asked, promise, count); };
            if (!lost_race(outcome.error(), tries, again)) refuse(promise, outcome.error());
            return start_next(self);
          }
          enqueue(self->state, place);
          answer(promise, **outcome);
          start_next(self);
        });
      });
}

void handle_cancel(agent_pointer self, cancel_request asked, accepted_reply handler, int tries) {
  auto& state = self->state;
  if (state.current == asked.task && state.run) {
    self->request<caf::message_priority::high>(state.run, request_timeout, asked)
        .then([handler](run_accepted& accepted) { handler(accepted); },
              [self, asked, handler, tries](caf::error& reason) {
                // The run was gone, or could not begin: the task stands in the store.
                const bool gone = !is_ours(reason) && reason != caf::sec::request_timeout;
                const auto why = gone ? error{errc::conflict, "The run has ended meanwhile.", {}} : from_caf(reason);
                const auto again = [&](int count) { handle_cancel(self, asked, handler, count); };
                if (!lost_race(why, tries, again)) handler(fail(why));
              });
    return;
  }
  const auto key = state.key;
  look(
      self, [key, asked](const storage::snapshot& from) { return read_seed(from, key, asked.task); },
      [self, asked, handler, tries](result<run_seed> seed) {
        if (!seed) return handler(fail(seed.error()));
        // Its run may have begun while the store was read.
        if (self->state.current == asked.task && self->state.run) return handle_cancel(self, asked, handler, tries);
        auto made = end_step(*self->state.env, *seed, {"cancelled", "The task was cancelled."}, true);
        if (!made) return handler(fail(made.error()));
        write(self, std::move(*made), [self, asked, handler, tries](result<committed> outcome) {
          if (!outcome) {
            const auto again = [&](int count) { handle_cancel(self, asked, handler, count); };
            if (!lost_race(outcome.error(), tries, again)) handler(fail(outcome.error()));
            return;
          }
          handler(run_accepted{(**outcome).value.before_attempt});
          std::erase_if(self->state.queue, [&](const queue_place& place) {
            return place.task == asked.task && self->state.current != asked.task;
          });
          touch(self);
        });
      });
}

}  // namespace flotilla::actors::agent_parts
