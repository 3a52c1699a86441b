// Signals through signalfd(2), and an eventfd(2) that ends a wait.
#include "cli/shutdown_signals.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <limits>

namespace flotilla::cli {

namespace {

using steady = std::chrono::steady_clock;

/// What poll(2) takes for the time until `deadline`: rounded up, so that it never wakes too early.
int poll_timeout(const std::optional<steady::time_point>& deadline) {
  if (!deadline) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - steady::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

}  // namespace

result<shutdown_signals> shutdown_signals::take() {
  sigset_t wanted{};
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGTERM);
  sigaddset(&wanted, SIGINT);
  if (::pthread_sigmask(SIG_BLOCK, &wanted, nullptr) != 0) return system_failure("blocking signals");
  file_descriptor signals(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  file_descriptor cancelled(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!signals.open() || !cancelled.open()) return system_failure("taking signals");
  return shutdown_signals(std::move(signals), std::move(cancelled));
}

shutdown_signals::outcome shutdown_signals::wait(std::optional<std::chrono::milliseconds> limit) {
  std::optional<steady::time_point> deadline;
  if (limit) deadline = steady::now() + *limit;
  for (;;) {
    std::array<pollfd, 2> watched{pollfd{signals_.number(), POLLIN, 0}, pollfd{cancelled_.number(), POLLIN, 0}};
    const auto ready = ::poll(watched.data(), watched.size(), poll_timeout(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return outcome::timed_out;
    if (watched[1].revents != 0) return outcome::cancelled;
    signalfd_siginfo info{};
    if (::read(signals_.number(), &info, sizeof info) == sizeof info) return outcome::signalled;
  }
}

void shutdown_signals::cancel() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(cancelled_.number(), &one, sizeof one);
}

}  // namespace flotilla::cli
