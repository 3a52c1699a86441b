// ULIDs that rise, as the ULID spec's section "Monotonicity" has it. The process's one stands behind `ulid::make`.
#pragma once

#include <cstdint>
#include <span>

#include "flotilla/id.hpp"

namespace flotilla {

/// Makes ULIDs, each greater than the one before. Not thread-safe.
class ulid_sequence {
 public:
  /// Fills the bytes with random ones.
  using random_source = void (*)(std::span<std::uint8_t> bytes);

  /// Goes on behind `last`.
  explicit ulid_sequence(random_source random, const ulid& last = {}) noexcept : random_(random), last_(last) {}

  /// In a new millisecond, new random bits; in the same one, or where the clock went back, the last value plus one,
  /// with the time that it had. A time before 1970 counts as 1970; one after the year 10889 as that.
  [[nodiscard]] ulid next(timestamp now);

 private:
  [[nodiscard]] ulid draw(std::uint64_t time) const;

  random_source random_;
  ulid last_;
};

}  // namespace flotilla
