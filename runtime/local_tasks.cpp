// The fleet on one machine: its tasks.
#include <utility>

#include "core/validation.hpp"
#include "runtime/local_fleet.hpp"
#include "runtime/once_through_actor.hpp"
#include "runtime/redaction.hpp"

namespace flotilla::runtime {
namespace {

constexpr int max_asks = 8;  ///< of a task that is given from agent to agent meanwhile

/// A run request that needs no agent, because nothing is to be begun.
bool only_joins(const seen_task& seen, bool restart) {
  if (seen.status == task_status::done || seen.status == task_status::error) return !restart;
  return seen.status != task_status::pending || seen.queued;
}

}  // namespace

void local_fleet::create_task(const principal& who, task_draft draft, reply<task> handler) {
  if (refused(handler)) return;
  draft = redacted(std::move(draft), vault_->redactor_of(who.org));
  change<task>(
      context(), who,
      [this, org = who.org, draft = std::move(draft)](const storage::snapshot& from) {
        return decide_create(from, org, draft, plan_.limits, system_wall_clock().now());
      },
      telling_limits(who.org, std::move(handler)));
}

void local_fleet::find_task(const principal& who, task_id which, reply<task_detail> handler) {
  read<task_detail>(
      context(), [org = who.org, which](const storage::snapshot& from) { return read_detail(from, org, which); },
      std::move(handler));
}

void local_fleet::list_tasks(const principal& who, task_query query, reply<page<task>> handler) {
  if (auto valid = validate(query.page); !valid) return handler(fail(std::move(valid.error())));
  read<page<task>>(
      context(),
      [org = who.org, query = std::move(query)](const storage::snapshot& from) {
        return storage::list_tasks(from, org, query);
      },
      std::move(handler));
}

void local_fleet::update_task(const principal& who, task_id which, task_patch patch, reply<task> handler) {
  if (refused(handler)) return;
  patch = redacted(std::move(patch), vault_->redactor_of(who.org));
  change_unkeyed<task_change>(
      context(), who.org,
      [this, org = who.org, which, patch = std::move(patch)](const storage::snapshot& from) {
        return decide_update(from, org, which, patch, plan_.limits, system_wall_clock().now());
      },
      [this, who, which, handler = std::move(handler)](result<task_change> changed) {
        if (!changed) tell_limit(who.org, changed.error());
        if (!changed) return handler(fail(std::move(changed.error())));
        if (changed->look_again) tell_agent(who.org, *changed->look_again);
        if (!changed->action) return show_task(who, which, handler);
        act(changed->now, who.org, *changed->action, [this, who, which, handler](result<actors::run_accepted> acted) {
          if (!acted) return handler(fail(std::move(acted.error())));
          show_task(who, which, handler);
        });
      });
}

void local_fleet::show_task(const principal& who, task_id which, reply<task> handler) {
  find_task(who, which, [handler = std::move(handler)](result<task_detail> found) {
    handler(found ? result<task>(std::move(found->task)) : result<task>(fail(std::move(found.error()))));
  });
}

void local_fleet::act(const task& on, org_id org, task_step action, reply<actors::run_accepted> handler) {
  const auto ask = [this, which = on.id, action](const actors::agent_key& key, reply<actors::run_accepted> answered) {
    const auto send = [&](auto what) {
      request<actors::run_accepted>(gateway_, actors::request_timeout, std::move(what), std::move(answered));
    };
    if (action == task_step::restart) return send(actors::run_request{key, which, true});
    if (action == task_step::cancel) return send(actors::cancel_request{key, which});
    return send(actors::decide_request{key, which, action == task_step::approve, {}, {}});
  };
  ask_agent({org, on.assignee}, on.id, ask, std::move(handler));
}

void local_fleet::ask_agent(actors::agent_key seen, task_id which, agent_request ask,
                            reply<actors::run_accepted> handler, int asked_before) {
  ask(seen, [this, org = seen.org, which, ask, handler, asked_before](result<actors::run_accepted> outcome) {
    const bool moved = !outcome && outcome.error().code == errc::conflict && asked_before + 1 < max_asks;
    if (moved) return find_and_ask(org, which, ask, handler, asked_before + 1);
    handler(std::move(outcome));
  });
}

void local_fleet::find_and_ask(org_id org, task_id which, agent_request ask, reply<actors::run_accepted> handler,
                               int asked_before) {
  read<agent_id>(
      context(),
      [org, which](const storage::snapshot& from) -> result<agent_id> {
        auto found = storage::read_task(from, org, which);
        if (!found) return fail(std::move(found.error()));
        if (!*found) return fail(errc::not_found, "No such task.");
        return (*found)->value.task.assignee;
      },
      [this, org, which, ask, handler, asked_before](result<agent_id> assignee) {
        if (!assignee) return handler(fail(std::move(assignee.error())));
        ask_agent({org, *assignee}, which, ask, handler, asked_before);
      });
}

void local_fleet::run_task(const principal& who, task_id which, bool restart, reply<run_ticket> handler) {
  if (refused(handler)) return;
  const auto org = who.org;
  actor_call<run_ticket, seen_task> call;
  call.see = [this, org, which, restart](const storage::snapshot& from) -> result<seen_task> {
    auto seen = see_task(from, org, which);
    if (!seen || only_joins(*seen, restart)) return seen;
    auto left = check_tokens_left(from, org, seen->assignee, plan_.limits, system_wall_clock().now());
    if (!left) return fail(std::move(left.error()));
    return seen;
  };
  const bool keyed = who.once != nullptr;
  call.act = [this, org, which, restart, keyed](const seen_task& seen, bool again, reply<run_ticket> done) {
    // A repetition must not begin another attempt than the one that was seen at first.
    const auto attempt = keyed ? seen.attempt : 0;
    if (!again) return run_seen(org, which, restart, seen, attempt, std::move(done));
    read<seen_task>(
        context(), [org, which](const storage::snapshot& from) { return see_task(from, org, which); },
        [this, org, which, restart, attempt, done = std::move(done)](result<seen_task> now) {
          if (!now) return done(fail(std::move(now.error())));
          run_seen(org, which, restart, *now, attempt, done);
        });
  };
  once_through_actor<run_ticket, seen_task>(context(), who, std::move(call), telling_limits(org, std::move(handler)));
}

void local_fleet::run_seen(org_id org, task_id which, bool restart, const seen_task& seen,
                           std::uint32_t expected_attempt, reply<run_ticket> handler) {
  const bool has_begun = expected_attempt != 0 && expected_attempt != seen.attempt;
  if (has_begun || only_joins(seen, restart)) return handler(run_ticket{which, seen.before_attempt});
  const auto ask = [this, which, restart, expected_attempt](const actors::agent_key& key,
                                                            reply<actors::run_accepted> answered) {
    request<actors::run_accepted>(gateway_, actors::request_timeout,
                                  actors::run_request{key, which, restart, expected_attempt}, std::move(answered));
  };
  ask_agent({org, seen.assignee}, which, ask,
            [which, handler = std::move(handler)](result<actors::run_accepted> accepted) {
              if (!accepted) return handler(fail(std::move(accepted.error())));
              handler(run_ticket{which, accepted->before_first});
            });
}

void local_fleet::watch_task(const principal& who, task_id which, event_seq after,
                             reply<std::shared_ptr<subscription>> handler) {
  read<std::shared_ptr<subscription>>(
      context(),
      [this, org = who.org, which, after](const storage::snapshot& from) -> result<std::shared_ptr<subscription>> {
        auto found = storage::read_task(from, org, which);
        if (!found) return fail(std::move(found.error()));
        if (!*found) return fail(errc::not_found, "No such task.");
        return hub_->watch_task(org, which, after);
      },
      std::move(handler));
}

}  // namespace flotilla::runtime
