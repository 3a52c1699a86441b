// When each API token was last used: known to the moment in memory, written down once in a while.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "flotilla/id.hpp"
#include "flotilla/time.hpp"

namespace flotilla::runtime {

inline constexpr std::chrono::minutes token_use_resolution{1};
inline constexpr std::size_t max_noted_tokens = 10'000;  ///< above, what is in memory begins anew

/// Thread-safe; never blocks on anything but its own short lock.
class token_uses {
 public:
  /// Notes a use. True: it is time to write it down, and it counts as written.
  [[nodiscard]] bool note(token_id which, timestamp when);
  /// The last use since the process started.
  [[nodiscard]] std::optional<timestamp> last(token_id which) const;

 private:
  struct use {
    timestamp last;
    timestamp written;
  };
  mutable std::mutex mutex_;
  std::unordered_map<token_id, use> uses_;
};

}  // namespace flotilla::runtime
