// What goes wrong at a vendor, said in one way for all of them. Pure; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/model_provider.hpp"

namespace flotilla {

inline constexpr std::size_t max_failure_message_bytes = 1024;

/// A vendor that refused, was overloaded or broke, by its HTTP status or by what a status would have said.
/// 408, 409, 429 and 5xx are retryable, everything else is "provider_rejected". `words` are the vendor's own.
[[nodiscard]] model_failure status_failure(std::string_view vendor, int status, std::string_view words,
                                           std::optional<std::chrono::milliseconds> retry_after);

/// The vendor sent what its format does not allow. Retryable.
[[nodiscard]] model_failure protocol_failure(std::string_view vendor, std::string_view what);

/// The connection could not be made, or ended before the answer did. Retryable.
[[nodiscard]] model_failure connection_failure(std::string_view vendor, std::string_view what);

/// A time limit passed. Retryable.
[[nodiscard]] model_failure timeout_failure(std::string_view vendor, std::string_view what);

/// The answer is larger than `provider_limits::max_answer_bytes`. Not retryable: it would be so again.
[[nodiscard]] model_failure too_large_failure(std::string_view vendor, std::size_t limit);

/// The text as valid UTF-8 (what is wrong becomes U+FFFD) without control characters, cut at a character's
/// boundary to at most `limit` bytes.
[[nodiscard]] std::string bounded_text(std::string_view text, std::size_t limit = max_failure_message_bytes);

/// What a vendor's error body says, as "type: message", from any of the shapes that the vendors and the servers
/// compatible with them use; the body's beginning where it is none of them.
[[nodiscard]] std::string vendor_words(std::string_view body);

}  // namespace flotilla
