// The system's clock.
#include "core/clock.hpp"

namespace flotilla {
namespace {

class system_clock_port final : public wall_clock {
 public:
  [[nodiscard]] timestamp now() const override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
};

}  // namespace

const wall_clock& system_wall_clock() noexcept {
  // Never destroyed: threads may ask for the time while the process ends.
  static const auto& clock = *new system_clock_port;  // NOLINT(bugprone-unhandled-exception-at-new): once, at start
  return clock;
}

}  // namespace flotilla
