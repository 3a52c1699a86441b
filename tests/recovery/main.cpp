// The recovery harness: a fleet at work, a server that is killed again and again, and the proof that nothing was
// lost, paid for twice or stuck.
//
//   recovery [--kills N] [--seed S] [--lossy] [--open N] [--server PROGRAM]
//
// A fleet of 20 agents works on some hundred tasks with tool calls, delegation and approvals, against a fake vendor.
// The server is killed with SIGKILL N times, at moments that follow from the seed, and started again. With --lossy
// what the store had not synced is lost with each kill. At the end every task, journal, stream, model call and tool
// call is held against what it should be. --server names another server, to see that what is broken is found. Exit
// code 0: nothing was wrong. Else the seed and the kept directory are told.
#include <cstdlib>
#include <exception>
#include <iostream>

#include "tests/recovery/harness.hpp"

namespace {

using flotilla::recovery::harness_options;

/// Throws std::invalid_argument.
harness_options read_options(int count, char** arguments) {
  harness_options options;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    if (name == "--lossy") {
      options.lossy = true;
      continue;
    }
    if (i + 1 == count) throw std::invalid_argument(name);
    if (name == "--server") {
      options.server = arguments[++i];
      continue;
    }
    const auto value = std::stoull(arguments[++i]);
    if (name == "--kills") {
      options.kills = value;
    } else if (name == "--seed") {
      options.seed = value;
    } else if (name == "--open") {
      options.open_tasks = value;
    } else {
      throw std::invalid_argument(name);
    }
  }
  return options;
}

}  // namespace

int main(int count, char** arguments) {
  harness_options options;
  try {
    options = read_options(count, arguments);
  } catch (const std::exception&) {
    std::cerr << "usage: recovery [--kills N] [--seed S] [--lossy] [--open N] [--server PROGRAM]\n";
    return EXIT_FAILURE;
  }
  return flotilla::recovery::run_harness(options, std::cout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
