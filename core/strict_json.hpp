// Reads JSON that came from outside and is to be walked by recursion: no deeper than a bound, no name twice. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "flotilla/result.hpp"

namespace flotilla {

inline constexpr std::size_t max_strict_depth = 64;  ///< arrays and objects within each other

/// One JSON value in UTF-8 (RFC 8259), and nothing behind it. Never recurses itself. Errors: invalid, in words that
/// follow a name ("is not valid JSON, at byte 7"): not JSON, nested deeper than `max_strict_depth`, an object that
/// has a name twice, a number that no double holds.
[[nodiscard]] result<nlohmann::json> parse_strict(std::string_view text);

/// Valid JSON without the white space between its tokens.
[[nodiscard]] std::string without_spaces(std::string_view json);

/// A place in a JSON value (RFC 6901) with one more step.
[[nodiscard]] std::string pointer_to(std::string_view place, std::string_view name);

/// A total order of JSON values: less than 0, 0 or more than 0. Two are the same where JSON Schema calls them equal:
/// numbers by their exact value (1 and 1.0 are the same), objects whatever the order of their names. Recursive: the
/// depth of both must be bounded.
[[nodiscard]] int compare_json(const nlohmann::json& left, const nlohmann::json& right);

}  // namespace flotilla
