// Reads and steps of an agent's tasks.
#include "actors/agent_steps.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "actors/delegation.hpp"
#include "actors/memory.hpp"
#include "actors/run_messages.hpp"
#include "core/bus_types.hpp"
#include "core/life_cycle.hpp"
#include "core/run_events.hpp"

namespace flotilla::actors {
namespace {

tl::unexpected<error> no_such_task() {
  return fail(errc::not_found, "No such task.");
}

result<std::vector<event>> read_attempt(const storage::snapshot& from, org_id org, task_id task, event_seq after) {
  std::vector<event> events;
  for (;;) {
    auto entries = storage::read_events(from, org, task, after, event_read_bytes);
    if (!entries) return fail(std::move(entries.error()));
    if (entries->empty()) return events;
    for (const auto& entry : *entries) {
      auto decoded = storage::decode_event(*entry.json);
      if (!decoded) return fail(std::move(decoded.error()));
      events.push_back(std::move(*decoded));
    }
    after = entries->back().seq;
  }
}

/// What the agent remembered when the attempt began: a run that goes on after a crash is given the same once more.
result<agent_memory> read_memory_of(const storage::snapshot& from, const environment& env, const run_seed& seed) {
  const auto& task = seed.record.value.task;
  const bool begins = task.status == task_status::pending || !task.started_at;
  std::vector<message_seq> told;
  for (const auto& each : seed.events) {
    if (each.type != event_type::status || each.text != run_status::mail) continue;
    const auto messages = read_mail(each);
    if (!messages) return fail(messages.error());
    for (const auto& one : *messages) told.push_back(one.seq);
  }
  return read_memory(from, seed.who.org, seed.assignee.value, begins ? env.clock->now() : *task.started_at, task.id,
                     most_memory_bytes(env.max_context_bytes), told);
}

/// Adds the next event to a step, for a task that no run owns.
void add_event(step& to, const environment& env, const run_seed& seed, event happened) {
  happened.seq = seed.last_seq + to.events.size() + 1;
  happened.at = env.clock->now();
  to.events.push_back(std::move(happened));
}

step begin_step(const environment& env, const run_seed& seed) {
  step made;
  made.org = seed.who.org;
  made.task = seed.record.value.task.id;
  made.before = seed.record;
  made.after = seed.record.value;
  made.after->task.updated_at = env.clock->now();
  made.effects.model = seed.assignee.value.model;
  return made;
}

result<std::vector<task_id>> read_unfinished(const storage::snapshot& from, const agent_key& who) {
  std::vector<task_id> found;
  for (const auto status : {task_status::running, task_status::waiting, task_status::pending}) {
    task_query query;
    query.status = status;
    query.assignee = who.agent;
    query.page.limit = max_page_limit;
    do {
      auto page = storage::list_tasks(from, who.org, query);
      if (!page) return fail(std::move(page.error()));
      for (const auto& task : page->items) found.push_back(task.id);
      query.page.cursor = std::move(page->next);
    } while (query.page.cursor);
  }
  return found;
}

}  // namespace

result<run_seed> read_seed(const storage::snapshot& from, const agent_key& who, task_id task) {
  auto record = storage::read_task(from, who.org, task);
  if (!record) return fail(std::move(record.error()));
  if (!*record) return no_such_task();
  // It was given to another agent between the look-up and this one: whoever asks looks again.
  if ((*record)->value.task.assignee != who.agent) return fail(errc::conflict, "The task has another agent now.");
  auto agent = storage::read_agent(from, who.org, who.agent);
  if (!agent) return fail(std::move(agent.error()));
  if (!*agent) return fail(errc::internal, "The task's agent is missing.");
  auto events = read_attempt(from, who.org, task, (*record)->value.before_attempt);
  if (!events) return fail(std::move(events.error()));
  run_seed seed;
  seed.who = who;
  seed.assignee = std::move(**agent);
  seed.record = std::move(**record);
  seed.events = std::move(*events);
  seed.last_seq = seed.events.empty() ? seed.record.value.before_attempt : seed.events.back().seq;
  // One more than a model is told of by name, so that it can be told that there are more.
  auto reports = read_active_reports(from, who.org, who.agent, builtin::max_named_reports + 1);
  if (!reports) return fail(std::move(reports.error()));
  seed.reports = std::move(*reports);
  if (!takes_signals(seed.record.value.task.status)) return seed;
  auto ended = read_ended(from, who.org, who.agent, task);
  if (!ended) return fail(std::move(ended.error()));
  seed.ended = std::move(*ended);
  return seed;
}

result<run_seed> read_run(const storage::snapshot& from, const environment& env, const agent_key& who, task_id task) {
  auto seed = read_seed(from, who, task);
  if (!seed) return seed;
  auto limits =
      storage::read_budgets(from, who.org, seed->assignee.value, env.limits.tokens_per_month, env.clock->now());
  if (!limits) return fail(std::move(limits.error()));
  seed->limits = std::move(*limits);
  auto mail = read_unread(from, who.org, who.agent);
  if (!mail) return fail(std::move(mail.error()));
  seed->mail = std::move(*mail);
  auto memory = read_memory_of(from, env, *seed);
  if (!memory) return fail(std::move(memory.error()));
  seed->memory = std::move(*memory);
  return seed;
}

result<agent_work> read_work_of(const storage::snapshot& from, const agent_key& who) {
  auto agent = storage::read_agent(from, who.org, who.agent);
  if (!agent) return fail(std::move(agent.error()));
  if (!*agent) return fail(errc::not_found, "No such agent.");
  agent_work found;
  found.status = (*agent)->value.status;
  auto items = storage::read_work(from, who.org, who.agent);
  if (!items) return fail(std::move(items.error()));
  task_query running;
  running.status = task_status::running;
  running.assignee = who.agent;
  auto interrupted = storage::list_tasks(from, who.org, running);
  if (!interrupted) return fail(std::move(interrupted.error()));
  for (const auto& item : *items) {
    const bool runs = std::any_of(interrupted->items.begin(), interrupted->items.end(),
                                  [&](const task& each) { return each.id == item.task; });
    found.work.push_back({item.task, item.priority, runs});
  }
  auto signals = storage::read_signals(from, who.org, who.agent);
  if (!signals) return fail(std::move(signals.error()));
  for (const auto& each : *signals) {
    // They come by task.
    if (found.signalled.empty() || found.signalled.back() != each.task) found.signalled.push_back(each.task);
  }
  if (found.status == agent_status::archived) {
    auto pending = read_unfinished(from, who);
    if (!pending) return fail(std::move(pending.error()));
    found.pending = std::move(*pending);
  }
  return found;
}

bool takes_signals(task_status status) noexcept {
  return status == task_status::running || status == task_status::waiting;
}

bool is_work(const run_seed& seed) noexcept {
  const auto& record = seed.record.value;
  if (record.task.status == task_status::running) return true;
  if (record.task.status == task_status::waiting && !seed.ended.empty()) return true;
  return record.queued && (record.task.status == task_status::pending || record.task.status == task_status::waiting);
}

result<run_decision> decide_run(const run_seed& seed, const run_request& asked) {
  const auto& record = seed.record.value;
  if (asked.expected_attempt != 0 && asked.expected_attempt != record.task.attempt) return run_decision::join;
  const bool ended = after(record.task.status, task_step::restart).has_value();
  if (ended && !asked.restart) return run_decision::join;
  if (!ended && (record.task.status != task_status::pending || record.queued)) return run_decision::join;
  const auto status = seed.assignee.value.status;
  if (status == agent_status::paused || status == agent_status::archived) {
    return fail(errc::invalid, "taskId: the task's agent is " + std::string(to_string(status)));
  }
  return ended ? run_decision::restart : run_decision::begin;
}

step queue_step(const environment& env, const run_seed& seed, bool restart) {
  auto made = begin_step(env, seed);
  auto& record = *made.after;
  if (restart && after(record.task.status, task_step::restart)) {
    record.task.status = task_status::pending;
    record.task.output.reset();
    record.task.error.reset();
    record.task.started_at.reset();
    record.task.finished_at.reset();
    ++record.task.attempt;
    record.before_attempt = seed.last_seq;
    record.usage_before = record.task.usage;
  }
  record.queued = true;
  made.relies_on = seed.assignee;
  add_event(made, env, seed, status_event(run_status::queued));
  return made;
}

result<step> end_step(const environment& env, const run_seed& seed, task_error why, bool cancelled) {
  const auto status = seed.record.value.task.status;
  if (!after(status, task_step::cancel)) {
    return fail(errc::invalid, "status: the task has ended already (" + std::string(to_string(status)) + ")");
  }
  auto made = begin_step(env, seed);
  auto& record = *made.after;
  std::vector<delegated_task> delegated;
  if (const auto machine = replay(env, seed, {}); machine) {
    if (!machine->output().empty()) record.task.output = machine->output();
    record.task.usage = record.usage_before;
    record.task.usage += machine->usage();
    delegated = machine->delegated();
  }
  record.task.status = task_status::error;
  record.task.error = why;
  record.task.finished_at = record.task.updated_at;
  record.queued = false;
  record.parked_at.reset();
  record.reserved.reset();
  add_end_signals(made, record, delegated, cancelled);
  add_event(made, env, seed, error_event(why));
  add_event(made, env, seed, status_event(run_status::error));
  made.messages.push_back(task_message(cancelled ? bus::task_cancelled : bus::task_error, record.task));
  return made;
}

result<step> decision_step(const environment& env, const run_seed& seed, const decide_request& asked, bool resume) {
  if (seed.record.value.task.status != task_status::waiting) {
    return fail(errc::invalid, "status: only a waiting task can be approved or rejected; this one is " +
                                   std::string(to_string(seed.record.value.task.status)));
  }
  const auto machine = replay(env, seed, tools_for(env, seed).specs);
  if (!machine) return fail(machine.error());
  const auto& parked_at = seed.record.value.parked_at;
  const bool expired = asked.expired_since != 0;
  if (expired && (!parked_at || parked_at->time_since_epoch().count() > asked.expired_since)) {
    return fail(errc::invalid, "status: the task does not wait for a human since so long");
  }
  const call_decision word{asked.granted, expired, asked.comment};
  auto made = begin_step(env, seed);
  for (const auto& call : machine->awaiting_approval()) {
    if (!asked.call_id.empty() && asked.call_id != call.call_id) continue;
    add_event(made, env, seed, decision_event(word, call.tool, call.call_id));
    made.messages.push_back(decision_message(word, seed.record.value.task, call));
  }
  if (made.events.empty()) {
    return fail(errc::invalid, asked.call_id.empty() ? "status: nothing waits for a decision any more"
                                                     : "callId: no such call waits for a decision");
  }
  auto& record = *made.after;
  record.queued = true;
  if (resume) {
    record.task.status = task_status::running;
    record.queued = false;
    record.parked_at.reset();
    made.effects.most_running = env.limits.concurrent_runs;
  }
  return made;
}

bool is_decided(const run_seed& seed, const decide_request& asked) {
  const auto word = asked.granted ? run_status::approved : run_status::rejected;
  return std::any_of(seed.events.begin(), seed.events.end(), [&](const event& each) {
    return each.type == event_type::status && each.text == word &&
           each.at.time_since_epoch().count() >= asked.expected_update &&
           (asked.call_id.empty() || each.call_id == asked.call_id);
  });
}

step crash_step(const environment& env, const run_seed& seed, std::uint32_t tries) {
  auto made = begin_step(env, seed);
  add_event(made, env, seed, crashed_event(tries));
  return made;
}

std::optional<task_error> given_up(const run_seed& seed) {
  const auto tries = count_futile_tries(seed.events);
  if (tries.crashes >= max_run_crashes) {
    return task_error{"run_crashed",
                      "The run failed " + std::to_string(tries.crashes) + " times in a row with an internal error."};
  }
  if (tries.resumes >= max_futile_resumes) {
    return task_error{"run_crashed", "The server ended " + std::to_string(tries.resumes) +
                                         " times in a row before the run had got any further."};
  }
  return std::nullopt;
}

result<signals_of_task> read_signals_of(const storage::snapshot& from, const agent_key& who, task_id task) {
  auto signals = storage::read_signals(from, who.org, who.agent, task);
  if (!signals) return fail(std::move(signals.error()));
  auto record = storage::read_task(from, who.org, task);
  if (!record) return fail(std::move(record.error()));
  signals_of_task found;
  found.all = std::move(*signals);
  if (*record) {
    found.assignee = (*record)->value.task.assignee;
    found.taken = takes_signals((*record)->value.task.status);
  }
  return found;
}

}  // namespace flotilla::actors
