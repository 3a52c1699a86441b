// What a text that a caller sends must be: its length, its encoding, and what it may hold. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/limits.hpp"
#include "flotilla/result.hpp"

namespace flotilla {

/// The error of a field: `errc::invalid`, "field: what".
[[nodiscard]] tl::unexpected<error> wrong(std::string_view field, std::string_view what);

/// What a text may hold besides characters that can be seen.
enum class text_kind : std::uint8_t {
  line,  ///< no control characters
  body,  ///< anything but NUL: prompts quote terminals and files
};

/// Must there be something that can be seen?
enum class blank_text : std::uint8_t { refused, allowed };

struct text_rule {
  std::string_view field;  ///< as the API spells it
  std::size_t max_bytes;
  text_kind kind = text_kind::line;
  blank_text blank = blank_text::refused;
};

/// Every text must be UTF-8 and follow the rule. Errors: invalid.
[[nodiscard]] result<void> check_text(std::string_view text, const text_rule& rule);
/// Each of at most `max_list_items` texts follows the rule. Errors: invalid.
[[nodiscard]] result<void> check_texts(const std::vector<std::string>& texts, const text_rule& rule);

}  // namespace flotilla
