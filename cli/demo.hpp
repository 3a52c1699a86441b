// `flotilla demo`: a small fleet in memory runs one task offline, without a server.
#pragma once

#include <iosfwd>
#include <string>

#include "cli/exit_codes.hpp"

namespace flotilla::cli {

/// Makes an org chart of three, gives the last of them `question`, and prints the run to `out` as it happens.
/// Answers `ok` where the run ends in `done`, `not_done` where it does not, `failed` where it could not be made.
[[nodiscard]] exit_code demo(const std::string& question, std::ostream& out, bool colours);

}  // namespace flotilla::cli
