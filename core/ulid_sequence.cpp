// ULIDs that rise.
#include "core/ulid_sequence.hpp"

#include <algorithm>

namespace flotilla {
namespace {

constexpr std::size_t time_bytes = 6;
constexpr std::uint64_t latest_time = (std::uint64_t{1} << 48U) - 1;  ///< in ms: the year 10889

std::uint64_t time_of(const ulid& value) noexcept {
  std::uint64_t time = 0;
  for (std::size_t i = 0; i < time_bytes; ++i) time = time << 8U | value.bytes[i];
  return time;
}

/// Adds one to the random part; false where it was the greatest.
bool increment_random(ulid& value) noexcept {
  for (std::size_t i = ulid::size; i-- > time_bytes;) {
    if (++value.bytes[i] != 0) return true;
  }
  return false;
}

}  // namespace

ulid ulid_sequence::draw(std::uint64_t time) const {
  ulid fresh;
  for (std::size_t i = time_bytes; i-- > 0; time >>= 8U) fresh.bytes[i] = static_cast<std::uint8_t>(time & 0xFFU);
  random_(std::span(fresh.bytes).subspan(time_bytes));
  return fresh;
}

ulid ulid_sequence::next(timestamp now) {
  const auto since_epoch = std::max<std::int64_t>(now.time_since_epoch().count(), 0);
  const auto time = std::min(static_cast<std::uint64_t>(since_epoch), latest_time);
  if (time > time_of(last_)) {
    last_ = draw(time);
  } else if (!increment_random(last_)) {
    // All 80 bits were ones: the spec would fail here; the next millisecond keeps the order instead.
    last_ = draw(time_of(last_) + 1);
  }
  return last_;
}

}  // namespace flotilla
