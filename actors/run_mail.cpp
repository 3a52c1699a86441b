// The run actor: writes to other agents, and gives the model what they wrote.
#include <utility>

#include "actors/mail.hpp"
#include "actors/run_messages.hpp"
#include "actors/run_parts.hpp"
#include "core/run_events.hpp"

namespace flotilla::actors::run_parts {
namespace {

result<builtin::send_message_arguments> check_call(const run_state& state, const tool_request& request) {
  auto wanted = builtin::read_send_message_arguments(request.arguments);
  if (wanted && wanted->wake && state.seed.record.value.wakes >= max_wakes_in_a_row) {
    return fail(errc::invalid, "wake: messages have woken agents " + std::to_string(max_wakes_in_a_row) +
                                   " times in a row, which is as often as they may. Send it without wake.");
  }
  return wanted;
}

/// Gathers the messages, and that they were sent.
result<void> post(run_state& state, const tool_request& request, const builtin::send_message_arguments& what,
                  const std::vector<agent>& receivers) {
  const auto wakes = what.wake ? state.seed.record.value.wakes + 1 : 0;
  std::vector<std::pair<agent_id, std::string>> delivered;
  for (const auto& each : receivers) {
    auto draft = mail_draft({party::of(state.seed.who.agent), each.id, what.text, what.team, wakes});
    draft.task_id = current_task(state).id;
    draft.epic_id = current_task(state).epic_id;
    state.gathering.messages.push_back(std::move(draft));
    if (what.wake) state.gathering.signals.push_back(wake_signal(each.id, state.env->clock->now()));
    delivered.emplace_back(each.id, each.name);
  }
  return emit_result(state, request.tool, builtin::sent_outcome(request.call_id, delivered));
}

/// Goes on with what was found; the call may have been given up meanwhile.
void found_receivers(run_pointer self, const tool_request& request, const builtin::send_message_arguments& what,
                     const result<std::vector<agent>>& receivers) {
  auto& state = self->state;
  if (state.concluded || state.running_tools.erase(request.call_id) == 0) return;
  auto told = emit_call(state, request);
  if (told) {
    told = receivers ? post(state, request, what, *receivers) : refuse_call(state, request, receivers.error());
  }
  if (!told) conclude_bug(state, told.error());
  advance(self);
}

}  // namespace

void begin_post(run_pointer self, tool_request request) {
  auto& state = self->state;
  auto what = check_call(state, request);
  if (!what) {
    // Within `gather_actions`, which is not to be entered again from here.
    self->send(self, continuation{[self, request, reason = what.error()] {
                 found_receivers(self, request, {}, fail(reason));
               }});
    return;
  }
  const auto key = state.seed.who;
  read_then(
      self, state.env,
      [key, what = *what](const storage::snapshot& from) { return find_receivers(from, key.org, key.agent, what); },
      [self, request, what = *what](const result<std::vector<agent>>& found) {
        found_receivers(self, request, what, found);
      });
}

result<void> absorb_mail(run_state& state) {
  const auto mail = std::exchange(state.mail, {});
  if (mail.messages.empty() || !state.machine->takes_mail()) return {};
  auto& step = state.gathering;
  step.read_mail.insert(step.read_mail.end(), mail.rows.begin(), mail.rows.end());
  step.acted_on.insert(step.acted_on.end(), mail.wakes.begin(), mail.wakes.end());
  return emit(state, mail_event(mail.messages));
}

}  // namespace flotilla::actors::run_parts
