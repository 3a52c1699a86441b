// The run actor: gathers events into a step.
#include "actors/run_parts.hpp"

#include <utility>

#include "actors/delegation.hpp"
#include "actors/run_messages.hpp"
#include "core/bus_types.hpp"
#include "core/run_events.hpp"

namespace flotilla::actors::run_parts {
namespace {

/// What the record is left with by a step after which nothing of the run goes on, and the message that says so.
void leave_record(run_state& state, std::string_view bus_type) {
  auto& record = next_record(state);
  if (!state.machine->output().empty()) record.task.output = state.machine->output();
  record.queued = false;
  state.gathering.messages.push_back(task_message(bus_type, record.task));
  state.concluded = true;
}

/// What the model says becomes output, or a draft where only an answer that fits a schema is output.
std::optional<event> model_event(const run_state& state, const model_delta& delta) {
  const auto* text = std::get_if<text_delta>(&delta);
  return text != nullptr && state.machine->drafts() ? draft_event(text->text) : delta_event(delta);
}

}  // namespace

storage::task_record& next_record(run_state& state) {
  if (!state.gathering.after) {
    const bool on_its_way = state.committing && state.committing_step.after;
    state.gathering.after = on_its_way ? *state.committing_step.after : state.seed.record.value;
  }
  return *state.gathering.after;
}

const storage::task_record& record_ahead(const run_state& state) {
  if (state.gathering.after) return *state.gathering.after;
  return state.committing && state.committing_step.after ? *state.committing_step.after : state.seed.record.value;
}

void count_usage(run_state& state, const token_usage& unjournaled) {
  auto& record = next_record(state);
  record.task.usage = record.usage_before;
  record.task.usage += state.machine->usage();
  record.task.usage += unjournaled;
  record.task.updated_at = state.env->clock->now();
}

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

result<void> emit_call(run_state& state, const tool_request& request) {
  state.gathering.messages.push_back(call_message(bus::tool_call, current_task(state), request));
  return emit(state, tool_call_event(request));
}

result<void> refuse_call(run_state& state, const tool_request& request, const error& reason) {
  return emit_result(state, request.tool, {request.call_id, reason.message, true});
}

result<void> emit_result(run_state& state, std::string_view tool, tool_outcome outcome) {
  outcome.text = state.redaction.redacted(std::move(outcome.text));
  if (auto told = emit(state, tool_result_event(tool, outcome)); !told) return told;
  state.gathering.messages.push_back(result_message(current_task(state), tool, outcome));
  return {};
}

result<void> emit_delta(run_state& state, model_delta delta) {
  if (auto* text = std::get_if<text_delta>(&delta)) {
    text->text = state.filter.pass(text->text);
    if (text->text.empty()) return {};
  }
  auto happened = model_event(state, delta);
  return happened ? emit(state, std::move(*happened)) : result<void>{};
}

result<void> emit_rest(run_state& state) {
  for (auto& each : state.redaction.rest()) {
    if (auto told = emit_delta(state, std::move(each)); !told) return told;
  }
  auto rest = state.filter.flush();
  if (rest.empty()) return {};
  return emit(state, *model_event(state, text_delta{std::move(rest)}));
}

void abort_calls(run_state& state) {
  give_back(state);
  state.call.reset();
  state.inbox.reset();
  ++state.call_number;  // what still comes of the old call is ignored
  state.retry_waits = false;
  state.running_tools.clear();
  state.begin_after.clear();
  state.begin_now.clear();
}

void conclude(run_state& state, task_status status, std::optional<task_error> why, std::string_view bus_type,
              const token_usage& unjournaled) {
  (void)emit_rest(state);
  abort_calls(state);
  if (why && emit(state, error_event(*why))) why->message = state.gathering.events.back().text;
  (void)emit(state, status_event(to_string(status)));
  auto& record = next_record(state);
  record.task.status = status;
  record.task.error = std::move(why);
  count_usage(state, unjournaled);
  record.task.finished_at = record.task.updated_at;
  record.parked_at.reset();
  add_end_signals(state.gathering, record, state.machine->delegated(), bus_type == bus::task_cancelled);
  leave_record(state, bus_type);
}

void conclude_waiting(run_state& state, bool for_humans) {
  (void)emit(state, status_event(for_humans ? run_status::waiting : run_status::parked));
  auto& record = next_record(state);
  record.task.status = task_status::waiting;
  count_usage(state);
  if (for_humans) record.parked_at = record.task.updated_at;
  leave_record(state, bus::task_waiting);
}

void conclude_error(run_state& state, task_error why, const token_usage& unjournaled) {
  conclude(state, task_status::error, std::move(why), bus::task_error, unjournaled);
}

void conclude_bug(run_state& state, const error& reason) {
  if (!state.concluded) conclude_error(state, {"internal", reason.message});
}

}  // namespace flotilla::actors::run_parts
