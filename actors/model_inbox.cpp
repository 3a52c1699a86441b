// The meeting point of a provider's thread and a run.
#include "actors/model_inbox.hpp"

#include <utility>

#include "actors/messages.hpp"

namespace flotilla::actors {
namespace {

/// Joins a piece to the one before it where both are of one kind.
template <class Delta>
bool join(model_delta& last, const model_delta& piece) {
  auto* before = std::get_if<Delta>(&last);
  const auto* now = std::get_if<Delta>(&piece);
  if (!before || !now) return false;
  before->text += now->text;
  return true;
}

}  // namespace

void model_inbox::on_delta(model_delta delta) {
  std::unique_lock held(mutex_);
  auto& deltas = news_.deltas;
  const bool joined = !deltas.empty() && (join<text_delta>(deltas.back(), delta) ||
                                          join<thinking_delta>(deltas.back(), delta));
  if (!joined) deltas.push_back(std::move(delta));
  wake(std::move(held));
}

void model_inbox::on_answer(model_answer answer) {
  std::unique_lock held(mutex_);
  news_.end = std::move(answer);
  wake(std::move(held));
}

void model_inbox::on_failure(model_failure failure) {
  std::unique_lock held(mutex_);
  news_.end = std::move(failure);
  wake(std::move(held));
}

model_news model_inbox::take() {
  const std::lock_guard held(mutex_);
  woken_ = false;
  return std::exchange(news_, {});
}

void model_inbox::wake(std::unique_lock<std::mutex> held) {
  if (std::exchange(woken_, true)) return;
  held.unlock();
  caf::anon_send(run_, model_progress{call_});
}

}  // namespace flotilla::actors
