// One run of the recovery harness.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>

namespace flotilla::recovery {

struct harness_options {
  std::size_t kills = 20;
  std::uint64_t seed = 1;
  bool lossy = false;           ///< what is not synced is lost with a kill
  std::size_t open_tasks = 36;  ///< that are kept going, delegated ones included
  std::string server;           ///< the program that is killed; empty: the one of this build
};

/// Runs it to its end and reports; false where anything was wrong.
bool run_harness(const harness_options& options, std::ostream& out);

}  // namespace flotilla::recovery
