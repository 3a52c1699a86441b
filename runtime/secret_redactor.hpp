// Finds secrets in text by their patterns.
//
// A text is gone through once. At each place the first eight bytes (four, where there are values that short) make a
// tag; a table of bits says whether a value begins with such a tag, which is seldom so. Only then the values of that
// tag are compared: by a check that costs the same whatever their length, then by fingerprint. So the cost grows
// with the text, and hardly with the number or the length of the secrets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/redactor.hpp"
#include "runtime/secret_pattern.hpp"

namespace flotilla::runtime {

/// The patterns whose windows have one size. Immutable: any thread.
template <class Word>
class pattern_table {
 public:
  /// Where two are the same, the first is kept.
  explicit pattern_table(std::vector<secret_pattern> patterns);

  [[nodiscard]] bool empty() const noexcept { return patterns_.empty(); }
  /// The table of bits, for a loop to hold in registers.
  struct filter {
    const std::uint64_t* bits;
    unsigned shift;
    std::uint64_t key;
    /// May a value begin at this place? Precondition: a window begins there.
    [[nodiscard]] bool lets(const char* at) const noexcept {
      const auto bit = tag_of(at) >> shift;
      return ((bits[bit / word_bits] >> (bit % word_bits)) & 1U) != 0;
    }
    [[nodiscard]] std::uint32_t tag_of(const char* at) const noexcept { return window_tag<Word>(at, key); }
  };
  [[nodiscard]] filter bits() const noexcept { return {bits_.data(), shift_, process_keys().tag}; }
  /// Those with this tag, longest first.
  [[nodiscard]] std::pair<const secret_pattern*, const secret_pattern*> with(std::uint32_t tag) const noexcept;
  /// May the text, which is shorter than a window, be the beginning of a value?
  [[nodiscard]] bool may_begin(std::string_view text) const noexcept;

 private:
  static constexpr unsigned word_bits = 64;

  std::vector<secret_pattern> patterns_;  ///< by tag, then longest first
  unsigned shift_ = 0;                    ///< of a tag: what is left is a place in the bits
  std::vector<std::uint64_t> bits_;
  std::array<std::vector<std::uint16_t>, 3> openings_;  ///< ascending
};

class secret_redactor final : public redactor {
 public:
  explicit secret_redactor(const std::vector<secret_pattern>& patterns);

  [[nodiscard]] std::string redact(std::string_view text) const override;
  [[nodiscard]] std::size_t undecided(std::string_view text) const override;

 private:
  struct finding {
    enum class kind : std::uint8_t { nothing, value, beginning };
    kind is = kind::nothing;
    std::size_t at = 0;
    const secret_pattern* pattern = nullptr;
  };
  /// A text on its way through: `goes_on`: more may follow it.
  struct passage {
    std::string_view text;
    bool goes_on = false;
    rolling_checks checks{text};
  };
  [[nodiscard]] finding find(passage& in, std::size_t at) const;
  [[nodiscard]] std::size_t skip(std::string_view text, std::size_t at) const noexcept;
  [[nodiscard]] finding examine(passage& in, std::size_t at) const;
  template <class Word>
  [[nodiscard]] finding examine(const pattern_table<Word>& table, passage& in, std::size_t at) const;

  pattern_table<std::uint64_t> long_;
  pattern_table<std::uint32_t> short_;
};

}  // namespace flotilla::runtime
