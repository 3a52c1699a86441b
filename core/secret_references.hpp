// `${secret:KEY}` in a text: where an MCP server's configuration names a secret instead of holding it. Pure.
//
//   text      = { reference | any byte }
//   reference = "${secret:" KEY "}"          KEY as `is_secret_key` has it
//
// "${secret:" that no well-formed rest follows is an error, wherever it stands; every other "$" is text.
#pragma once

#include <string_view>
#include <vector>

#include "flotilla/result.hpp"

namespace flotilla {

/// A text that is taken as it is, or the key of a secret whose value is to stand in its place.
struct text_piece {
  bool is_secret = false;
  std::string_view text;  ///< the key, where it is a secret's

  friend bool operator==(const text_piece&, const text_piece&) = default;
};

/// The pieces of a text, in order; none is empty. They point into the text. Errors: invalid; the message names no
/// field.
[[nodiscard]] result<std::vector<text_piece>> split_references(std::string_view text);

/// Does the text hold the beginning of a reference, well-formed or not?
[[nodiscard]] bool begins_reference(std::string_view text) noexcept;

}  // namespace flotilla
