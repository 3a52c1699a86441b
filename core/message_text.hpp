// How a message between agents is shown to a model, and how its parties are written down. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/message.hpp"

namespace flotilla {

/// A party as the API spells it: "user", "system" or an agent's id. Precondition: it is not everyone.
[[nodiscard]] std::string to_word(const party& who);
/// Reads one back; nothing where the text is none of the three.
[[nodiscard]] std::optional<party> parse_party(std::string_view word) noexcept;

/// Was the message said to the agent that it is shown to, or by it?
enum class message_direction : std::uint8_t { received, sent };

/// The line that stands above a message's text: who says it, or whom it was said to, and when.
struct message_heading {
  message_direction direction = message_direction::received;
  party other;                           ///< the sender of one that was received, the receiver of one that was sent
  std::string_view name;                 ///< the other's, where it is an agent; empty: not known
  std::optional<std::string_view> team;  ///< where it was said to all of a team
  timestamp at;
};
/// With the line end. Control characters of a name or a team become spaces, so that it stays one line.
[[nodiscard]] std::string to_text(const message_heading& heading);

}  // namespace flotilla
