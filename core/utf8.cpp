// UTF-8 by ICU's macros, which work on bytes without tables or allocation.
#include "core/utf8.hpp"

#include <unicode/utf8.h>

namespace flotilla {

std::int32_t next_code_point(std::string_view text, std::size_t& at) noexcept {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  UChar32 code_point = 0;
  U8_NEXT(bytes, at, text.size(), code_point);
  return code_point < 0 ? ill_formed : code_point;
}

std::string_view cut_utf8(std::string_view text, std::size_t limit) noexcept {
  if (text.size() <= limit) return text;
  while (limit > 0 && U8_IS_TRAIL(static_cast<std::uint8_t>(text[limit]))) --limit;
  return text.substr(0, limit);
}

}  // namespace flotilla
