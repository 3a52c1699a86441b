// Points in time as the API shows them: RFC 3339, UTC, with milliseconds.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace flotilla {

/// Unix time in milliseconds.
using timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// "2026-11-23T09:30:00.000Z": always 24 characters for the years 0000 to 9999.
[[nodiscard]] std::string to_string(timestamp when);

/// Reads RFC 3339 section 5.6: any offset, a fraction of any length (cut to milliseconds). Nothing where the
/// text is anything else or names no real moment (February 30). A leap second reads as the second after it.
[[nodiscard]] std::optional<timestamp> parse_timestamp(std::string_view text) noexcept;

}  // namespace flotilla
