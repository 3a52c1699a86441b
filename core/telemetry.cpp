#include "core/telemetry.hpp"

namespace flotilla {

telemetry& no_telemetry() noexcept {
  static telemetry silent;
  return silent;
}

}  // namespace flotilla
