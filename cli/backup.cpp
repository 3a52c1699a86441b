// Backups from the command line, and the way back.
#include "cli/backup.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/api_call.hpp"
#include "cli/check.hpp"
#include "cli/maintenance.hpp"
#include "cli/process_limits.hpp"
#include "flotilla/backup.hpp"
#include "flotilla/maintenance.hpp"

namespace flotilla::cli {

namespace {

constexpr const char* backup_footer =
    "The server writes it, on its own host, below the directory that it was started with (serve --backup-dir DIR2).\n"
    "The token is FLOTILLA_TOKEN, else that in the file DIR/admin-token; it must be an admin's of the first org.\n"
    "Who has a backup with its master-key has every secret in it.";
constexpr const char* restore_footer =
    "The data directory must be empty, or is made. Where the backup was made --without-master-key, put the key's "
    "file\n"
    "into the data directory afterwards, or set FLOTILLA_MASTER_KEY.";

std::string what_is_in(const backup_report& of) {
  return std::to_string(of.files) + " files, " + std::to_string(of.bytes) + " bytes, as of " +
         to_string(of.taken_at) + (of.has_master_key ? ", with the master key" : ", without a master key");
}

/// Makes the directory where it is not there, for its owner only.
result<void> make_data_directory(const std::string& data) {
  create_private_files();
  std::error_code failed;
  std::filesystem::create_directories(data, failed);
  if (failed) return fail(errc::invalid, data + " cannot be made: " + failed.message());
  return {};
}

}  // namespace

void add_backup_command(CLI::App& program, backup_command& into) {
  into.command = program.add_subcommand("backup", "Has a running server make a backup of all of its data");
  into.command
      ->add_option("--to", into.to,
                   "Its name, or the path of a directory directly below the server's backup directory")
      ->type_name("DIR")
      ->required();
  into.command->add_option("--url", into.url, "Where the server is")
      ->type_name("URL")
      ->envname("FLOTILLA_URL")
      ->capture_default_str();
  into.command->add_option("--data", into.data, "The data directory whose admin-token is used")
      ->type_name("DIR")
      ->envname("FLOTILLA_DATA");
  into.command->add_flag("--without-master-key", into.without_master_key, "Leaves the master key's file out");
  into.command->footer(backup_footer);
}

void add_restore_command(CLI::App& program, restore_command& into) {
  into.command = program.add_subcommand("restore", "Makes a data directory of a backup, and checks it");
  into.command->add_option("--from", into.from, "The backup")->type_name("DIR")->required();
  add_data_option(*into.command, into.data);
  into.command->footer(restore_footer);
}

exit_code backup(const backup_command& asked, std::ostream& out) {
  const auto token = find_token(asked.data);
  if (!token) return refuse_maintenance(token.error());
  const nlohmann::json body{{"to", asked.to}, {"masterKey", !asked.without_master_key}};
  const auto text = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const auto answer = post_json({asked.url, *token}, "/api/backup", text);
  if (!answer) return refuse_maintenance(answer.error());
  const auto read = nlohmann::json::parse(*answer, nullptr, false);
  if (!read.is_object()) return refuse_maintenance({errc::internal, "The server's answer cannot be read.", {}});
  const bool with_key = read.value("masterKey", false);
  out << "Made the backup " << asked.to << ": " << read.value("files", 0) << " files, " << read.value("bytes", 0ULL)
      << " bytes, as of " << read.value("takenAt", "") << (with_key ? ", with" : ", without") << " the master key.\n";
  return exit_code::ok;
}

exit_code restore(const restore_command& asked, std::ostream& out) {
  if (auto made = make_data_directory(asked.data); !made) return refuse_maintenance(made.error());
  const auto lock = hold_directory(asked.data, "flotilla restore");
  if (!lock) return refuse_maintenance(lock.error());
  const auto done = restore_backup(asked.from, asked.data);
  if (!done) return refuse_maintenance(done.error());
  out << "Restored " << what_is_in(*done) << ".\n";
  const auto found = check_store(asked.data);
  if (!found) return refuse_maintenance(found.error());
  print_check(*found, out);
  return found->faults == 0 ? exit_code::ok : exit_code::failed;
}

}  // namespace flotilla::cli
