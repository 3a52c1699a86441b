// `flotilla serve`: a fleet on a data directory, behind HTTP, until it is told to stop.
#pragma once

#include "cli/exit_codes.hpp"
#include "cli/serve_settings.hpp"

namespace flotilla::cli {

/// Serves until SIGTERM or SIGINT, then drains. To be called from `main`, before any other thread is started.
[[nodiscard]] exit_code serve(const serve_settings& settings);

}  // namespace flotilla::cli
