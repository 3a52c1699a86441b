// The set-up of spdlog.
#include "cli/logging.hpp"

#include <spdlog/spdlog.h>

#include <cstdio>
#include <memory>

namespace flotilla::cli {

std::shared_ptr<redacting_sink> start_logging(const std::string& level) {
  auto sink = std::make_shared<redacting_sink>(stderr);
  auto logger = std::make_shared<spdlog::logger>("flotilla", sink);
  logger->set_level(spdlog::level::from_str(level));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  spdlog::set_default_logger(std::move(logger));
  return sink;
}

}  // namespace flotilla::cli
