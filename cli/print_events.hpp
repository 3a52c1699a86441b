// `flotilla print-events`: a run's event stream from a pipe, made readable.
#pragma once

#include <iosfwd>

#include "cli/exit_codes.hpp"

namespace flotilla::cli {

/// Reads server-sent events (WHATWG HTML, section 9.2.6) from `in` until it ends and prints those that are a task's
/// events; anything else, such as an error answer in place of a stream, is passed on as it is. Answers `ok` where
/// the last status is "done", else `not_done`.
[[nodiscard]] exit_code print_events(std::istream& in, std::ostream& out, bool colours);

}  // namespace flotilla::cli
