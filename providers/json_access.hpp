// Reading JSON that others wrote: what is missing or of another type reads as nothing. Pure; for this room only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace flotilla {

/// The member, or null where there is none.
[[nodiscard]] inline const nlohmann::json& member(const nlohmann::json& object, const char* name) {
  static const nlohmann::json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(name);
  return found == object.end() ? nothing : *found;
}

/// A text, or "".
[[nodiscard]] inline std::string text_member(const nlohmann::json& object, const char* name) {
  const auto& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : std::string{};
}

/// A whole number that is not negative, or 0.
[[nodiscard]] inline std::uint64_t count_member(const nlohmann::json& object, const char* name) {
  const auto& value = member(object, name);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

/// JSON text of any content: text that is not UTF-8 becomes U+FFFD instead of an exception.
[[nodiscard]] inline std::string write_json(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// The JSON value of a text; discarded (`is_discarded`) where it is none.
[[nodiscard]] inline nlohmann::json read_json(std::string_view text) {
  return nlohmann::json::parse(text, nullptr, false);
}

}  // namespace flotilla
