// The fleet on one machine: what is said to agents, and the tree that they make.
#include <utility>

#include "core/validation.hpp"
#include "runtime/agent_tree.hpp"
#include "runtime/local_fleet.hpp"
#include "runtime/message_changes.hpp"
#include "runtime/redaction.hpp"

namespace flotilla::runtime {

void local_fleet::agent_tree(const principal& who, std::optional<agent_id> root,
                             reply<std::vector<agent_node>> handler) {
  request<actors::live_report>(
      gateway_, actors::request_timeout, actors::live_agents{who.org},
      [this, org = who.org, root, handler = std::move(handler)](const result<actors::live_report>& report) {
        if (!report) return handler(fail(report.error()));
        vitals_by_agent vitals;
        for (const auto& each : report->agents) vitals[each.agent] = {each.restarts, each.restarting};
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
  change<message>(
      context(), who.org,
      [org = who.org, what = std::move(what)](const storage::snapshot& from) { return decide_post(from, org, what); },
      std::move(handler));
}

void local_fleet::decide_task(const principal& who, task_id which, approval_decision word, reply<task> handler) {
  if (refused(handler)) return;
  word = redacted(std::move(word), vault_->redactor_of(who.org));
  if (auto valid = validate(word); !valid) return handler(fail(std::move(valid.error())));
  const auto ask = [this, which, word = std::move(word)](const actors::agent_key& key,
                                                         reply<actors::run_accepted> answered) {
    request<actors::run_accepted>(
        gateway_, actors::request_timeout,
        actors::decide_request{key, which, word.granted, word.call_id.value_or(""), word.comment.value_or("")},
        std::move(answered));
  };
  ask_and_show(who, which, ask, std::move(handler));
}

void local_fleet::cancel_task(const principal& who, task_id which, reply<task> handler) {
  if (refused(handler)) return;
  const auto ask = [this, which](const actors::agent_key& key, reply<actors::run_accepted> answered) {
    request<actors::run_accepted>(gateway_, actors::request_timeout, actors::cancel_request{key, which},
                                  std::move(answered));
  };
  ask_and_show(who, which, ask, std::move(handler));
}

void local_fleet::ask_and_show(const principal& who, task_id which, agent_request ask, reply<task> handler) {
  find_and_ask(who.org, which, std::move(ask),
               [this, who, which, handler = std::move(handler)](result<actors::run_accepted> accepted) {
                 if (!accepted) return handler(fail(std::move(accepted.error())));
                 show_task(who, which, handler);
               });
}

}  // namespace flotilla::runtime
