// The wall clock as a port, so that tests say what time it is.
#pragma once

#include "flotilla/time.hpp"

namespace flotilla {

/// Tells the time. Implementations may be called from any thread.
class wall_clock {
 public:
  virtual ~wall_clock() = default;
  [[nodiscard]] virtual timestamp now() const = 0;
};

/// The system's clock. Thread-safe, never destroyed.
[[nodiscard]] const wall_clock& system_wall_clock() noexcept;

}  // namespace flotilla
