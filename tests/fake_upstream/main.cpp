// A vendor for end-to-end tests and benchmarks: fake_upstream [--port N] (0, the default: the system chooses).
//
// Prints its port on a line of its own, answers POST …/v1/messages and …/chat/completions with the same short stream
// every time and GET /calls with {"calls":N}, and ends on SIGTERM or SIGINT.
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "tests/support/vendor_wire.hpp"

int main(int count, char** arguments) {
  std::uint16_t port = 0;
  if (count == 3 && std::strcmp(arguments[1], "--port") == 0) {
    port = static_cast<std::uint16_t>(std::strtoul(arguments[2], nullptr, 10));
  } else if (count != 1) {
    std::cerr << "usage: fake_upstream [--port N]\n";
    return 2;
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  try {
    flotilla::testing::fake_upstream server(port, flotilla::testing::simple_answers());
    server.keep_requests(false);
    std::cout << server.port() << std::endl;
    int signal = 0;
    sigwait(&ends, &signal);
  } catch (const std::exception& wrong) {
    std::cerr << "fake_upstream: " << wrong.what() << '\n';
    return 1;
  }
  return 0;
}
