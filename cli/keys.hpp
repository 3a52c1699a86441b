// `flotilla keys`: the master key of a data directory that no server holds.
#pragma once

#include <iosfwd>
#include <string>

#include "cli/exit_codes.hpp"

namespace CLI {
class App;
}

namespace flotilla::cli {

/// What was asked of `flotilla keys`.
struct keys_request {
  CLI::App* rotate = nullptr;  ///< the command; set by `add_keys_commands`
  std::string data;
};

/// Adds the command and its own command; parsing them fills `into`, which must outlive them.
void add_keys_commands(CLI::App& program, keys_request& into);

/// Encrypts all secrets with a new master key, and says how many these were.
[[nodiscard]] exit_code rotate_keys(const keys_request& asked, std::ostream& out);

}  // namespace flotilla::cli
