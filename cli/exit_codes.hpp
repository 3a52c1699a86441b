// What the program's exit codes mean (docs/operating.md shows them to operators).
#pragma once

namespace flotilla::cli {

enum class exit_code : int {
  ok = 0,
  failed = 1,       ///< it could not start, or could not go on; the reason is on stderr
  usage = 2,        ///< an option, a variable or the configuration file is wrong
  not_drained = 3,  ///< it was told to stop at once, or draining took longer than it may
  not_done = 4,     ///< demo, print-events: the run did not end in `done`
};

[[nodiscard]] constexpr int to_int(exit_code code) noexcept {
  return static_cast<int>(code);
}

}  // namespace flotilla::cli
