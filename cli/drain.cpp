// Draining: one thread does it, another waits for what may cut it short.
#include "cli/drain.hpp"

#include <spdlog/spdlog.h>

#include <cstdlib>
#include <future>
#include <thread>

#include "cli/exit_codes.hpp"
#include "cli/log_redaction.hpp"
#include "flotilla/fleet.hpp"
#include "http/server.hpp"

namespace flotilla::cli {

namespace {

/// Ends the process when the time is over or another signal comes, until `signals.cancel()`.
void cut_short(shutdown_signals& signals, std::chrono::milliseconds limit) {
  const auto outcome = signals.wait(limit);
  if (outcome == shutdown_signals::outcome::cancelled) return;
  const bool second = outcome == shutdown_signals::outcome::signalled;
  spdlog::warn("{}; what was running goes on at the next start",
               second ? "a second signal: stopping at once" : "draining took too long: stopping now");
  std::_Exit(to_int(exit_code::not_drained));
}

}  // namespace

void drain_server(std::unique_ptr<fleet> runtime, std::unique_ptr<log_redaction> hiding,
                  std::unique_ptr<http::server> door, shutdown_signals& signals, std::chrono::milliseconds limit) {
  std::thread guard([&signals, limit] { cut_short(signals, limit); });
  const auto closing = limit / closing_share;
  door->refuse_new();
  std::promise<void> drained;
  runtime->drain(limit - closing - closing, [&drained] { drained.set_value(); });
  drained.get_future().wait();
  door->stop(closing);
  door.reset();
  hiding.reset();  // nobody logs any more but us
  runtime.reset();
  signals.cancel();
  guard.join();
}

}  // namespace flotilla::cli
