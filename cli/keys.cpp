// Keys: the rotation of the master key while no server runs.
#include "cli/keys.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <ostream>

#include "cli/maintenance.hpp"
#include "flotilla/maintenance.hpp"

namespace flotilla::cli {

namespace {

constexpr const char* rotate_footer =
    "The new key is made and kept in DIR/master-key. Where FLOTILLA_MASTER_KEY names the key in use,\n"
    "FLOTILLA_NEW_MASTER_KEY must name the new one. Safe to interrupt: run it again, it goes on from there.";

}  // namespace

void add_keys_commands(CLI::App& program, keys_request& into) {
  auto* keys = program.add_subcommand("keys", "The master key of a data directory that no server holds");
  keys->require_subcommand(1);
  into.rotate = keys->add_subcommand("rotate", "Encrypts all secrets with a new master key");
  into.rotate->footer(rotate_footer);
  add_data_option(*into.rotate, into.data);
}

exit_code rotate_keys(const keys_request& asked, std::ostream& out) {
  const auto lock = hold_directory(asked.data, "flotilla keys rotate");
  if (!lock) return refuse_maintenance(lock.error());
  fleet_options options;
  options.data_directory = asked.data;
  options.read_environment();
  const auto done = rotate_master_key(options);
  if (!done) return refuse_maintenance(done.error());
  out << "Encrypted " << done->secrets << (done->secrets == 1 ? " secret" : " secrets")
      << " with the new master key.\n";
  if (!done->in_file) {
    out << "From now on FLOTILLA_MASTER_KEY must be what FLOTILLA_NEW_MASTER_KEY is; remove the latter.\n";
  }
  return exit_code::ok;
}

}  // namespace flotilla::cli
