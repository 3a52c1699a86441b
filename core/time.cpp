// RFC 3339 (section 5.6), both directions.
#include "flotilla/time.hpp"

#include <algorithm>
#include <cstdint>

namespace flotilla {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr timestamp earliest =
    sys_days{year_month_day{std::chrono::year{0}, std::chrono::January, std::chrono::day{1}}};
constexpr timestamp latest =
    timestamp{sys_days{year_month_day{std::chrono::year{10000}, std::chrono::January, std::chrono::day{1}}}} -
    milliseconds{1};

/// Writes a number right-aligned with leading zeros.
void put_digits(char* at, unsigned count, unsigned value) noexcept {
  for (auto i = count; i-- > 0; value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

/// What stands before the cursor has been read; a `take_…` that fails leaves it where it likes.
struct cursor {
  std::string_view rest;

  bool take(char wanted) noexcept {
    if (rest.empty() || rest.front() != wanted) return false;
    rest.remove_prefix(1);
    return true;
  }
  bool take_either(char upper, char lower) noexcept { return take(upper) || take(lower); }
  /// Exactly `count` digits.
  std::optional<int> take_number(std::size_t count) noexcept {
    if (rest.size() < count) return std::nullopt;
    int value = 0;
    for (const char c : rest.substr(0, count)) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    rest.remove_prefix(count);
    return value;
  }
  /// Exactly `count` digits that make a number up to `highest`.
  std::optional<int> take_number(std::size_t count, int highest) noexcept {
    const auto value = take_number(count);
    return value && *value <= highest ? value : std::nullopt;
  }
};

std::optional<sys_days> take_date(cursor& text) noexcept {
  const auto year = text.take_number(4);
  if (!year || !text.take('-')) return std::nullopt;
  const auto month = text.take_number(2);
  if (!month || !text.take('-')) return std::nullopt;
  const auto day = text.take_number(2);
  if (!day) return std::nullopt;
  const year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                            std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return sys_days{date};
}

/// An optional fraction of a second, cut to milliseconds.
std::optional<milliseconds> take_fraction(cursor& text) noexcept {
  if (!text.take('.')) return milliseconds{0};
  milliseconds fraction{0};
  milliseconds unit{100};
  std::size_t digits = 0;
  for (; const auto digit = text.take_number(1); ++digits, unit /= 10) fraction += *digit * unit;
  if (digits == 0) return std::nullopt;
  return fraction;
}

/// How far the clock is ahead of UTC.
std::optional<minutes> take_offset(cursor& text) noexcept {
  if (text.take_either('Z', 'z')) return minutes{0};
  const bool behind = text.take('-');
  if (!behind && !text.take('+')) return std::nullopt;
  const auto hour = text.take_number(2, 23);
  if (!hour || !text.take(':')) return std::nullopt;
  const auto minute = text.take_number(2, 59);
  if (!minute) return std::nullopt;
  const auto offset = hours{*hour} + minutes{*minute};
  return behind ? -offset : offset;
}

/// Can a leap second end right before this moment? They come at the end of a month, UTC (RFC 3339 appendix D).
bool ends_a_month(timestamp when) noexcept {
  const auto second = floor<seconds>(when);
  const auto day = floor<days>(second);
  return second == day && year_month_day{day}.day() == std::chrono::day{1};
}

}  // namespace

std::string to_string(timestamp when) {
  // RFC 3339 has no other years; a moment outside of them can only come from a broken clock.
  const auto shown = std::clamp(when, earliest, latest);
  const auto day = floor<days>(shown);
  const year_month_day date{day};
  const auto in_day = static_cast<unsigned>((shown - day).count());

  std::string text = "0000-00-00T00:00:00.000Z";
  put_digits(&text[0], 4, static_cast<unsigned>(static_cast<int>(date.year())));
  put_digits(&text[5], 2, static_cast<unsigned>(date.month()));
  put_digits(&text[8], 2, static_cast<unsigned>(date.day()));
  put_digits(&text[11], 2, in_day / 3'600'000U);
  put_digits(&text[14], 2, in_day / 60'000U % 60U);
  put_digits(&text[17], 2, in_day / 1'000U % 60U);
  put_digits(&text[20], 3, in_day % 1'000U);
  return text;
}

std::optional<timestamp> parse_timestamp(std::string_view text) noexcept {
  cursor at{text};
  const auto date = take_date(at);
  if (!date || !at.take_either('T', 't')) return std::nullopt;
  const auto hour = at.take_number(2, 23);
  if (!hour || !at.take(':')) return std::nullopt;
  const auto minute = at.take_number(2, 59);
  if (!minute || !at.take(':')) return std::nullopt;
  const auto second = at.take_number(2, 60);
  if (!second) return std::nullopt;
  const auto fraction = take_fraction(at);
  if (!fraction) return std::nullopt;
  const auto offset = take_offset(at);
  if (!offset || !at.rest.empty()) return std::nullopt;

  const auto when = timestamp{*date} + hours{*hour} + minutes{*minute} + seconds{*second} + *fraction - *offset;
  if (*second == 60 && !ends_a_month(when)) return std::nullopt;
  if (when < earliest || when > latest) return std::nullopt;
  return when;
}

}  // namespace flotilla
