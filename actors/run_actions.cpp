// The run actor: carries out what the run machine asks for.
#include "actors/run_parts.hpp"

#include <utility>
#include <variant>

#include "actors/run_messages.hpp"
#include "core/bus_types.hpp"
#include "core/run_events.hpp"

namespace flotilla::actors::run_parts {
namespace {

void absorb_outcome(run_pointer self, const std::string& tool, const tool_outcome& outcome) {
  auto& state = self->state;
  if (state.concluded || state.running_tools.erase(outcome.call_id) == 0) return;
  if (auto told = emit_result(state, tool, outcome); !told) conclude_bug(state, told.error());
  advance(self);
}

void begin_tool(run_pointer self, const tool_request& request) {
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

/// Gathers what an action begins with. True: the machine has moved, and may ask for more.
struct take_action {
  run_pointer self;
  run_state& state = self->state;

  result<bool> operator()(const call_model& action) const {
    if (state.retry_waits) return false;
    const auto may = may_begin(self);
    if (!may || !*may) return may;
    state.begin_after.emplace_back([self = self] { begin_model(self); });
    return told(emit(state, model_call_event(action.turn, action.attempt, state.budget.cut_at)));
  }
  result<bool> operator()(const call_tool& action) const {
    const auto& id = action.request.call_id;
    if (state.running_tools.contains(id)) return false;
    state.running_tools[id] = nullptr;
    state.begin_after.emplace_back([self = self, request = action.request] { begin_tool(self, request); });
    if (action.again) return false;
    return told(emit_call(state, action.request));
  }
  result<bool> operator()(const ask_approval& action) const {
    state.gathering.messages.push_back(call_message(bus::approval_requested, current_task(state), action.request));
    return told(emit(state, approval_requested_event(action.request, action.reason)));
  }
  result<bool> operator()(const answer_tool& action) const {
    return told(emit_result(state, action.tool, action.outcome));
  }
  result<bool> operator()(const delegate_task& action) const {
    if (state.running_tools.try_emplace(action.request.call_id).second) begin_delegation(self, action.request);
    return false;
  }
  result<bool> operator()(const post_mail& action) const {
    if (state.running_tools.try_emplace(action.request.call_id).second) begin_post(self, action.request);
    return false;
  }
  result<bool> operator()(const trim_context& action) const {
    return told(emit(state, context_trimmed_event(action.results, action.bytes)));
  }
  result<bool> operator()(const tell_output& action) const {
    return told(emit(state, *delta_event(text_delta{action.text})));
  }
  result<bool> operator()(const reject_output& action) const {
    return told(emit(state, output_rejected_event(action.errors, action.number)));
  }
  result<bool> operator()(const park& action) const {
    conclude_waiting(state, action.for_humans);
    return false;
  }
  result<bool> operator()(const finish& action) const {
    if (action.error && action.error->code == budget_exceeded_code) {
      const auto nearest = state.budget.nearest;
      conclude_over_budget(state, *action.error, nearest ? &*nearest : nullptr);
    } else if (action.error) {
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

}  // namespace

void gather_actions(run_pointer self) {
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

}  // namespace flotilla::actors::run_parts
