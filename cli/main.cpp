// The `flotilla` program: reads which command is meant and hands over to it.
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>

#include "cli/backup.hpp"
#include "cli/check.hpp"
#include "cli/demo.hpp"
#include "cli/demo_fleet.hpp"
#include "cli/exit_codes.hpp"
#include "cli/keys.hpp"
#include "cli/org.hpp"
#include "cli/print_events.hpp"
#include "cli/serve.hpp"
#include "cli/serve_settings.hpp"
#include "cli/version.hpp"

namespace {

using namespace flotilla;
using cli::exit_code;

constexpr const char* serve_footer =
    "Every option is also a variable (--rate-limit is FLOTILLA_RATE_LIMIT) and a key of the configuration file\n"
    "(rate-limit = 120). The command line wins over the environment, and that over the file.\n\n"
    "FLOTILLA_BOOTSTRAP_TOKEN names the first admin token of an empty store; else one is made and kept in\n"
    "DIR/admin-token. Model keys: ANTHROPIC_API_KEY, OPENAI_API_KEY, OPENROUTER_API_KEY. Secrets are encrypted with\n"
    "FLOTILLA_MASTER_KEY, else with the key in DIR/master-key, which is made.\n\n"
    "Exit codes: 0 ended as asked, 1 could not start, 2 wrong options, 3 stopped before it had drained.";

/// Colours where a person looks on and has not asked for none (https://no-color.org).
bool wants_colours() {
  return ::isatty(STDOUT_FILENO) == 1 && !cli::process_environment("NO_COLOR");
}

exit_code run_serve(const std::vector<std::string>& arguments) {
  const auto settings = cli::resolve_serve_settings(arguments, cli::process_environment);
  if (!settings) {
    std::cerr << "flotilla: " << settings.error().message << "\nTry flotilla serve --help\n";
    return exit_code::usage;
  }
  if (settings->check_config) {
    std::cout << cli::describe(*settings);
    return exit_code::ok;
  }
  return cli::serve(*settings);
}

int run(int argc, char** argv) {
  CLI::App app("Flotilla: a runtime for fleets of AI agents on your own machine.", "flotilla");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string(cli::version));
  cli::serve_settings unused;
  auto* serve = app.add_subcommand("serve", "Serves a fleet over HTTP");
  cli::add_serve_options(*serve, unused);
  serve->footer(serve_footer);
  auto* demo = app.add_subcommand("demo", "Runs one task on a small fleet in memory, offline, and shows its events");
  std::string question = "What do you see from up there?";
  auto* ask = demo->add_option("--ask", question, "What the agent is asked");
  ask->type_name("TEXT")->capture_default_str();
  bool whole_fleet = false;
  demo->add_flag("--fleet", whole_fleet, "Shows seven agents that share a task, and what they tell each other")
      ->excludes(ask);
  auto* version = app.add_subcommand("version", "Prints the version");
  auto* print = app.add_subcommand("print-events",
                                   "Makes an event stream on standard input readable:\n"
                                   "curl -sN … /api/run | flotilla print-events");
  cli::org_request orgs;
  cli::add_org_commands(app, orgs);
  cli::keys_request keys;
  cli::add_keys_commands(app, keys);
  cli::backup_command backup;
  cli::add_backup_command(app, backup);
  cli::restore_command restore;
  cli::add_restore_command(app, restore);
  cli::check_request check;
  cli::add_check_command(app, check);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? cli::to_int(exit_code::ok) : cli::to_int(exit_code::usage);
  }
  if (serve->parsed()) return cli::to_int(run_serve({argv + 2, argv + argc}));
  if (demo->parsed() && whole_fleet) return cli::to_int(cli::demo_fleet(std::cout, wants_colours()));
  if (demo->parsed()) return cli::to_int(cli::demo(question, std::cout, wants_colours()));
  if (print->parsed()) return cli::to_int(cli::print_events(std::cin, std::cout, wants_colours()));
  if (orgs.create->parsed()) return cli::to_int(cli::create_org(orgs, std::cout));
  if (orgs.list->parsed()) return cli::to_int(cli::list_orgs(orgs, std::cout));
  if (keys.rotate->parsed()) return cli::to_int(cli::rotate_keys(keys, std::cout));
  if (backup.command->parsed()) return cli::to_int(cli::backup(backup, std::cout));
  if (restore.command->parsed()) return cli::to_int(cli::restore(restore, std::cout));
  if (check.command->parsed()) return cli::to_int(cli::check(check, std::cout));
  if (version->parsed()) std::cout << "flotilla " << cli::version << '\n';
  return cli::to_int(exit_code::ok);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& problem) {
    std::cerr << "flotilla: " << problem.what() << '\n';
    return flotilla::cli::to_int(flotilla::cli::exit_code::failed);
  }
}
