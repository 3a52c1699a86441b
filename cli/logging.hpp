// The server's log: one line an event, on stderr, in UTC.
#pragma once

#include <string>

namespace flotilla::cli {

/// Makes spdlog's default logger write to stderr from `level` ("trace", "debug", "info", "warn", "error", "off") up.
/// Called once, before other threads log.
void start_logging(const std::string& level);

}  // namespace flotilla::cli
