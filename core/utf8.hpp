// UTF-8, one code point at a time (RFC 3629, Unicode 15 section 3.9). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace flotilla {

inline constexpr std::int32_t ill_formed = -1;

/// The code point that begins at `at`, which is moved behind it; `ill_formed` where the bytes there are none, and
/// `at` is then moved behind the longest piece of a sequence that they could have become ("maximal subpart"), at
/// least one byte. Precondition: `at` < text.size().
[[nodiscard]] std::int32_t next_code_point(std::string_view text, std::size_t& at) noexcept;

/// The longest beginning of a text that has at most `limit` bytes and does not end within a sequence. Where the text
/// is not UTF-8 it may be shorter than need be.
[[nodiscard]] std::string_view cut_utf8(std::string_view text, std::size_t limit) noexcept;

}  // namespace flotilla
