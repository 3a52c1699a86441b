// `flotilla demo --fleet`: three levels of agents in memory share a piece of work offline, without a server.
#pragma once

#include <iosfwd>

#include "cli/exit_codes.hpp"

namespace flotilla::cli {

/// Makes an org chart of seven and prints it, gives its lead a task that goes down to all of them, and prints to
/// `out` what stands on the bus as it happens: who delegates what to whom, what they say to each other, and the
/// results, up to the lead's answer. Answers `ok` where that task ends in `done`, `not_done` where it does not,
/// `failed` where it could not be given.
[[nodiscard]] exit_code demo_fleet(std::ostream& out, bool colours);

}  // namespace flotilla::cli
