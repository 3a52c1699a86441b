// The server's log: one line an event, on stderr, in UTC.
#pragma once

#include <memory>
#include <string>

#include "cli/log_redaction.hpp"

namespace flotilla::cli {

/// Makes spdlog's default logger write to stderr from `level` ("trace", "debug", "info", "warn", "error", "off") up.
/// Called once, before other threads log. Answers with where its lines go through.
std::shared_ptr<redacting_sink> start_logging(const std::string& level);

}  // namespace flotilla::cli
