// The run actor: steps, commits, model calls and tools.
#include "actors/run.hpp"

#include <utility>

#include "actors/caf_errors.hpp"
#include "actors/run_messages.hpp"
#include "core/bus_types.hpp"
#include "core/retry_policy.hpp"
#include "core/run_events.hpp"

namespace flotilla::actors {

run_tools tools_for(const environment& env, const agent& who) {
  run_tools found;
  for (auto* set : env.toolsets) {
    for (auto& spec : set->tools_for(who)) {
      if (found.owner.emplace(spec.name, set).second) found.specs.push_back(std::move(spec));
    }
  }
  return found;
}

result<run_machine> replay(const run_seed& seed, std::vector<tool_spec> tools) {
  run_machine machine(
      {seed.record.value.task.input, seed.assignee.value.approvals, seed.assignee.value.max_turns, std::move(tools)});
  for (const auto& happened : seed.events) {
    if (auto applied = machine.apply(happened); !applied) return fail(applied.error());
  }
  return machine;
}

namespace {

using pointer = run_actor::stateful_pointer<run_state>;

void advance(pointer self);

const task& current_task(const run_state& state) {
  return state.seed.record.value.task;
}

// --- gathering a step -------------------------------------------------------------------------------------

/// The record as the gathering step shall leave it; begins as the step before leaves it, which may still be on its
/// way.
storage::task_record& next_record(run_state& state) {
  if (!state.gathering.after) {
    const bool on_its_way = state.committing && state.committing_step.after;
    state.gathering.after = on_its_way ? *state.committing_step.after : state.seed.record.value;
  }
  return *state.gathering.after;
}

/// Takes what has been used into the record, so that it is counted in the same batch as the event that tells of it.
/// `unjournaled`: usage that no event tells of.
void count_usage(run_state& state, const token_usage& unjournaled = {}) {
  auto& record = next_record(state);
  record.task.usage = record.usage_before;
  record.task.usage += state.machine->usage();
  record.task.usage += unjournaled;
  record.task.updated_at = state.env->clock->now();
}

/// Appends an event to the step and tells the machine, both without secrets: what is journaled is what the machine
/// has seen. An event that the machine refuses is a bug: the step is left as it was, and the error given back.
result<void> emit(run_state& state, event happened) {
  state.redaction.redact(happened);
  happened.seq = state.seed.last_seq + 1;
  happened.at = state.env->clock->now();
  const auto used_before = state.machine->usage();
  if (auto applied = state.machine->apply(happened); !applied) return applied;
  ++state.seed.last_seq;
  state.gathering.events.push_back(std::move(happened));
  if (state.machine->usage() != used_before) count_usage(state);
  return {};
}

/// What a tool answered; its secrets are taken out before it is cut to the size of an event.
result<void> emit_result(run_state& state, std::string_view tool, tool_outcome outcome) {
  outcome.text = state.redaction.redacted(std::move(outcome.text));
  return emit(state, tool_result_event(tool, outcome));
}

/// A piece of the model's answer, as it may be told.
result<void> emit_delta(run_state& state, model_delta delta) {
  if (auto* text = std::get_if<text_delta>(&delta)) {
    text->text = state.filter.pass(text->text);
    if (text->text.empty()) return {};
  }
  auto happened = delta_event(delta);
  return happened ? emit(state, std::move(*happened)) : result<void>{};
}

/// What was held back of the model's answer, which is over.
result<void> emit_rest(run_state& state) {
  for (auto& each : state.redaction.rest()) {
    if (auto told = emit_delta(state, std::move(each)); !told) return told;
  }
  auto rest = state.filter.flush();
  return rest.empty() ? result<void>{} : emit(state, *delta_event(text_delta{std::move(rest)}));
}

void abort_calls(run_state& state) {
  state.call.reset();
  state.inbox.reset();
  ++state.call_number;  // what still comes of the old call is ignored
  state.retry_waits = false;
  state.running_tools.clear();
  state.begin_after.clear();
  state.begin_now.clear();
}

/// Gathers the end of this actor's work: done, error or waiting. `unjournaled`: usage that no event tells of.
void conclude(run_state& state, task_status status, std::optional<task_error> why, std::string_view bus_type,
              const token_usage& unjournaled = {}) {
  if (status != task_status::waiting) {
    (void)emit_rest(state);
    abort_calls(state);
  }
  if (why && emit(state, error_event(*why))) why->message = state.gathering.events.back().text;
  (void)emit(state, status_event(to_string(status)));
  auto& record = next_record(state);
  record.task.status = status;
  record.task.error = std::move(why);
  if (!state.machine->output().empty()) record.task.output = state.machine->output();
  count_usage(state, unjournaled);
  if (status != task_status::waiting) record.task.finished_at = record.task.updated_at;
  record.queued = false;
  state.gathering.messages.push_back(task_message(bus_type, record.task));
  state.concluded = true;
}

void conclude_error(run_state& state, task_error why, const token_usage& unjournaled = {}) {
  conclude(state, task_status::error, std::move(why), bus::task_error, unjournaled);
}

/// A bug of ours has come to light: the task ends with it, and nothing else is taken down.
void conclude_bug(run_state& state, const error& reason) {
  if (!state.concluded) conclude_error(state, {"internal", reason.message});
}

// --- model calls ------------------------------------------------------------------------------------------

result<void> absorb_failure(pointer self, const model_failure& failure);

void start_call(pointer self, model_provider& provider, credential_ptr key) {
  auto& state = self->state;
  auto request = state.machine->request();
  request.model = state.seed.assignee.value.model;
  request.system = state.seed.assignee.value.role;
  request.key = std::move(key);
  state.filter = repeat_filter(state.machine->partial());
  state.inbox = std::make_shared<model_inbox>(caf::actor_cast<caf::actor>(self), state.call_number);
  state.call =
      provider.start(std::move(request), measured_call(state.env, state.seed.assignee.value.provider, state.inbox));
}

/// The key is known, or why it cannot be.
void absorb_key(pointer self, model_provider& provider, result<credential_ptr> key) {
  if (key) return start_call(self, provider, std::move(*key));
  model_failure failure;
  failure.code = "secret_unreadable";
  failure.message = key.error().message;
  failure.retryable = key.error().code == errc::unavailable;
  if (auto told = absorb_failure(self, failure); !told) conclude_bug(self->state, told.error());
}

void begin_model(pointer self) {
  auto& state = self->state;
  const auto& name = state.seed.assignee.value.provider;
  auto* provider = state.env->provider(name);
  if (!provider) {
    conclude_error(state, {"unknown_provider", "There is no provider \"" + name + "\"."});
    return;
  }
  const auto call = ++state.call_number;
  if (!state.env->credential_for) return start_call(self, *provider, nullptr);
  auto key = ask_or_then<credential_ptr>(
      self,
      [&](reply<credential_ptr> handler) { state.env->credential_for(state.seed.who, name, std::move(handler)); },
      [self, provider, call](result<credential_ptr> found) {
        if (call != self->state.call_number) return;  // the call has been given up
        absorb_key(self, *provider, std::move(found));
        advance(self);
      });
  if (key) absorb_key(self, *provider, std::move(*key));
}

result<void> absorb_delta(run_state& state, model_delta delta) {
  for (auto& each : state.redaction.pass(std::move(delta))) {
    if (auto told = emit_delta(state, std::move(each)); !told) return told;
  }
  return {};
}

result<void> absorb_answer(run_state& state, const model_answer& answer) {
  if (auto told = emit_rest(state); !told) return told;
  return emit(state, model_answer_event(answer));
}

result<void> absorb_failure(pointer self, const model_failure& failure) {
  auto& state = self->state;
  const auto tries = state.machine->failed_tries() + 1;
  const auto delay = delay_before_retry(failure, tries, state.env->jitter());
  if (!delay) {
    auto message = failure.message;
    if (tries > 1) message += " (given up after " + std::to_string(tries) + " tries)";
    conclude_error(state, {failure.code, std::move(message)}, failure.usage);
    return {};
  }
  state.redaction.drop();
  state.retry_waits = true;
  self->delayed_send(self, *delay, retry_due{state.call_number});
  return emit(state, retrying_event(failure, tries, *delay));
}

/// Takes what the model has said into the gathering step.
result<void> absorb_news(pointer self) {
  auto& state = self->state;
  if (!state.inbox) return {};
  auto news = state.inbox->take();
  for (auto& delta : news.deltas) {
    if (auto told = absorb_delta(state, std::move(delta)); !told) return told;
  }
  if (!news.end) return {};
  state.call.reset();
  state.inbox.reset();
  if (auto* answer = std::get_if<model_answer>(&*news.end)) return absorb_answer(state, *answer);
  return absorb_failure(self, std::get<model_failure>(*news.end));
}

// --- tools ------------------------------------------------------------------------------------------------

void absorb_outcome(pointer self, const std::string& tool, const tool_outcome& outcome) {
  auto& state = self->state;
  if (state.concluded || state.running_tools.erase(outcome.call_id) == 0) return;
  auto told = emit_result(state, tool, outcome);
  if (told) {
    state.gathering.messages.push_back(result_message(current_task(state), tool, outcome));
  } else {
    conclude_bug(state, told.error());
  }
  advance(self);
}

void begin_tool(pointer self, const tool_request& request) {
  auto& state = self->state;
  const auto owner = state.tools.owner.find(request.tool);
  const auto& task = current_task(state);
  tool_invocation invocation;
  invocation.request = request;
  // Vendors number the calls of each answer anew, so the turn is part of what tells calls apart.
  invocation.idempotency_key = task.id.to_string() + "-" + std::to_string(task.attempt) + "-" +
                               std::to_string(state.machine->turn()) + "-" + request.call_id;
  auto handle = caf::actor_cast<caf::actor>(self);
  auto running = owner->second->call(
      state.seed.assignee.value, std::move(invocation),
      measured_tool(state.env, [handle, self, tool = request.tool, id = request.call_id](tool_outcome outcome) {
        outcome.call_id = id;
        caf::anon_send(handle, continuation{[self, tool, outcome] { absorb_outcome(self, tool, outcome); }});
      }));
  state.running_tools[request.call_id] = std::move(running);
}

// --- actions ----------------------------------------------------------------------------------------------

/// Gathers what an action begins with. True: the machine has moved, and may ask for more.
struct take_action {
  pointer self;
  run_state& state = self->state;

  result<bool> operator()(const call_model& action) const {
    if (state.retry_waits) return false;
    state.begin_after.emplace_back([self = self] { begin_model(self); });
    return told(emit(state, model_call_event(action.turn, action.attempt)));
  }
  result<bool> operator()(const call_tool& action) const {
    const auto& id = action.request.call_id;
    if (state.running_tools.contains(id)) return false;
    state.running_tools[id] = nullptr;
    state.begin_after.emplace_back([self = self, request = action.request] { begin_tool(self, request); });
    if (action.again) return false;
    state.gathering.messages.push_back(call_message(bus::tool_call, current_task(state), action.request));
    return told(emit(state, tool_call_event(action.request)));
  }
  result<bool> operator()(const ask_approval& action) const {
    state.gathering.messages.push_back(call_message(bus::approval_requested, current_task(state), action.request));
    return told(emit(state, approval_requested_event(action.request, action.reason)));
  }
  result<bool> operator()(const answer_tool& action) const {
    state.gathering.messages.push_back(result_message(current_task(state), action.tool, action.outcome));
    return told(emit_result(state, action.tool, action.outcome));
  }
  result<bool> operator()(const park&) const {
    conclude(state, task_status::waiting, std::nullopt, bus::task_waiting);
    return false;
  }
  result<bool> operator()(const finish& action) const {
    if (action.error) {
      conclude_error(state, *action.error);
    } else {
      conclude(state, task_status::done, std::nullopt, bus::task_done);
    }
    return false;
  }

  static result<bool> told(result<void> outcome) {
    if (!outcome) return fail(std::move(outcome.error()));
    return true;
  }
};

/// Gathers everything that the machine asks for now.
void gather_actions(pointer self) {
  auto& state = self->state;
  bool moved = true;
  while (moved && !state.concluded) {
    moved = false;
    for (const auto& action : state.machine->next()) {
      const auto taken = std::visit(take_action{self}, action);
      if (!taken) return conclude_bug(state, taken.error());
      moved = moved || *taken;
      if (state.concluded) return;
    }
  }
}

// --- commits ----------------------------------------------------------------------------------------------

void leave(pointer self) {
  self->send(self->state.boss, run_over{current_task(self->state).id});
  self->quit();
}

/// Tells everybody who still waits for an answer that there is none.
void disappoint(run_state& state, const error& reason) {
  if (state.start_promise.pending()) state.start_promise.deliver(to_caf(reason));
  if (state.cancel_promise.pending()) state.cancel_promise.deliver(to_caf(reason));
  if (state.suspend_promise.pending()) state.suspend_promise.deliver(suspended{});
}

/// The run cannot begin: says so to whoever asked for it, and ends without a trace.
void withdraw(pointer self, const error& reason) {
  disappoint(self->state, reason);
  self->quit();
}

/// Answers everybody who waits for the end, and ends.
void answer_and_leave(pointer self) {
  auto& state = self->state;
  const run_accepted accepted{state.seed.record.value.before_attempt};
  state.meter.end(current_task(state).status);
  if (state.start_promise.pending()) state.start_promise.deliver(accepted);
  if (state.cancel_promise.pending()) state.cancel_promise.deliver(accepted);
  if (state.suspend_promise.pending()) state.suspend_promise.deliver(suspended{});
  leave(self);
}

void committed_step(pointer self, committed now) {
  auto& state = self->state;
  state.committing = false;
  state.conflicts = 0;
  state.committing_step = {};
  if (now) state.seed.record = std::move(*now);
  if (state.start_promise.pending()) {
    state.meter.begin(state.env, state.seed.assignee.value.provider);
    state.start_promise.deliver(run_accepted{state.seed.record.value.before_attempt});
  }
  if (state.concluded && state.gathering.events.empty()) return answer_and_leave(self);
  for (auto& begin : std::exchange(state.begin_now, {})) {
    if (!state.concluded) begin();
  }
  advance(self);
}

void submit(pointer self);

/// The record was changed by somebody else (a title, say): take theirs, keep what a run decides, try again.
void rebase(pointer self) {
  auto& state = self->state;
  const auto key = state.seed.who;
  const auto which = current_task(state).id;
  read_then(
      self, state.env,
      [key, which](const storage::snapshot& from) { return storage::read_task(from, key.org, which); },
      [self](result<std::optional<storage::stored<storage::task_record>>> found) {
        auto& st = self->state;
        if (!found || !*found) {
          self->delayed_send(self, store_retry, retry_due{0});
          return;
        }
        auto theirs = std::move(**found);
        const auto& ours = st.seed.record.value;
        if (theirs.value.task.attempt != ours.task.attempt || theirs.value.task.status != ours.task.status) {
          // Somebody else owns the task now: whatever this run gathered is void.
          disappoint(st, {errc::conflict, "The task was changed meanwhile.", std::nullopt});
          return leave(self);
        }
        const auto adopt = [&theirs, title = ours.task.title](step& made) {
          const auto& task = theirs.value.task;
          if (made.after) {
            made.after->task.title = task.title;
            made.after->task.priority = task.priority;
            made.after->task.epic_id = task.epic_id;
          }
          for (auto& message : made.messages) {
            if (message.text == title) message.text = task.title;
            message.epic_id = task.epic_id;
          }
        };
        adopt(st.committing_step);
        adopt(st.gathering);
        st.seed.record = std::move(theirs);
        submit(self);
      });
}

void refused_step(pointer self, const error& reason) {
  auto& state = self->state;
  const bool beginning = state.start_promise.pending();
  // A plan's limit of runs at once: whoever asked is told, and what was queued stays so.
  const bool withdraws = state.give_up || reason.code == errc::conflict || reason.code == errc::forbidden;
  if (beginning && withdraws) return withdraw(self, reason);
  if (reason.code == errc::conflict && ++state.conflicts <= max_conflict_retries) return rebase(self);
  if (reason.code != errc::conflict && reason.code != errc::unavailable) {
    // It will never be taken (too large, a damaged store): the agent ends the task with what stands.
    disappoint(state, reason);
    return self->quit(caf::exit_reason::unhandled_exception);
  }
  // The store will take it again once it can: the run holds on, and says nothing that does not stand.
  self->delayed_send(self, store_retry, retry_due{0});
}

/// Commits `committing_step`, perhaps not for the first time.
void submit(pointer self) {
  auto& state = self->state;
  if (state.committing_step.after) state.committing_step.before = state.seed.record;
  commit_then(self, state.env, state.committing_step, [self](result<committed> outcome) {
    if (outcome) {
      committed_step(self, std::move(*outcome));
    } else {
      refused_step(self, outcome.error());
    }
  });
}

void advance(pointer self) {
  auto& state = self->state;
  if (state.committing) return;
  if (!state.concluded) {
    if (auto told = absorb_news(self); !told) conclude_bug(state, told.error());
    gather_actions(self);
  }
  auto& gathered = state.gathering;
  if (gathered.events.empty() && !gathered.after) {
    for (auto& begin : std::exchange(state.begin_after, {})) begin();
    if (gathered.events.empty()) return;
  }
  gathered.org = state.seed.who.org;
  gathered.task = current_task(state).id;
  gathered.effects.model = state.seed.assignee.value.model;
  state.committing = true;
  state.committing_step = std::exchange(state.gathering, {});
  state.begin_now = std::exchange(state.begin_after, {});
  submit(self);
}

// --- beginning and ending -----------------------------------------------------------------------------------

/// Gathers the first step: a fresh attempt, one that a human has let go on, or one that a crash cut.
result<void> gather_start(run_state& state) {
  const auto now = state.env->clock->now();
  const auto status = current_task(state).status;
  if (status == task_status::running) return emit(state, status_event(run_status::resumed));
  auto& record = next_record(state);
  record.task.status = task_status::running;
  record.task.updated_at = now;
  record.queued = false;
  state.gathering.effects.most_running = state.env->limits.concurrent_runs;
  if (status == task_status::waiting) return {};
  record.task.started_at = now;
  // A paused or archived agent takes nothing up: this start holds only while the agent is as it was read.
  state.gathering.relies_on = state.seed.assignee;
  state.gathering.messages.push_back(task_message(bus::task_started, record.task));
  return emit(
      state, running_event(record.task.attempt, state.seed.assignee.value.provider, state.seed.assignee.value.model));
}

caf::result<run_accepted> start(pointer self, bool give_up) {
  auto& state = self->state;
  state.give_up = give_up;
  state.start_promise = self->make_response_promise<run_accepted>();
  auto promise = state.start_promise;
  auto machine = replay(state.seed, state.tools.specs);
  if (!machine) {
    // The journal makes no sense: say so in it, and end the task.
    state.machine.emplace(run_spec{});
    conclude_bug(state, machine.error());
  } else {
    state.machine.emplace(std::move(*machine));
    state.redaction = run_redaction(state.env, state.seed.who.org, state.machine->output());
    if (auto gathered = gather_start(state); !gathered) conclude_bug(state, gathered.error());
  }
  advance(self);
  return promise;
}

caf::result<run_accepted> cancel(pointer self) {
  auto& state = self->state;
  // A run that is about to wait can still be cancelled; one that is suspended cannot.
  if (state.concluded && !state.machine->waiting()) {
    if (state.machine->ended()) {
      return to_caf({errc::invalid, "status: the task is ending; nothing is left to cancel", {}});
    }
    return to_caf({errc::unavailable, "The server is shutting down.", {}});
  }
  state.cancel_promise = self->make_response_promise<run_accepted>();
  auto promise = state.cancel_promise;
  conclude(state, task_status::error, task_error{"cancelled", "The task was cancelled."}, bus::task_cancelled);
  advance(self);
  return promise;
}

caf::result<suspended> suspend_now(pointer self) {
  auto& state = self->state;
  state.suspend_promise = self->make_response_promise<suspended>();
  auto promise = state.suspend_promise;
  if (state.concluded) return promise;
  if (auto told = absorb_news(self); !told) conclude_bug(state, told.error());
  if (!state.concluded) {
    abort_calls(state);
    (void)emit(state, status_event(run_status::suspended));
    state.concluded = true;
  }
  advance(self);
  return promise;
}

}  // namespace

run_actor::behavior_type run(run_actor::stateful_pointer<run_state> self, environment_ptr env, agent_actor boss,
                             run_seed seed) {
  auto& state = self->state;
  state.env = std::move(env);
  state.boss = std::move(boss);
  state.seed = std::move(seed);
  state.tools = tools_for(*state.env, state.seed.assignee.value);
  self->set_exception_handler(
      [](std::exception_ptr&) -> caf::error { return caf::exit_reason::unhandled_exception; });
  return {
      [=](start_run& order) -> caf::result<run_accepted> { return start(self, order.give_up); },
      [=](cancel_request&) -> caf::result<run_accepted> { return cancel(self); },
      [=](suspend&) -> caf::result<suspended> { return suspend_now(self); },
      [=](model_progress& progress) {
        if (progress.call == self->state.call_number) advance(self);
      },
      [=](retry_due& due) {
        auto& st = self->state;
        if (due.call == 0) return submit(self);
        if (due.call != st.call_number || !st.retry_waits) return;
        st.retry_waits = false;
        advance(self);
      },
      [=](continuation& next) { next.go_on(); },
  };
}

}  // namespace flotilla::actors
