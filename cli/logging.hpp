// The server's log: one line an event, on stderr, in UTC.
#pragma once

#include <functional>
#include <string>

namespace flotilla::cli {

/// Makes spdlog's default logger write to stderr from `level` ("trace", "debug", "info", "warn", "error", "off") up.
/// Called once, before other threads log.
void start_logging(const std::string& level);

/// Has every line pass through a function before it is written, which takes out what no log may show; nothing: as it
/// is. When this returns the function before is not called any more. Any thread.
void filter_log(std::function<std::string(std::string line)> filter);

}  // namespace flotilla::cli
