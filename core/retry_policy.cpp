// Exponential backoff with equal jitter.
#include "core/retry_policy.hpp"

#include <algorithm>

namespace flotilla {
namespace {

/// first * 2^(tries_made-1), at most the longest. `tries_made` is below `max_model_tries`.
std::chrono::milliseconds backoff(std::uint32_t tries_made) noexcept {
  auto delay = first_retry_delay;
  for (std::uint32_t tries = 1; tries < tries_made && delay < longest_retry_delay; ++tries) delay *= 2;
  return std::min(delay, longest_retry_delay);
}

}  // namespace

std::optional<std::chrono::milliseconds> delay_before_retry(const model_failure& failure, std::uint32_t tries_made,
                                                            double jitter) noexcept {
  if (!failure.retryable || tries_made >= max_model_tries) return std::nullopt;
  if (failure.retry_after && *failure.retry_after > longest_retry_after) return std::nullopt;

  const auto full = backoff(tries_made);
  const auto fixed = full / 2;
  const auto share = jitter > 0 ? std::min(jitter, 1.0) : 0.0;  // not a number counts as 0
  const auto drawn =
      std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>((full - fixed).count()) * share));
  return std::max(fixed + drawn, failure.retry_after.value_or(std::chrono::milliseconds::zero()));
}

}  // namespace flotilla
