// The data directory of a command.
#include "cli/maintenance.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <filesystem>
#include <iostream>

#include "cli/process_limits.hpp"

namespace flotilla::cli {

void add_data_option(CLI::App& command, std::string& into) {
  command.add_option("--data", into, "The data directory")->type_name("DIR")->envname("FLOTILLA_DATA")->required();
}

result<directory_lock> hold_directory(const std::string& data, std::string_view purpose) {
  create_private_files();
  std::error_code unknown;
  if (!std::filesystem::is_directory(data, unknown)) return fail(errc::invalid, data + " is not a directory");
  return directory_lock::take(data, purpose);
}

exit_code refuse_maintenance(const error& reason) {
  std::cerr << "flotilla: " << reason.message << '\n';
  return reason.code == errc::invalid ? exit_code::usage : exit_code::failed;
}

}  // namespace flotilla::cli
