// Weighs a model call against budgets.
#include "core/budget_rules.hpp"

#include <algorithm>

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

budget_verdict weigh_call(const std::vector<budget_standing>& limits, std::uint64_t input_tokens) noexcept {
  const auto tightest =
      std::min_element(limits.begin(), limits.end(),
                       [](const budget_standing& a, const budget_standing& b) { return left_of(a) < left_of(b); });
  const auto which = static_cast<std::size_t>(tightest - limits.begin());
  const auto left = left_of(*tightest);
  if (left < input_tokens || left - input_tokens < min_output_tokens) return budget_used_up{which};
  const auto output = std::min<std::uint64_t>(default_max_output_tokens, left - input_tokens);
  const auto tokens = input_tokens + output;
  const auto busy = std::find_if_not(limits.begin(), limits.end(),
                                     [tokens](const budget_standing& one) { return fits_now(one, tokens); });
  if (busy != limits.end()) return budget_busy{static_cast<std::size_t>(busy - limits.begin())};
  return budget_fits{tokens, static_cast<std::uint32_t>(output), output < default_max_output_tokens, which};
}

std::chrono::milliseconds delay_before_budget(std::uint32_t tries_made, double jitter) noexcept {
  return backoff_delay(first_budget_delay, longest_budget_delay, tries_made, jitter);
}

}  // namespace flotilla
