// Calls that may be sent twice and happen once.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace flotilla {

/// How long a key is remembered.
inline constexpr std::chrono::hours idempotency_lifetime{24};

/// A caller's key for one call. A second call of the org with the same key and the same request within
/// `idempotency_lifetime` changes nothing and is answered what the first was answered; with another request it is
/// `errc::invalid`. The key is kept in the batch of the change itself, so it holds across a crash. A call that failed
/// leaves no key: sent again, it is tried again.
struct idempotency {
  std::string key;                            ///< 1 to `max_idempotency_key_bytes` visible ASCII characters
  std::array<std::uint8_t, 32> request{};     ///< a digest of everything that the call asks for
  mutable std::atomic<bool> replayed{false};  ///< set before the handler is called where the answer is a repeated one
};

using idempotency_ptr = std::shared_ptr<const idempotency>;

}  // namespace flotilla
