// The check of a store from the command line.
#include "cli/check.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <optional>
#include <ostream>

#include "cli/maintenance.hpp"
#include "flotilla/backup.hpp"
#include "flotilla/maintenance.hpp"

namespace flotilla::cli {

namespace {

constexpr const char* check_footer =
    "Nothing is changed. Exit codes: 0 nothing is wrong, 1 there are faults, or the store cannot be read, 2 wrong "
    "options.";

}  // namespace

void add_check_command(CLI::App& program, check_request& into) {
  into.command =
      program.add_subcommand("check", "Verifies a store that no server holds: every row against every other");
  into.command->add_option("--data", into.data, "The data directory")->type_name("DIR")->envname("FLOTILLA_DATA");
  into.command->add_option("--backup", into.backup, "A backup, instead of a data directory")->type_name("DIR");
  into.command->add_option("--faults", into.faults, "How many faults are told one by one")
      ->type_name("N")
      ->capture_default_str();
  into.command->footer(check_footer);
}

exit_code check(const check_request& asked, std::ostream& out) {
  if (asked.data.empty() && asked.backup.empty()) {
    return refuse_maintenance({errc::invalid, "--data or --backup is required", {}});
  }
  std::optional<directory_lock> lock;
  if (asked.backup.empty()) {
    auto held = hold_directory(asked.data, "flotilla check");
    if (!held) return refuse_maintenance(held.error());
    lock.emplace(std::move(*held));
  }
  if (!asked.backup.empty()) {
    if (const auto whole = verify_backup(asked.backup); !whole) return refuse_maintenance(whole.error());
  }
  const auto found = check_store(asked.backup.empty() ? asked.data : asked.backup, asked.faults);
  if (!found) return refuse_maintenance(found.error());
  print_check(*found, out);
  return found->faults == 0 ? exit_code::ok : exit_code::failed;
}

void print_check(const store_check& found, std::ostream& out) {
  for (const auto& each : found.named) out << "fault (" << each.rule << "): " << each.text << '\n';
  if (found.faults > found.named.size()) out << "… and " << found.faults - found.named.size() << " more\n";
  out << "Looked at a store of format " << found.format << ":\n";
  for (const auto& each : found.counts) out << "  " << each.rows << "  " << each.what << '\n';
  if (found.faults == 0) out << "No faults.\n";
  if (found.faults != 0) out << found.faults << (found.faults == 1 ? " fault.\n" : " faults.\n");
}

}  // namespace flotilla::cli
