// What can be set of a server, and where each setting comes from: command line, then environment, then file.
//
// An option --some-name is the variable FLOTILLA_SOME_NAME and the key some-name of the configuration file. Other
// variables that begin so are not ours to judge: a container platform makes some for a service called flotilla.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/endpoint.hpp"
#include "flotilla/fleet.hpp"
#include "flotilla/result.hpp"

namespace CLI {
class App;
}

namespace flotilla::cli {

/// The effective settings of `flotilla serve`. The defaults are what the help shows.
struct serve_settings {
  std::string data;                        ///< the data directory
  std::string listen = "127.0.0.1:8080";   ///< as `parse_endpoint` reads it
  std::uint32_t rate_limit = 120;          ///< requests a minute for each token; 0: no limit
  std::uint32_t drain_seconds = 10;        ///< from SIGTERM to the end of the process
  std::size_t io_threads = 2;              ///< that serve HTTP
  std::size_t actor_threads = 0;           ///< that run agents; 0: as many as there are cores
  std::size_t reader_threads = 2;          ///< that read the store
  std::uint32_t agent_idle_seconds = 60;   ///< after which an agent gives its memory back
  std::uint32_t run_limit_seconds = 3600;  ///< that an attempt may go on, waiting left out; 0: no limit
  std::uint32_t approval_ttl = 0;          ///< seconds after which an open approval is refused; 0: never
  std::uint64_t context_limit_bytes = default_max_context_bytes;  ///< of a run's conversation
  std::size_t max_runs = run_capacity{}.server;                   ///< of the whole server, at once
  std::size_t max_runs_per_org = 0;                               ///< 0: no limit, as for the next
  std::size_t max_runs_per_provider = 0;
  std::string log_level = "info";
  std::string plan_name = "self-hosted";  ///< what `me` shows
  std::uint64_t limit_agents = 0;         ///< of each org, that are not archived; 0: no limit, as for those below
  std::uint64_t limit_tasks_per_month = 0;
  std::uint64_t limit_tokens_per_month = 0;
  std::uint64_t limit_concurrent_runs = 0;
  std::vector<std::string> feature;          ///< each NAME or NAME=true or NAME=false (see `feature_flags_of`)
  std::vector<std::string> mcp_stdio_allow;  ///< globs on resolved commands; none: all are allowed
  bool mcp_allow_link_local = false;
  std::string metrics = "public";  ///< who may read /metrics: public, token (whoever has one) or off
  std::string backup_dir;          ///< where backups may be made over the API; empty: nowhere
  std::string config;              ///< the configuration file; empty: none
  bool check_config = false;

  /// Where each setting was found, by its option's name: "command line", a variable, a file; absent: the default.
  std::map<std::string, std::string> sources;
};

/// Reads a variable of the environment; nothing where it is not set.
using environment = std::function<std::optional<std::string>(const std::string&)>;

/// Adds the options to a command of CLI11; parsing it fills `into`, which must outlive the command.
void add_serve_options(CLI::App& command, serve_settings& into);

/// The settings that a command line means, with environment and file taken into account. `arguments` are those
/// behind "serve". Pure but for reading the file.
/// Errors: invalid; the message names the option, the variable, or the file and its key.
[[nodiscard]] result<serve_settings> resolve_serve_settings(const std::vector<std::string>& arguments,
                                                            const environment& variables);

/// The flags that the texts of `serve_settings::feature` mean; a later one of the same name wins.
/// Precondition: the settings were resolved.
[[nodiscard]] flotilla::feature_flags feature_flags_of(const std::vector<std::string>& texts);

/// The settings as a configuration file that would give them, each with its source as a comment.
[[nodiscard]] std::string describe(const serve_settings& settings);

/// The environment of this process.
[[nodiscard]] std::optional<std::string> process_environment(const std::string& name);

}  // namespace flotilla::cli
