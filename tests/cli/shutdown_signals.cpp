// Waiting for signals: each is seen once, a time limit ends a wait, and so does another thread.
#include "cli/shutdown_signals.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/types.h>
#include <unistd.h>

#include <csignal>
#include <thread>

using namespace flotilla::cli;
using outcome = flotilla::cli::shutdown_signals::outcome;

BOOST_AUTO_TEST_SUITE(shutdown_signals)

BOOST_AUTO_TEST_CASE(sees_each_signal_once) {
  auto signals = flotilla::cli::shutdown_signals::take();
  BOOST_REQUIRE(signals);
  for (const int signal : {SIGTERM, SIGINT}) {
    BOOST_REQUIRE(::kill(::getpid(), signal) == 0);
    BOOST_TEST((signals->wait() == outcome::signalled));
  }
  BOOST_TEST((signals->wait(std::chrono::milliseconds(0)) == outcome::timed_out));
}

BOOST_AUTO_TEST_CASE(is_ended_by_another_thread) {
  auto signals = flotilla::cli::shutdown_signals::take();
  BOOST_REQUIRE(signals);
  std::thread other([&] { signals->cancel(); });
  BOOST_TEST((signals->wait() == outcome::cancelled));
  BOOST_TEST((signals->wait() == outcome::cancelled));
  other.join();
}

BOOST_AUTO_TEST_SUITE_END()
