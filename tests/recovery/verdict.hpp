// What is held against what at the end: tasks, journals, streams, the vendor's calls, the notes of the tools.
#pragma once

#include <filesystem>

#include "tests/recovery/complaints.hpp"
#include "tests/recovery/scripted_vendor.hpp"
#include "tests/recovery/staff.hpp"
#include "tests/recovery/stubborn_client.hpp"
#include "tests/recovery/watchers.hpp"

namespace flotilla::recovery {

/// Everything that the harness knows when the last task has ended.
struct evidence {
  const stubborn_client& api;
  std::uint16_t port;  ///< of the server, which is up and is not killed any more
  const library& scripts;
  const watchers& watched;
  const scripted_vendor& vendor;
  const human_acts& acts;
  std::size_t given;  ///< tasks that were accepted
  std::filesystem::path notes;
};

/// What was counted on the way, for the report.
struct verdict_counts {
  std::size_t tasks = 0;
  std::size_t done = 0;
  std::size_t errors = 0;
  std::size_t cancelled = 0;
  std::size_t delegated = 0;
  std::size_t events = 0;
  std::size_t model_answers = 0;
  std::size_t vendor_calls = 0;
  std::size_t notes = 0;
  std::size_t messages = 0;  ///< of agents to each other
};

/// Complains about everything that is not as it should be.
verdict_counts judge(const evidence& of, complaints& wrong);

}  // namespace flotilla::recovery
