// The line above a message, and the words for its parties.
#include "core/message_text.hpp"

#include <algorithm>

namespace flotilla {
namespace {

constexpr std::string_view user_word = "user";
constexpr std::string_view system_word = "system";

std::string in_one_line(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return line;
}

std::string shown(const party& who, std::string_view name) {
  switch (who.is) {
    case party::kind::user:
      return "a user";
    case party::kind::system:
      return "the system";
    case party::kind::everyone:
      return "everyone";
    case party::kind::agent:
      break;
  }
  return (name.empty() ? std::string("an agent") : in_one_line(name)) + " (" + who.agent.to_string() + ")";
}

}  // namespace

std::string to_word(const party& who) {
  if (who.is == party::kind::agent) return who.agent.to_string();
  return std::string(who.is == party::kind::user ? user_word : system_word);
}

std::optional<party> parse_party(std::string_view word) noexcept {
  if (word == user_word) return party::user();
  if (word == system_word) return party::system();
  const auto who = agent_id::parse(word);
  if (!who) return std::nullopt;
  return party::of(*who);
}

std::string to_text(const message_heading& heading) {
  const bool sent = heading.direction == message_direction::sent;
  auto line = std::string(sent ? "Message to " : "Message from ") + shown(heading.other, heading.name);
  if (heading.team) line += " to the team " + in_one_line(*heading.team);
  return line + ", " + to_string(heading.at) + ":\n";
}

}  // namespace flotilla
