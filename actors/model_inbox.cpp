// The meeting point of a provider's thread and a run.
#include "actors/model_inbox.hpp"

#include <utility>

#include "actors/messages.hpp"
#include "core/utf8.hpp"

namespace flotilla::actors {
namespace {

/// Adds a piece of text: joined to the one before it where both are of one kind, and cut where it is too long.
template <class Delta>
void add_text(std::vector<model_delta>& to, std::string_view text) {
  while (!text.empty()) {
    auto* last = to.empty() ? nullptr : std::get_if<Delta>(&to.back());
    if (!last || last->text.size() >= max_increment_bytes) last = &std::get<Delta>(to.emplace_back(Delta{}));
    auto taken = cut_utf8(text, max_increment_bytes - last->text.size());
    if (taken.empty()) {  // its next character does not fit: the piece before it is as long as it can be
      last = &std::get<Delta>(to.emplace_back(Delta{}));
      taken = cut_utf8(text, max_increment_bytes);
      if (taken.empty()) taken = text.substr(0, max_increment_bytes);  // not UTF-8
    }
    last->text += taken;
    text.remove_prefix(taken.size());
  }
}

}  // namespace

void model_inbox::on_delta(model_delta delta) {
  std::unique_lock held(mutex_);
  if (const auto* text = std::get_if<text_delta>(&delta)) {
    add_text<text_delta>(news_.deltas, text->text);
  } else if (const auto* thought = std::get_if<thinking_delta>(&delta)) {
    add_text<thinking_delta>(news_.deltas, thought->text);
  } else {
    news_.deltas.push_back(std::move(delta));
  }
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
