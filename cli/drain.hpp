// The polite end of a server: within its time, and at once where a second signal asks for it.
#pragma once

#include <chrono>
#include <memory>

#include "cli/shutdown_signals.hpp"

namespace flotilla {
class fleet;
namespace http {
class server;
}
}  // namespace flotilla

namespace flotilla::cli {

class log_redaction;

/// Of the time to drain, the part that is kept for closing connections and the store behind the runs.
inline constexpr int closing_share = 5;  ///< one fifth

/// Refuses new work, lets runs go on, ends the streams, closes the door, commits, and closes the store, all within
/// `limit`. Where that takes longer, or a second signal comes, the process ends here and now with
/// `exit_code::not_drained`: what was accepted is in the journal and goes on at the next start.
void drain_server(std::unique_ptr<fleet> runtime, std::unique_ptr<log_redaction> hiding,
                  std::unique_ptr<http::server> door, shutdown_signals& signals, std::chrono::milliseconds limit);

}  // namespace flotilla::cli
