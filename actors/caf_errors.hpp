// Carries a flotilla::error through CAF, and back. The one place that knows how CAF 0.17 builds errors.
#pragma once

#include <caf/all.hpp>

#include "flotilla/result.hpp"

namespace flotilla::actors {

/// As an error response of an actor.
[[nodiscard]] caf::error to_caf(const error& reason);

/// Was it made by `to_caf`? Else it is CAF's own: a time-out, a receiver that is gone or has crashed.
[[nodiscard]] bool is_ours(const caf::error& reason);

/// What an actor answered; errors of CAF itself (time-outs, receivers that are gone) become `unavailable`.
[[nodiscard]] error from_caf(const caf::error& reason);

}  // namespace flotilla::actors
