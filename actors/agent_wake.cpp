// The agent actor: makes a task of messages that ask to wake it. Their signal stands until they have been read, or
// the task is made.
#include <algorithm>
#include <string>
#include <utility>

#include "actors/agent_parts.hpp"
#include "actors/delegation.hpp"
#include "actors/mail.hpp"
#include "actors/run_messages.hpp"
#include "core/bus_types.hpp"
#include "storage/usage_records.hpp"

namespace flotilla::actors::agent_parts {
namespace {

/// What asks for the agent's attention.
struct call_to_wake {
  std::optional<storage::stored<agent>> who;
  std::vector<storage::task_signal> signals;
  unread_batch mail;
  bool task_left = true;  ///< the plan has one
};

/// May block on the disk.
result<call_to_wake> read_call(const storage::snapshot& from, const environment& env, const agent_key& key) {
  call_to_wake found;
  auto signals = storage::read_signals(from, key.org, key.agent, {});
  if (!signals) return fail(std::move(signals.error()));
  found.signals = std::move(*signals);
  if (found.signals.empty()) return found;
  auto who = storage::read_agent(from, key.org, key.agent);
  if (!who) return fail(std::move(who.error()));
  found.who = std::move(*who);
  auto mail = read_unread(from, key.org, key.agent);
  if (!mail) return fail(std::move(mail.error()));
  found.mail = std::move(*mail);
  const auto left = check_tasks_left(from, key.org, env.limits, env.clock->now());
  if (!left && left.error().code != errc::forbidden) return fail(left.error());
  found.task_left = left.has_value();
  return found;
}

/// "Message from Ada", "3 messages".
std::string title_of(const std::vector<told_message>& mail) {
  if (mail.size() > 1) return std::to_string(mail.size()) + " messages";
  const auto& one = mail.front();
  if (one.from.is == party::kind::agent && !one.name.empty()) return "Message from " + one.name;
  return one.from.is == party::kind::user ? "Message from a user" : "A message";
}

new_task make_waking_task(const call_to_wake& why, timestamp now) {
  new_task made;
  auto& task = made.record.task;
  task.id = task_id::make(now);
  task.title = title_of(why.mail.messages);
  task.input = "You have unread messages, which are shown to you. Read them, and do what they ask of you.";
  task.assignee = why.who->value.id;
  const auto& sender = why.mail.messages.front().from;
  const bool by_one = std::all_of(why.mail.messages.begin(), why.mail.messages.end(),
                                  [&](const told_message& each) { return each.from == sender; });
  if (by_one && sender.is == party::kind::agent) task.requester = sender.agent;
  task.created_at = task.updated_at = now;
  made.record.wakes = why.mail.wakes_in_a_row;
  queue_at_birth(made, now);
  return made;
}

/// What is to be done about it; nothing: it waits until the agent is not paused any more.
std::optional<step> waking_step(const environment& env, const agent_key& key, const call_to_wake& why) {
  step made;
  made.org = key.org;
  made.acted_on = why.signals;
  if (!why.who || why.who->value.status == agent_status::archived || why.mail.messages.empty()) return made;
  if (why.who->value.status == agent_status::paused) return std::nullopt;
  if (!why.task_left) {
    made.messages.push_back(limit_message(storage::tasks_limit_text(*env.limits.tasks_per_month)));
    return made;
  }
  auto work = make_waking_task(why, env.clock->now());
  made.relies_on = why.who;
  made.messages.push_back(task_message(bus::task_created, work.record.task));
  made.made.push_back(std::move(work));
  return made;
}

void answer_call(agent_pointer self, const result<call_to_wake>& found) {
  auto& state = self->state;
  const auto end = [self](bool again) {
    self->state.waking = false;
    if (!again) return;
    self->state.wake_asked = true;
    self->delayed_send(self, store_retry, continuation{[self] { wake_up(self); }});
  };
  if (!found) return end(true);
  if (state.closing || found->signals.empty()) return end(false);
  auto made = waking_step(*state.env, state.key, *found);
  if (!made) return end(false);
  write(self, std::move(*made), [end](const result<committed>& outcome) { end(!outcome); });
}

}  // namespace

void wake_up(agent_pointer self) {
  auto& state = self->state;
  const bool idle = state.loaded && !state.current && state.queue.empty() && !state.paused && !state.closing;
  if (!state.wake_asked || state.waking || !idle) return;
  state.wake_asked = false;
  state.waking = true;
  look(
      self, [env = state.env, key = state.key](const storage::snapshot& from) { return read_call(from, *env, key); },
      [self](const result<call_to_wake>& found) { answer_call(self, found); });
}

}  // namespace flotilla::actors::agent_parts
