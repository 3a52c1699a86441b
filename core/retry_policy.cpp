// Exponential backoff with equal jitter.
#include "core/retry_policy.hpp"

#include <algorithm>

namespace flotilla {

std::chrono::milliseconds backoff_delay(std::chrono::milliseconds first, std::chrono::milliseconds longest,
                                        std::uint32_t tries_made, double jitter) noexcept {
  auto full = first;
  for (std::uint32_t tries = 1; tries < tries_made && full < longest; ++tries) full *= 2;
  full = std::min(full, longest);
  const auto fixed = full / 2;
  const auto share = jitter > 0 ? std::min(jitter, 1.0) : 0.0;  // not a number counts as 0
  return fixed +
         std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>((full - fixed).count()) * share));
}

std::optional<std::chrono::milliseconds> delay_before_retry(const model_failure& failure, std::uint32_t tries_made,
                                                            double jitter) noexcept {
  if (!failure.retryable || tries_made >= max_model_tries) return std::nullopt;
  if (failure.retry_after && *failure.retry_after > longest_retry_after) return std::nullopt;
  const auto delay = backoff_delay(first_retry_delay, longest_retry_delay, tries_made, jitter);
  return std::max(delay, failure.retry_after.value_or(std::chrono::milliseconds::zero()));
}

}  // namespace flotilla
