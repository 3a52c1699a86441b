// May a model call be made, as far as budgets are concerned, and how much may it take? Pure.
//
// A call is reserved with the most that it can take: what its input is estimated at, and the longest answer that it
// is allowed. So what is used and what is reserved never come to more than a limit, whoever calls at the same time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "core/model_provider.hpp"

namespace flotilla {

// The shortest answer that a call is made for. Where a limit leaves less it is used up: an answer that is all but
// sure to be cut is paid for and worth nothing. A limit of few tokens must not be used up from the start.
inline constexpr std::uint64_t min_output_tokens = 256;
inline constexpr std::uint64_t min_output_share = 10;  ///< or this part of the limit, where that is less

/// Of the error in which a run ends that meets a limit.
inline constexpr std::string_view budget_exceeded_code = "budget_exceeded";

inline constexpr std::chrono::milliseconds first_budget_delay{50};      ///< before a reservation is tried again
inline constexpr std::chrono::milliseconds longest_budget_delay{1000};  ///< likewise, after some tries
/// For how long a call waits for what others have reserved: as long as one of theirs may take (`provider_limits`).
inline constexpr std::chrono::minutes longest_budget_wait{15};

/// How one limit stands: the plan's, or the budget of an agent or of one of the managers above it.
struct budget_standing {
  std::uint64_t limit = 0;     ///< tokens in the period
  std::uint64_t used = 0;      ///< in this period
  std::uint64_t reserved = 0;  ///< by calls that are under way

  friend bool operator==(const budget_standing&, const budget_standing&) = default;
};

/// The call can be made with this reservation.
struct budget_fits {
  std::uint64_t tokens = 0;             ///< to reserve: input and output
  std::uint32_t max_output_tokens = 0;  ///< of the answer
  bool capped = false;                  ///< it is less than an answer may have else: a limit is near
  std::size_t tightest = 0;             ///< the standing that leaves least
  friend bool operator==(const budget_fits&, const budget_fits&) = default;
};
/// It fits, but not while others hold what they have reserved: try again.
struct budget_busy {
  std::size_t which = 0;  ///< the first standing that leaves no room for it now
  friend bool operator==(const budget_busy&, const budget_busy&) = default;
};
/// It does not fit, whatever the others give back.
struct budget_used_up {
  std::size_t which = 0;  ///< of the standings that leave too little, the one that leaves least
  friend bool operator==(const budget_used_up&, const budget_used_up&) = default;
};
using budget_verdict = std::variant<budget_fits, budget_busy, budget_used_up>;

/// The shortest answer for which a call is made within a limit; at least one token.
[[nodiscard]] std::uint64_t shortest_answer(std::uint64_t limit) noexcept;

/// Weighs a call against every limit that holds for it. Its answer is made shorter only where what is used leaves no
/// more, not where others have reserved: most of that is given back. Precondition: there is a limit.
[[nodiscard]] budget_verdict weigh_call(const std::vector<budget_standing>& limits,
                                        std::uint64_t input_tokens) noexcept;

/// How long to wait before a reservation is tried again (see `backoff_delay`).
[[nodiscard]] std::chrono::milliseconds delay_before_budget(std::uint32_t tries_made, double jitter) noexcept;

}  // namespace flotilla
