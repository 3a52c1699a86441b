// Redaction of text that comes in pieces.
#include "core/redactor.hpp"

#include <algorithm>
#include <utility>

namespace flotilla {

stream_redactor::stream_redactor(redactor_ptr with, std::string_view told_before) : with_(std::move(with)) {
  if (!with_) return;
  told_ = with_->undecided(told_before);
  open_ = told_before.substr(told_before.size() - told_);
}

void stream_redactor::use(redactor_ptr with) {
  with_ = std::move(with);
}

std::string stream_redactor::pass(std::string piece) {
  if (!with_) return piece;
  open_ += piece;
  const auto decided = open_.size() - with_->undecided(open_);
  auto shown = untold(decided);
  forget(decided);
  return shown;
}

std::string stream_redactor::flush() {
  if (!with_) return {};
  auto shown = untold(open_.size());
  forget(open_.size() - with_->undecided(open_));
  told_ = open_.size();
  return shown;
}

void stream_redactor::drop() {
  open_.resize(told_);
}

/// What the first `size` bytes show beyond what was told. Where a secret began in what was told, the two part there.
std::string stream_redactor::untold(std::size_t size) {
  const std::string_view open(open_);
  if (size <= told_) return {};
  auto shown = with_->redact(open.substr(0, size));
  altered_ = altered_ || shown != open.substr(0, size);
  const auto told = open.substr(0, told_);
  const auto parted = std::mismatch(shown.begin(), shown.end(), told.begin(), told.end()).first;
  shown.erase(shown.begin(), parted);
  return shown;
}

void stream_redactor::forget(std::size_t size) {
  open_.erase(0, size);
  told_ -= std::min(told_, size);
}

}  // namespace flotilla
