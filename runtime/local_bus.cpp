// The fleet on one machine: what is said to agents, and the tree that they make.
#include <utility>

#include "core/validation.hpp"
#include "runtime/agent_tree.hpp"
#include "runtime/local_fleet.hpp"
#include "runtime/message_changes.hpp"
#include "runtime/once_through_actor.hpp"
#include "runtime/redaction.hpp"

namespace flotilla::runtime {

void local_fleet::agent_tree(const principal& who, std::optional<agent_id> root,
                             reply<std::vector<agent_node>> handler) {
  request<actors::live_report>(
      gateway_, actors::request_timeout, actors::live_agents{who.org},
      [this, org = who.org, root, handler = std::move(handler)](const result<actors::live_report>& report) {
        if (!report) return handler(fail(report.error()));
        vitals_by_agent vitals;
        for (const auto& each : report->agents) vitals[each.agent] = {each.restarts, each.restarting, each.failed};
        read<std::vector<agent_node>>(
            context(),
            [org, root, vitals = std::move(vitals)](const storage::snapshot& from) {
              return read_tree(from, org, root, vitals);
            },
            handler);
      });
}

void local_fleet::post_message(const principal& who, outgoing_message what, reply<message> handler) {
  if (refused(handler)) return;
  reply<message> told = [this, org = who.org, to = what.to, wakes = what.wake,
                         handler = std::move(handler)](result<message> said) {
    if (said && wakes) tell_woken(org, to);
    handler(std::move(said));
  };
  change<message>(
      context(), who,
      [org = who.org, what = std::move(what)](const storage::snapshot& from) {
        return decide_post(from, org, what, system_wall_clock().now());
      },
      std::move(told));
}

void local_fleet::post_team_message(const principal& who, team_message what, reply<std::vector<message>> handler) {
  if (refused(handler)) return;
  reply<std::vector<message>> told = [this, org = who.org, wakes = what.wake,
                                      handler = std::move(handler)](result<std::vector<message>> said) {
    if (said && wakes) {
      for (const auto& each : *said) tell_woken(org, each.to.agent);
    }
    handler(std::move(said));
  };
  change<std::vector<message>>(
      context(), who,
      [org = who.org, what = std::move(what)](const storage::snapshot& from) {
        return decide_team_post(from, org, what, system_wall_clock().now());
      },
      std::move(told));
}

void local_fleet::tell_woken(org_id org, agent_id which) const {
  caf::anon_send(fleet_, actors::signalled{{org, which}, task_id{}});
}

void local_fleet::decide_task(const principal& who, task_id which, approval_decision word, reply<task> handler) {
  if (refused(handler)) return;
  word = redacted(std::move(word), vault_->redactor_of(who.org));
  if (auto valid = validate(word); !valid) return handler(fail(std::move(valid.error())));
  actor_call<task, seen_task> call;
  call.see = [this, org = who.org, which,
              granted = word.granted](const storage::snapshot& from) -> result<seen_task> {
    auto seen = see_task(from, org, which);
    if (!seen || !granted || seen->status != task_status::waiting) return seen;
    auto left = check_tokens_left(from, org, seen->assignee, plan_.limits, system_wall_clock().now());
    if (!left) return fail(std::move(left.error()));
    return seen;
  };
  call.act = [this, who, which, word = std::move(word)](const seen_task& seen, bool again, reply<task> done) {
    actors::decide_request asked{{}, which, word.granted, word.call_id.value_or(""), word.comment.value_or(""), 0};
    // A repetition decides nothing that the human has not seen.
    if (again) asked.expected_update = seen.updated_at.time_since_epoch().count();
    const auto ask = [this, asked](const actors::agent_key& key, reply<actors::run_accepted> answered) {
      auto request_to_it = asked;
      request_to_it.who = key;
      request<actors::run_accepted>(gateway_, actors::request_timeout, std::move(request_to_it), std::move(answered));
    };
    ask_and_show(who, which, ask, again ? showing_what_is_done(who, which, std::move(done)) : std::move(done));
  };
  once_through_actor<task, seen_task>(context(), who, std::move(call), telling_limits(who.org, std::move(handler)));
}

void local_fleet::cancel_task(const principal& who, task_id which, reply<task> handler) {
  if (refused(handler)) return;
  actor_call<task, seen_task> call;
  call.see = [org = who.org, which](const storage::snapshot& from) { return see_task(from, org, which); };
  call.act = [this, who, which](const seen_task& seen, bool again, reply<task> done) {
    const auto ask = [this, which](const actors::agent_key& key, reply<actors::run_accepted> answered) {
      request<actors::run_accepted>(gateway_, actors::request_timeout, actors::cancel_request{key, which},
                                    std::move(answered));
    };
    if (!again) return ask_and_show(who, which, ask, std::move(done));
    read<seen_task>(
        context(), [org = who.org, which](const storage::snapshot& from) { return see_task(from, org, which); },
        [this, who, which, ask, attempt = seen.attempt, done = std::move(done)](result<seen_task> now) {
          if (!now) return done(fail(std::move(now.error())));
          if (now->attempt != attempt) return show_task(who, which, done);  // a later one is not what was meant
          ask_and_show(who, which, ask, showing_what_is_done(who, which, done));
        });
  };
  once_through_actor<task, seen_task>(context(), who, std::move(call), std::move(handler));
}

reply<task> local_fleet::showing_what_is_done(const principal& who, task_id which, reply<task> handler) {
  return [this, who, which, handler = std::move(handler)](result<task> outcome) {
    const bool done_already = !outcome && outcome.error().code == errc::invalid;
    if (done_already) return show_task(who, which, handler);
    handler(std::move(outcome));
  };
}

void local_fleet::ask_and_show(const principal& who, task_id which, agent_request ask, reply<task> handler) {
  find_and_ask(who.org, which, std::move(ask),
               [this, who, which, handler = std::move(handler)](result<actors::run_accepted> accepted) {
                 if (!accepted) return handler(fail(std::move(accepted.error())));
                 show_task(who, which, handler);
               });
}

}  // namespace flotilla::runtime
