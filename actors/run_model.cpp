// The run actor: model calls.
#include "actors/run_parts.hpp"

#include <utility>

#include "core/retry_policy.hpp"
#include "core/run_events.hpp"

namespace flotilla::actors::run_parts {
namespace {

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

result<void> absorb_failure(run_pointer self, const model_failure& failure) {
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

void start_call(run_pointer self, model_provider& provider, credential_ptr key) {
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
void absorb_key(run_pointer self, model_provider& provider, result<credential_ptr> key) {
  if (key) return start_call(self, provider, std::move(*key));
  model_failure failure;
  failure.code = "secret_unreadable";
  failure.message = key.error().message;
  failure.retryable = key.error().code == errc::unavailable;
  if (auto told = absorb_failure(self, failure); !told) conclude_bug(self->state, told.error());
}

}  // namespace

void begin_model(run_pointer self) {
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

result<void> absorb_news(run_pointer self) {
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

}  // namespace flotilla::actors::run_parts
