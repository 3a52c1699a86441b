// `flotilla backup` and `flotilla restore`.
#pragma once

#include <iosfwd>
#include <string>

#include "cli/exit_codes.hpp"

namespace CLI {
class App;
}

namespace flotilla::cli {

/// What was asked of `flotilla backup`, a client of a server that runs.
struct backup_command {
  CLI::App* command = nullptr;  ///< set by `add_backup_command`
  std::string to;
  std::string url = "http://127.0.0.1:8080";
  std::string data;  ///< whose admin-token is used, where FLOTILLA_TOKEN is not set
  bool without_master_key = false;
};
/// What was asked of `flotilla restore`.
struct restore_command {
  CLI::App* command = nullptr;  ///< set by `add_restore_command`
  std::string from;
  std::string data;
};

/// Both add a command; parsing it fills `into`, which must outlive it.
void add_backup_command(CLI::App& program, backup_command& into);
void add_restore_command(CLI::App& program, restore_command& into);

/// Has the server make a backup, and says what is in it.
[[nodiscard]] exit_code backup(const backup_command& asked, std::ostream& out);
/// Makes a data directory of a backup and checks its store; `failed` where there are faults.
[[nodiscard]] exit_code restore(const restore_command& asked, std::ostream& out);

}  // namespace flotilla::cli
