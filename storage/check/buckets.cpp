#include "storage/check/buckets.hpp"

#include <chrono>

#include "storage/usage_records.hpp"

namespace flotilla::storage {
namespace {

timestamp midnight(std::uint64_t unix_day) {
  return timestamp{std::chrono::sys_days{std::chrono::days{unix_day}}};
}

}  // namespace

std::optional<bucket> bucket_from(std::string_view bytes) {
  constexpr std::uint64_t days_of_ten_thousand_years = 3'660'000;
  const auto period = static_cast<unsigned char>(bytes.front());
  const auto day = keys::seq_from(bytes.substr(1, keys::seq_size));
  if (period > static_cast<unsigned char>(budget_period::month) || day > days_of_ten_thousand_years) return {};
  const bucket found{static_cast<budget_period>(period), day};
  if (first_day_of(found.period, midnight(day)) != day) return {};
  return found;
}

std::uint64_t end_of_month(std::uint64_t first) {
  constexpr std::uint64_t days_of_longest = 31;
  return first_day_of(budget_period::month, midnight(first + days_of_longest));
}

std::string name_of(const bucket& which) {
  return "the " + std::string(to_string(which.period)) + " from " + date_of(which.day);
}

}  // namespace flotilla::storage
