// `flotilla check`: does everything in a store agree with everything else?
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>

#include "cli/exit_codes.hpp"
#include "flotilla/check.hpp"

namespace CLI {
class App;
}

namespace flotilla::cli {

/// What was asked of `flotilla check`.
struct check_request {
  CLI::App* command = nullptr;  ///< set by `add_check_command`
  std::string data;             ///< the data directory, or
  std::string backup;           ///< a backup; it goes before
  std::size_t faults = default_named_faults;
};

/// Adds the command; parsing it fills `into`, which must outlive it.
void add_check_command(CLI::App& program, check_request& into);

/// Checks, and writes what was counted and what is wrong. `failed` where anything is.
[[nodiscard]] exit_code check(const check_request& asked, std::ostream& out);

/// The faults, one a line, then what was counted, then how many faults there are.
void print_check(const store_check& found, std::ostream& out);

}  // namespace flotilla::cli
