// Redaction of text that comes in pieces.
#include "core/redactor.hpp"

#include <utility>

namespace flotilla {

std::string stream_redactor::pass(std::string piece) {
  if (!with_) return piece;
  held_ += piece;
  const auto told = held_.size() - with_->undecided(held_);
  auto shown = with_->redact(std::string_view(held_).substr(0, told));
  held_.erase(0, told);
  return shown;
}

std::string stream_redactor::flush() {
  auto rest = std::exchange(held_, {});
  return with_ ? with_->redact(rest) : rest;
}

}  // namespace flotilla
