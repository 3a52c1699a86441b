// When a failed model call is made again, and after how long. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "core/model_provider.hpp"

namespace flotilla {

inline constexpr std::uint32_t max_model_tries = 5;  ///< of one turn, the first included
inline constexpr std::chrono::milliseconds first_retry_delay{500};
inline constexpr std::chrono::milliseconds longest_retry_delay{30'000};   ///< of our own backoff
inline constexpr std::chrono::milliseconds longest_retry_after{300'000};  ///< a vendor that asks for more is given up

/// Exponential backoff with equal jitter: first * 2^(tries_made-1), at most `longest`, of which half is fixed and
/// half is taken by `jitter` in [0, 1). Preconditions: `first` is above 0, `tries_made` at least 1.
[[nodiscard]] std::chrono::milliseconds backoff_delay(std::chrono::milliseconds first,
                                                      std::chrono::milliseconds longest, std::uint32_t tries_made,
                                                      double jitter) noexcept;

/// How long to wait before the next try; nothing where there is none: the failure is not retryable, `tries_made`
/// has reached `max_model_tries`, or the vendor asks for more than `longest_retry_after`.
///
/// It is `backoff_delay`; `Retry-After` is a floor.
[[nodiscard]] std::optional<std::chrono::milliseconds> delay_before_retry(const model_failure& failure,
                                                                          std::uint32_t tries_made,
                                                                          double jitter) noexcept;

}  // namespace flotilla
