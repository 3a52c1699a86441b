// Errors as values: what every fallible function of Flotilla answers with.
//
// Nothing here throws. A message is written for people, fits in an API answer, and never holds a secret, a
// path of the host or a stack trace.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace flotilla {

/// What went wrong, as far as a caller can act on it. The HTTP status that each becomes stands beside it.
enum class errc {
  invalid,       ///< 400: a missing, ill-typed or illegal value, or an illegal transition
  unauthorized,  ///< 401: no token, or one that is not valid
  forbidden,     ///< 403: the role does not allow it, or a plan or budget limit is reached
  not_found,     ///< 404: no such object, or one of another org
  conflict,      ///< 409: the object changed between the read and the write; the call may be made again
  too_large,     ///< 413: a size above its limit
  rate_limited,  ///< 429: too many requests
  unavailable,   ///< 503: draining, out of disk, or over an admission limit; try again later
  internal,      ///< 500: a bug or a damaged store
};

/// The stable name of a code, e.g. "invalid"; never empty.
[[nodiscard]] std::string_view to_string(errc code) noexcept;

/// An error: a code for programs and a message for people.
struct error {
  errc code = errc::internal;
  std::string message;
  /// How long to wait before trying again, where that is known (`rate_limited`, `unavailable`).
  std::optional<std::chrono::milliseconds> retry_after;

  friend bool operator==(const error&, const error&) = default;
};

/// A value or the reason why there is none.
template <class T>
using result = tl::expected<T, error>;

/// Makes the error side of any `result`: `return fail(errc::not_found, "…");`
[[nodiscard]] inline tl::unexpected<error> fail(errc code, std::string message) {
  return tl::unexpected<error>(error{code, std::move(message), std::nullopt});
}

/// Passes an error on from one `result` to another of a different type.
[[nodiscard]] inline tl::unexpected<error> fail(error reason) {
  return tl::unexpected<error>(std::move(reason));
}

/// A completion handler. It is called exactly once, from an unspecified thread of the runtime or, where the
/// answer is at hand, from within the call itself. It must not block and must not throw.
template <class T>
using reply = std::function<void(result<T>)>;

}  // namespace flotilla
