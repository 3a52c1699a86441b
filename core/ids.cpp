// ULIDs (https://github.com/ulid/spec), the prefixes of ids, and the form of API tokens.
#include "flotilla/id.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <span>

#include "core/name_table.hpp"
#include "core/ulid_sequence.hpp"
#include "flotilla/access.hpp"

namespace flotilla {
namespace {

constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::uint8_t no_digit = 0xFF;
constexpr unsigned bits_a_digit = 5;

constexpr std::array<std::uint8_t, 256> make_digit_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_digit);
  for (std::size_t digit = 0; digit < alphabet.size(); ++digit) {
    values[static_cast<std::uint8_t>(alphabet[digit])] = static_cast<std::uint8_t>(digit);
  }
  return values;
}
constexpr auto digit_values = make_digit_values();

void fill_from_kernel(std::span<std::uint8_t> bytes) {
  // It fails only where the kernel has no random source at all; ids that repeat would be worse than no process.
  if (getentropy(bytes.data(), bytes.size()) != 0) std::abort();
}

constexpr name_table<id_kind, 8> prefixes{{"agt_", "tsk_", "msg_", "epc_", "mcp_", "tok_", "org_", "usr_"}};

/// The value of a base64url character (RFC 4648 section 5); nothing for any other.
std::optional<unsigned> base64url_value(char c) noexcept {
  constexpr std::string_view base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const auto at = base64url.find(c);
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<unsigned>(at);
}

}  // namespace

ulid ulid::make(timestamp now) {
  static std::mutex guard;
  static ulid_sequence sequence(fill_from_kernel);
  const std::lock_guard lock(guard);
  return sequence.next(now);
}

std::optional<ulid> ulid::parse(std::string_view text) noexcept {
  if (text.size() != text_size || text.front() > '7') return std::nullopt;  // 26 digits hold 130 bits, a ULID 128
  ulid value;
  std::uint32_t window = 0;
  unsigned bits = 3;  // of the first digit; after that, of what was not yet taken
  std::size_t at = 0;
  for (std::size_t i = 0; i < text_size; ++i) {
    const auto digit = digit_values[static_cast<std::uint8_t>(text[i])];
    if (digit == no_digit) return std::nullopt;
    window = window << bits_a_digit | digit;
    if (i > 0) bits += bits_a_digit;
    if (bits < 8) continue;
    bits -= 8;
    value.bytes[at++] = static_cast<std::uint8_t>(window >> bits & 0xFFU);
  }
  return value;
}

std::string ulid::to_string() const {
  std::string text;
  text.reserve(text_size);
  std::uint32_t window = 0;
  unsigned bits = 2;  // two zero bits before the 128 make 26 whole digits
  for (const auto byte : bytes) {
    window = window << 8U | byte;
    bits += 8;
    while (bits >= bits_a_digit) {
      bits -= bits_a_digit;
      text += alphabet[window >> bits & 0x1FU];
    }
  }
  return text;
}

std::string_view prefix_of(id_kind kind) noexcept {
  return prefixes.name(kind);
}

bool is_token_text(std::string_view text) noexcept {
  constexpr std::string_view prefix = "fr_live_";
  constexpr std::size_t secret_size = 43;  // 256 bits and two more, which must be zero
  if (!text.starts_with(prefix)) return false;
  const auto secret = text.substr(prefix.size());
  if (secret.size() != secret_size) return false;
  const auto last = base64url_value(secret.back());
  return last && (*last & 3U) == 0 &&
         std::ranges::all_of(secret, [](char c) { return base64url_value(c).has_value(); });
}

}  // namespace flotilla
