// Page cursors: the position of the last row of a page, as text that means nothing to a client.
//
//   cursor = base64url (RFC 4648 section 5, no padding) of: table byte, position (the end of the row's key)
//
// All functions are pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/result.hpp"
#include "storage/key_schema.hpp"

namespace flotilla::storage {

[[nodiscard]] std::string make_cursor(keys::table list, std::string_view position);

/// The position in a cursor; nothing for no cursor. Errors: invalid (a text that this list did not give).
[[nodiscard]] result<std::optional<std::string>> read_cursor(const std::optional<std::string>& cursor,
                                                             keys::table list, std::size_t position_size);

}  // namespace flotilla::storage
