// Orgs: made and listed while no server runs.
#include "cli/org.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <filesystem>
#include <iostream>
#include <string_view>

#include "cli/maintenance.hpp"
#include "flotilla/maintenance.hpp"

namespace flotilla::cli {

namespace {

fleet_options options_of(const org_request& asked) {
  fleet_options options;
  options.data_directory = asked.data;
  return options;
}

}  // namespace

void add_org_commands(CLI::App& program, org_request& into) {
  auto* org = program.add_subcommand("org", "Makes and lists the orgs of a data directory that no server holds");
  org->require_subcommand(1);
  into.create = org->add_subcommand("create", "Makes an org, and shows its admin token once");
  into.create->add_option("NAME", into.name, "The name of the new org")->required();
  into.list = org->add_subcommand("list", "Shows the orgs: id, when it was made, name");
  for (auto* command : {into.create, into.list}) {
    add_data_option(*command, into.data);
  }
}

exit_code create_org(const org_request& asked, std::ostream& out) {
  const auto lock = hold_directory(asked.data, "flotilla org create");
  if (!lock) return refuse_maintenance(lock.error());
  const auto made = flotilla::create_org(options_of(asked), asked.name);
  if (!made) return refuse_maintenance(made.error());
  out << "Made the org " << made->org.name << " (" << made->org.id.to_string() << ").\n"
      << "Its admin token, shown this once: " << made->admin_token << '\n';
  return exit_code::ok;
}

exit_code list_orgs(const org_request& asked, std::ostream& out) {
  const auto lock = hold_directory(asked.data, "flotilla org list");
  if (!lock) return refuse_maintenance(lock.error());
  const auto found = flotilla::list_orgs(options_of(asked));
  if (!found) return refuse_maintenance(found.error());
  for (const auto& each : *found) {
    out << each.id.to_string() << "  " << to_string(each.created_at) << "  " << each.name << '\n';
  }
  return exit_code::ok;
}

}  // namespace flotilla::cli
