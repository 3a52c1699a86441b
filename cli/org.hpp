// `flotilla org`: the orgs of a data directory that no server holds.
#pragma once

#include <iosfwd>
#include <string>

#include "cli/exit_codes.hpp"

namespace CLI {
class App;
}

namespace flotilla::cli {

/// What was asked of `flotilla org`.
struct org_request {
  CLI::App* create = nullptr;  ///< the commands; set by `add_org_commands`
  CLI::App* list = nullptr;
  std::string data;
  std::string name;
};

/// Adds the command and its own commands; parsing them fills `into`, which must outlive them.
void add_org_commands(CLI::App& program, org_request& into);

/// Makes an org, and shows its id and its admin token, this once.
[[nodiscard]] exit_code create_org(const org_request& asked, std::ostream& out);
/// Shows one org a line: id, time of its making, name.
[[nodiscard]] exit_code list_orgs(const org_request& asked, std::ostream& out);

}  // namespace flotilla::cli
