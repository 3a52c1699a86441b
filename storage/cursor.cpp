#include "storage/cursor.hpp"

#include <cstdint>

namespace flotilla::storage {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr unsigned bits_per_digit = 6;
constexpr unsigned bits_per_byte = 8;

/// Repacks digits of `from` bits into digits of `to` bits; what is left over is filled up with zeros.
template <class Read, class Write>
bool repack(std::string_view text, unsigned from, unsigned to, bool keep_rest, Read read, Write write) {
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const auto digit = read(c);
    if (digit == std::string_view::npos) return false;
    bits = (bits << from) | static_cast<std::uint32_t>(digit);
    for (count += from; count >= to; count -= to) write((bits >> (count - to)) & ((1U << to) - 1U));
  }
  if (keep_rest && count > 0) write((bits << (to - count)) & ((1U << to) - 1U));
  return true;
}

std::string encode_base64url(std::string_view bytes) {
  std::string text;
  repack(
      bytes, bits_per_byte, bits_per_digit, true,
      [](char c) { return static_cast<std::size_t>(static_cast<unsigned char>(c)); },
      [&text](std::uint32_t digit) { text.push_back(alphabet[digit]); });
  return text;
}

std::optional<std::string> decode_base64url(std::string_view text) {
  std::string bytes;
  const bool good = repack(
      text, bits_per_digit, bits_per_byte, false, [](char c) { return alphabet.find(c); },
      [&bytes](std::uint32_t digit) { bytes.push_back(static_cast<char>(digit)); });
  // Only what we would write ourselves: no stray bits, no needless digits.
  if (!good || encode_base64url(bytes) != text) return std::nullopt;
  return bytes;
}

}  // namespace

std::string make_cursor(keys::table list, std::string_view position) {
  return encode_base64url(std::string(1, static_cast<char>(list)).append(position));
}

result<std::optional<std::string>> read_cursor(const std::optional<std::string>& cursor, keys::table list,
                                               std::size_t position_size) {
  if (!cursor) return std::nullopt;
  const std::size_t longest = 2 * (1 + position_size);  // so that a huge text costs nothing
  const auto bytes = cursor->size() <= longest ? decode_base64url(*cursor) : std::nullopt;
  if (!bytes || bytes->size() != 1 + position_size || bytes->front() != static_cast<char>(list)) {
    return fail(errc::invalid, "cursor: this is not a cursor that this list gave");
  }
  return bytes->substr(1);
}

}  // namespace flotilla::storage
