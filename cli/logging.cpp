// The set-up of spdlog.
#include "cli/logging.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <memory>
#include <mutex>
#include <utility>

namespace flotilla::cli {
namespace {

/// Writes to stderr what its filter leaves of each line.
class filtered_sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void filter_with(std::function<std::string(std::string)> filter) {
    const std::lock_guard lock(mutex_);
    filter_ = std::move(filter);
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t formatted;
    formatter_->format(message, formatted);
    std::string line(formatted.data(), formatted.size());
    if (filter_) line = filter_(std::move(line));
    std::fwrite(line.data(), 1, line.size(), stderr);
  }
  void flush_() override { std::fflush(stderr); }

 private:
  std::function<std::string(std::string)> filter_;
};

std::shared_ptr<filtered_sink>& sink() {
  static auto only = std::make_shared<filtered_sink>();
  return only;
}

}  // namespace

void start_logging(const std::string& level) {
  auto logger = std::make_shared<spdlog::logger>("flotilla", sink());
  logger->set_level(spdlog::level::from_str(level));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  spdlog::set_default_logger(std::move(logger));
}

void filter_log(std::function<std::string(std::string line)> filter) {
  sink()->filter_with(std::move(filter));
}

}  // namespace flotilla::cli
