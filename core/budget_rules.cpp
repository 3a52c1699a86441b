// Weighs a model call against budgets.
#include "core/budget_rules.hpp"

#include <algorithm>
#include <optional>

#include "core/retry_policy.hpp"

namespace flotilla {
namespace {

/// What is left once all others have given back what they reserved.
std::uint64_t left_of(const budget_standing& one) noexcept {
  return one.limit - std::min(one.limit, one.used);
}

/// Does a reservation fit beside those of others? `tokens` fits what is left.
bool fits_now(const budget_standing& one, std::uint64_t tokens) noexcept {
  return left_of(one) - tokens >= one.reserved;
}

}  // namespace

std::uint64_t shortest_answer(std::uint64_t limit) noexcept {
  return std::clamp<std::uint64_t>(limit / min_output_share, 1, min_output_tokens);
}

budget_verdict weigh_call(const std::vector<budget_standing>& limits, std::uint64_t input_tokens) noexcept {
  std::size_t tightest = 0;
  std::optional<std::size_t> used_up;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const auto left = left_of(limits[i]);
    if (left < left_of(limits[tightest])) tightest = i;
    const bool fits = left >= input_tokens && left - input_tokens >= shortest_answer(limits[i].limit);
    if (!fits && (!used_up || left < left_of(limits[*used_up]))) used_up = i;
  }
  if (used_up) return budget_used_up{*used_up};
  const auto output = std::min<std::uint64_t>(default_max_output_tokens, left_of(limits[tightest]) - input_tokens);
  const auto tokens = input_tokens + output;
  const auto busy = std::find_if_not(limits.begin(), limits.end(),
                                     [tokens](const budget_standing& one) { return fits_now(one, tokens); });
  if (busy != limits.end()) return budget_busy{static_cast<std::size_t>(busy - limits.begin())};
  return budget_fits{tokens, static_cast<std::uint32_t>(output), output < default_max_output_tokens, tightest};
}

std::chrono::milliseconds delay_before_budget(std::uint32_t tries_made, double jitter) noexcept {
  return backoff_delay(first_budget_delay, longest_budget_delay, tries_made, jitter);
}

}  // namespace flotilla
