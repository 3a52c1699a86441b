// What a text is made of. All pure; any thread.
#pragma once

#include <string_view>

namespace flotilla {

/// Is the text valid UTF-8 (RFC 3629)?
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace flotilla
