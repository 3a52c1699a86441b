// An event: one step of a run, as the journal holds it and as SSE shows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/time.hpp"

namespace flotilla {

/// What an event tells. `thinking` and `output` carry increments.
enum class event_type : std::uint8_t { thinking, tool_call, tool_result, output, error, status };
[[nodiscard]] std::string_view to_string(event_type type) noexcept;
[[nodiscard]] std::optional<event_type> parse_event_type(std::string_view text) noexcept;

/// A position in a task's journal: 1 for its first event, then without gaps, also across attempts.
using event_seq = std::uint64_t;

struct event {
  event_seq seq = 0;
  event_type type = event_type::status;
  std::string text;
  timestamp at;
  std::optional<std::string> tool;     ///< the tool's name, on tool_call and tool_result
  std::optional<std::string> call_id;  ///< which call it belongs to, likewise
  std::optional<std::string> data;     ///< more of it, as JSON text (one valid value)

  friend bool operator==(const event&, const event&) = default;
};

}  // namespace flotilla
