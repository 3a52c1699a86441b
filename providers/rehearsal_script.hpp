// The script language of the rehearsal provider: what it may say, and what is played at a point of a
// conversation. Pure; docs/rehearsal.md is its description for users.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/model_provider.hpp"

namespace flotilla {

inline constexpr std::uint32_t max_rehearsal_repeats = 100'000;           ///< N of `@repeat`
inline constexpr std::uint32_t max_rehearsal_results = 1'000;             ///< N of `@result N`
inline constexpr std::uint32_t max_rehearsal_failures = 1'000;            ///< N of `@fail … times N`
inline constexpr std::chrono::milliseconds max_rehearsal_delay{600'000};  ///< of one `@delay`
inline constexpr std::size_t max_rehearsal_bytes = 8U << 20U;             ///< of all the text of a script, played out

/// A step of a model call that is rehearsed. The last one of a plan is an answer or a failure, and no other is.
using rehearsal_step = std::variant<model_delta, std::chrono::milliseconds, model_answer, model_failure>;

/// The words of the conversation: what the rehearsal counts as input tokens.
[[nodiscard]] std::uint64_t count_rehearsed_input(const model_request& request);

/// What the rehearsal answers to this request. It depends on nothing but the request, so that a run which is
/// replayed after a crash is played the same: the segment is chosen by the number of tool turns and of answers that
/// were sent back, text that the conversation shows as said already is not said again, and tries are told apart by
/// `model_request::attempt`.
[[nodiscard]] std::vector<rehearsal_step> plan_rehearsal(const model_request& request);

}  // namespace flotilla
