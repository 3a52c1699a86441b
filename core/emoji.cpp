// Is a text one emoji? By ICU's tables of UTS #51, with two allowances: a missing variation selector, as many
// keyboards leave it out, and joined sequences that are newer than the tables.
#include <unicode/uchar.h>
#include <unicode/ustring.h>

#include "core/validation.hpp"

namespace flotilla {
namespace {

constexpr std::size_t max_emoji_bytes = 64;  ///< the longest sequence of Unicode 15 has 35
constexpr char16_t zero_width_joiner = 0x200D;
constexpr char16_t emoji_presentation_selector = 0xFE0F;  // VS16

/// UTF-16, as ICU wants it; empty where the text is no UTF-8.
std::u16string to_utf16(std::string_view text) {
  std::u16string units(text.size(), u'\0');  // never more units than bytes
  std::int32_t length = 0;
  UErrorCode status = U_ZERO_ERROR;
  u_strFromUTF8(units.data(), static_cast<std::int32_t>(units.size()), &length, text.data(),
                static_cast<std::int32_t>(text.size()), &status);
  if (U_FAILURE(status) != 0) return {};
  units.resize(static_cast<std::size_t>(length));
  return units;
}

bool is_text_by_default(UChar32 c) {
  return u_hasBinaryProperty(c, UCHAR_EMOJI) != 0 && u_hasBinaryProperty(c, UCHAR_EMOJI_PRESENTATION) == 0;
}

/// The text with the selector behind every character that is text by default and has none. A skin tone behind it
/// makes it an emoji already.
std::u16string with_selectors(std::u16string_view text) {
  std::u16string full;
  const auto* units = text.data();
  const auto size = static_cast<std::int32_t>(text.size());
  for (std::int32_t at = 0; at < size;) {
    const auto begin = at;
    UChar32 c = 0;
    U16_NEXT(units, at, size, c);
    full.append(text.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(at - begin)));
    if (!is_text_by_default(c)) continue;
    UChar32 next = 0;
    if (at < size) U16_GET(units, 0, at, size, next);
    if (next == emoji_presentation_selector || u_hasBinaryProperty(next, UCHAR_EMOJI_MODIFIER) != 0) continue;
    full += emoji_presentation_selector;
  }
  return full;
}

bool is_recommended_emoji(std::u16string_view text) {
  return u_stringHasBinaryProperty(text.data(), static_cast<std::int32_t>(text.size()), UCHAR_RGI_EMOJI) != 0;
}

/// A part that UAX #29 (rule GB11) keeps together with its neighbours behind and before a joiner.
bool is_joinable_emoji(std::u16string_view part) {
  if (part.empty() || !is_recommended_emoji(part)) return false;
  UChar32 first = 0;
  const auto* units = part.data();
  U16_GET(units, 0, 0, static_cast<std::int32_t>(part.size()), first);
  return u_hasBinaryProperty(first, UCHAR_EXTENDED_PICTOGRAPHIC) != 0;
}

/// emoji_zwj_sequence of UTS #51: emoji with joiners between them.
bool is_joined_sequence(std::u16string_view text) {
  for (;;) {
    const auto joiner = text.find(zero_width_joiner);
    if (!is_joinable_emoji(text.substr(0, joiner))) return false;
    if (joiner == std::u16string_view::npos) return true;
    text.remove_prefix(joiner + 1);
  }
}

}  // namespace

bool is_single_emoji(std::string_view text) {
  if (text.empty() || text.size() > max_emoji_bytes) return false;
  const auto full = with_selectors(to_utf16(text));
  return !full.empty() && (is_recommended_emoji(full) || is_joined_sequence(full));
}

}  // namespace flotilla
