// What is kept of a secret's value so that it can be found in text: its length and fingerprints of it, never a byte
// of the value itself.
//
// All fingerprints are made with keys that are random in each process. They are of two kinds: short ones of how the
// value begins, which sort out nearly every place of a text at once, and one of 128 bits (keyed BLAKE2b) of the
// whole, which decides. docs/adr/0006 says what whoever reads the process's memory could make of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace flotilla::runtime {

inline constexpr std::size_t long_window = 8;   ///< bytes at a value's beginning that are looked at first
inline constexpr std::size_t short_window = 4;  ///< of values shorter than that
inline constexpr unsigned tag_bits = 24;

using secret_fingerprint = std::array<std::uint8_t, 16>;

struct secret_pattern {
  std::shared_ptr<const std::string> key;   ///< the secret's, not a secret
  std::size_t length = 0;                   ///< of the value, in bytes; at least `min_redacted_bytes`
  std::uint32_t tag = 0;                    ///< of the window at its beginning
  std::array<std::uint16_t, 3> openings{};  ///< of its first, first two and first three bytes
  std::uint32_t check = 0;                  ///< of the whole: quick to compute at any place of a text
  std::uint64_t power = 0;                  ///< for that; follows from the length
  secret_fingerprint fingerprint{};         ///< of the whole
};

/// One for each form in which the value can stand in a text (secret_forms.hpp). libsodium must be initialised.
[[nodiscard]] std::vector<secret_pattern> patterns_of(const std::string& key, std::string_view value);

// What of a text is compared with a pattern.

/// The keys of this process.
struct matching_keys {
  std::uint64_t tag = 0;
  std::uint64_t opening = 0;
  std::uint64_t base = 0;
  std::uint64_t check = 0;
  std::array<std::uint8_t, 32> fingerprint{};
};
[[nodiscard]] const matching_keys& process_keys();

/// The tag of a window. Precondition: so many bytes are there.
template <class Word>
[[nodiscard]] inline std::uint32_t window_tag(const char* window, std::uint64_t key) noexcept {
  Word word = 0;
  std::memcpy(&word, window, sizeof word);
  return static_cast<std::uint32_t>((std::uint64_t{word} * key) >> (64U - tag_bits));
}

/// The fingerprint of the first `size` (1 to 3) bytes of a text.
[[nodiscard]] std::uint16_t opening_of(std::string_view text, std::size_t size) noexcept;

[[nodiscard]] secret_fingerprint fingerprint_of(std::string_view text);

/// Sums from which the check of any stretch of a text follows at once. They are kept for the part of the text that
/// was asked for last. One thread at a time; the text must outlive it.
class rolling_checks {
 public:
  explicit rolling_checks(std::string_view text) : text_(text) {}
  /// Precondition: the stretch lies within the text; `power` belongs to `length`.
  [[nodiscard]] std::uint32_t of(std::size_t at, std::size_t length, std::uint64_t power);

 private:
  std::string_view text_;
  std::size_t from_ = 0;             ///< where the sums begin
  std::vector<std::uint64_t> sums_;  ///< of what stands before each position, from `from_` on
};

}  // namespace flotilla::runtime
