// The redacting sink.
#include "cli/log_redaction.hpp"

#include <mutex>
#include <utility>

namespace flotilla::cli {

void redacting_sink::use(hide_secrets hide) {
  const std::lock_guard held(mutex_);
  hide_ = std::move(hide);
}

void redacting_sink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t formatted;
  formatter_->format(message, formatted);
  std::string line(formatted.data(), formatted.size());
  if (hide_) line = hide_(std::move(line));
  (void)std::fwrite(line.data(), 1, line.size(), to_);
  flush_();
}

void redacting_sink::flush_() {
  (void)std::fflush(to_);
}

}  // namespace flotilla::cli
