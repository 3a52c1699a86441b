// The life of a server: take the directory, open the fleet, show the token, listen, wait, drain.
#include "cli/serve.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <system_error>

#include "cli/bootstrap_token.hpp"
#include "cli/directory_lock.hpp"
#include "cli/drain.hpp"
#include "cli/endpoint.hpp"
#include "cli/logging.hpp"
#include "cli/process_limits.hpp"
#include "cli/shutdown_signals.hpp"
#include "cli/version.hpp"
#include "flotilla/fleet.hpp"
#include "http/server.hpp"

namespace flotilla::cli {

namespace {

exit_code refuse(const error& reason, exit_code code = exit_code::failed) {
  std::cerr << "flotilla: " << reason.message << '\n';
  return code;
}

result<void> make_directory(const std::filesystem::path& directory) {
  std::error_code problem;
  std::filesystem::create_directories(directory, problem);
  if (problem) return fail(errc::internal, "making " + directory.string() + ": " + problem.message());
  return {};
}

plan plan_of(const serve_settings& settings) {
  const auto limit = [](std::uint64_t most) { return most == 0 ? std::nullopt : std::optional(most); };
  return {settings.plan_name,
          {limit(settings.limit_agents), limit(settings.limit_tasks_per_month),
           limit(settings.limit_tokens_per_month), limit(settings.limit_concurrent_runs)}};
}

run_capacity capacity_of(const serve_settings& settings) {
  const auto limit = [](std::size_t most) { return most == 0 ? std::nullopt : std::optional(most); };
  return {settings.max_runs, limit(settings.max_runs_per_org), limit(settings.max_runs_per_provider)};
}

http::metrics_access metrics_access_of(const serve_settings& settings) {
  if (settings.metrics == "token") return http::metrics_access::token;
  return settings.metrics == "off" ? http::metrics_access::off : http::metrics_access::open;
}

fleet_options fleet_options_of(const serve_settings& settings, std::optional<std::string> bootstrap_token) {
  fleet_options options;
  options.data_directory = settings.data;
  options.bootstrap_token = std::move(bootstrap_token);
  options.scheduler_threads = settings.actor_threads;
  options.reader_threads = settings.reader_threads;
  options.agent_idle = std::chrono::seconds(settings.agent_idle_seconds);
  options.run_limit = std::chrono::seconds(settings.run_limit_seconds);
  options.approval_ttl = std::chrono::seconds(settings.approval_ttl);
  options.max_context_bytes = settings.context_limit_bytes;
  options.capacity = capacity_of(settings);
  options.plan = plan_of(settings);
  options.features = feature_flags_of(settings.feature);
  options.mcp.stdio_allow = settings.mcp_stdio_allow;
  options.mcp.allow_link_local = settings.mcp_allow_link_local;
  options.read_environment();
  return options;
}

http::server_options server_options_of(const serve_settings& settings, const endpoint& where) {
  http::server_options options;
  options.listen_host = where.host;
  options.port = where.port;
  options.io_threads = settings.io_threads;
  options.rate_limit_per_minute = settings.rate_limit;
  options.metrics = metrics_access_of(settings);
  if (!settings.backup_dir.empty())
    options.backup_directory = std::filesystem::absolute(settings.backup_dir).string();
  return options;
}

/// A directory that is not there would be found out by the first backup only.
result<void> check_backup_directory(const serve_settings& settings) {
  std::error_code unknown;
  if (settings.backup_dir.empty() || std::filesystem::is_directory(settings.backup_dir, unknown)) return {};
  return fail(errc::invalid, "--backup-dir: " + settings.backup_dir + " is not a directory");
}

/// Shows a new admin token once, on a terminal only: what stdout leads to otherwise may be a log.
void show_token(const fleet& opened, const std::filesystem::path& directory) {
  const auto token = opened.new_admin_token();
  if (!token) return;
  if (::isatty(STDOUT_FILENO) == 1) std::cout << "The admin token, shown this once: " << *token << '\n';
  std::cout << "The admin token is in " << (directory / admin_token_file).string() << std::endl;
}

/// Everything that a running server holds, in the order in which it must be let go.
struct running_server {
  directory_lock lock;
  std::unique_ptr<fleet> runtime;
  std::unique_ptr<log_redaction> hiding;
  std::unique_ptr<http::server> door;
};

result<running_server> start(const serve_settings& settings, const endpoint& where,
                             const std::shared_ptr<redacting_sink>& log) {
  auto bootstrap_token = take_bootstrap_token();
  if (!bootstrap_token) return fail(bootstrap_token.error());
  if (auto good = check_backup_directory(settings); !good) return fail(good.error());
  if (auto made = make_directory(settings.data); !made) return fail(made.error());
  auto lock = directory_lock::take(settings.data, "flotilla serve on " + to_string(where));
  if (!lock) return fail(lock.error());
  auto runtime = open_fleet(fleet_options_of(settings, std::move(*bootstrap_token)));
  if (!runtime) return fail(runtime.error());
  auto hiding = std::make_unique<log_redaction>(
      log, [&hides = **runtime](std::string line) { return hides.without_secrets(std::move(line)); });
  show_token(**runtime, settings.data);
  auto door = http::server::start(**runtime, server_options_of(settings, where));
  if (!door) return fail(door.error());
  return running_server{std::move(*lock), std::move(*runtime), std::move(hiding), std::move(*door)};
}

}  // namespace

exit_code serve(const serve_settings& settings) {
  const auto log = start_logging(settings.log_level);
  ignore_broken_pipes();
  create_private_files();
  spdlog::info("up to {} files may be open", raise_open_files());
  auto where = parse_endpoint(settings.listen);
  if (!where) return refuse(where.error(), exit_code::usage);
  auto signals = shutdown_signals::take();
  if (!signals) return refuse(signals.error());
  auto server = start(settings, *where, log);
  if (!server)
    return refuse(server.error(), server.error().code == errc::invalid ? exit_code::usage : exit_code::failed);

  where->port = server->door->port();
  server->lock.describe("flotilla serve on " + to_string(*where));
  std::cout << "Flotilla " << version << " is serving on http://" << to_string(*where) << std::endl;
  (void)signals->wait();
  spdlog::info("draining for at most {} s; a second signal ends the server at once", settings.drain_seconds);
  drain_server(std::move(server->runtime), std::move(server->hiding), std::move(server->door), *signals,
               std::chrono::seconds(settings.drain_seconds));
  spdlog::info("stopped");
  return exit_code::ok;
}

}  // namespace flotilla::cli
