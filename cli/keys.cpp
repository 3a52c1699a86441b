// The rotation of the master key, from the command line.
#include "cli/keys.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <ostream>

#include "cli/maintenance_command.hpp"
#include "flotilla/maintenance.hpp"

namespace flotilla::cli {

void add_keys_commands(CLI::App& program, keys_request& into) {
  auto* keys = program.add_subcommand("keys", "The master key of a data directory that no server holds");
  keys->require_subcommand(1);
  into.rotate =
      keys->add_subcommand("rotate",
                           "Encrypts every secret with a new master key. Where FLOTILLA_MASTER_KEY names the\n"
                           "key, FLOTILLA_NEW_MASTER_KEY names the new one. After an interruption: run it again");
  add_data_option(*into.rotate, into.data);
}

exit_code rotate_keys(const keys_request& asked, std::ostream& out) {
  const auto lock = hold_data(asked.data, "flotilla keys rotate");
  if (!lock) return refuse_command(lock.error());
  fleet_options options;
  options.data_directory = asked.data;
  options.read_environment();
  const auto done = rotate_master_key(options);
  if (!done) return refuse_command(done.error());
  out << "Encrypted " << done->secrets << (done->secrets == 1 ? " secret" : " secrets")
      << " with the new master key.\n";
  if (done->in_file) {
    out << "It stands in " << asked.data << '/' << master_key_file << ".\n";
  } else {
    out << "From now on FLOTILLA_MASTER_KEY must be what FLOTILLA_NEW_MASTER_KEY is.\n";
  }
  return exit_code::ok;
}

}  // namespace flotilla::cli
