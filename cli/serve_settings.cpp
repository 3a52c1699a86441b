// The options of `flotilla serve`, and the merging of their three sources.
//
// CLI11 reads each source and checks each value. It would let a file win over a variable, so the order is ours:
// what the command line leaves open is looked up in the environment, then in the file, and what is found is given
// to CLI11 as if it had been typed.
#include "cli/serve_settings.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace flotilla::cli {

namespace {

constexpr std::uint32_t highest_rate_limit = 10'000'000;
constexpr std::uint32_t longest_drain_seconds = 3600;
constexpr std::size_t most_threads = 256;
constexpr std::uint32_t longest_idle_seconds = 86'400;
constexpr std::uint32_t longest_run_seconds = 30 * 86'400;
constexpr std::uint32_t longest_approval_seconds = 365 * 86'400;
constexpr std::uint64_t smallest_context_limit = 4096;
constexpr std::size_t most_runs = 1'000'000;
constexpr std::uint64_t highest_limit = 1'000'000'000'000'000;
constexpr std::size_t longest_feature_name = 64;
constexpr char list_separator = ',';
constexpr auto command_line_only = {"check-config", "help"};  // ours to do now, not a setting
constexpr const char* file_option = "config";                 // a file does not name another

std::string variable_of(const std::string& option) {
  std::string name = "FLOTILLA_" + option;
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c == '-' ? '_' : (c >= 'a' && c <= 'z') ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return name;
}

std::string check_endpoint(const std::string& text) {
  const auto parsed = parse_endpoint(text);
  return parsed ? std::string{} : parsed.error().message;
}

/// A feature's text in its parts: what stands before its first '=', and behind it.
std::pair<std::string, std::optional<std::string>> split_feature(const std::string& text) {
  const auto sign = text.find('=');
  if (sign == std::string::npos) return {text, std::nullopt};
  return {text.substr(0, sign), text.substr(sign + 1)};
}

std::string check_feature(const std::string& text) {
  const auto [name, value] = split_feature(text);
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  });
  if (name.empty() || name.size() > longest_feature_name || !plain) {
    return "a feature's name has letters, digits, '_', '-' and '.', at most " + std::to_string(longest_feature_name);
  }
  return !value || value == "true" || value == "false" ? std::string{} : "a feature is set to true or false";
}

/// Something that stands in a list: it must stand in quotes in a file.
std::string check_item(const std::string& text) {
  const bool good = !text.empty() && text.find_first_of("\"\r\n") == std::string::npos;
  return good ? std::string{} : "an item of the list is empty, or holds a quote or a line break";
}

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const auto& item : items) {
    if (!text.empty()) text += list_separator;
    text += item;
  }
  return text;
}

/// The names of the options that every source may set.
std::vector<std::string> setting_names() {
  CLI::App command;
  serve_settings unused;
  add_serve_options(command, unused);
  std::vector<std::string> names;
  for (const auto* option : command.get_options()) {
    const auto name = option->get_single_name();
    const auto known = [&name](const char* other) { return name == other; };
    if (std::none_of(command_line_only.begin(), command_line_only.end(), known)) names.push_back(name);
  }
  return names;
}

struct parsed_line {
  serve_settings settings;
  std::vector<std::string> given;  ///< the names of the options on it
};

result<parsed_line> parse(std::vector<std::string> arguments) {
  CLI::App command("", "flotilla serve");
  parsed_line line;
  add_serve_options(command, line.settings);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  try {
    command.parse(std::move(arguments));
  } catch (const CLI::ParseError& problem) {
    return fail(errc::invalid, problem.what());
  }
  for (const auto* option : command.get_options()) {
    if (option->count() > 0) line.given.push_back(option->get_single_name());
  }
  return line;
}

/// One setting from a variable or a file, in the form of an argument.
struct found_setting {
  std::string name;
  std::string value;
  std::string source;
  [[nodiscard]] std::string argument() const { return "--" + name + "=" + value; }
};

result<std::string> single_value(const CLI::ConfigItem& item, const std::string& path) {
  const auto unmatched = [](const std::string& text) { return text.find('"') != std::string::npos; };
  if (item.inputs.size() != 1) return fail(errc::invalid, path + ": " + item.fullname() + " takes one value");
  if (unmatched(item.inputs.front())) {
    return fail(errc::invalid, path + ": the quotes of " + item.fullname() + " do not match ('#' begins a comment)");
  }
  return item.inputs.front();
}

result<std::vector<found_setting>> read_file(const std::string& path, const std::vector<std::string>& names) {
  std::ifstream file(path);
  if (!file) return fail(errc::invalid, path + ": the configuration file cannot be read");
  std::vector<CLI::ConfigItem> items;
  try {
    items = CLI::ConfigTOML().from_config(file);
  } catch (const std::exception& problem) {
    return fail(errc::invalid, path + ": " + problem.what());
  }
  if (file.bad()) return fail(errc::invalid, path + ": the configuration file cannot be read");
  std::vector<found_setting> found;
  for (const auto& item : items) {
    const auto name = item.fullname();
    if (name == file_option || std::find(names.begin(), names.end(), name) == names.end()) {
      return fail(errc::invalid, path + ": unknown key '" + name + "'");
    }
    auto value = single_value(item, path);
    if (!value) return fail(value.error());
    found.push_back({name, *value, path});
  }
  return found;
}

std::vector<found_setting> read_environment(const environment& variables, const std::vector<std::string>& names) {
  std::vector<found_setting> found;
  for (const auto& name : names) {
    const auto variable = variable_of(name);
    if (auto value = variables(variable)) found.push_back({name, std::move(*value), variable});
  }
  return found;
}

/// Every value is checked, also one that another source overrules: a wrong file is wrong today.
result<void> check_each(const std::vector<found_setting>& found) {
  for (const auto& setting : found) {
    const auto parsed = parse({setting.argument()});
    if (!parsed) return fail(errc::invalid, setting.source + ": " + parsed.error().message);
  }
  return {};
}

bool is_given(const std::vector<std::string>& given, const std::string& name) {
  return std::find(given.begin(), given.end(), name) != given.end();
}

/// Adds what is not given yet to the arguments.
void take_missing(const std::vector<found_setting>& found, parsed_line& line, std::vector<std::string>& arguments) {
  for (const auto& setting : found) {
    if (is_given(line.given, setting.name)) continue;
    arguments.push_back(setting.argument());
    line.given.push_back(setting.name);
    line.settings.sources[setting.name] = setting.source;
    if (setting.name == file_option) line.settings.config = setting.value;
  }
}

/// What the plan allows each org, and what `me` shows of it.
void add_plan_options(CLI::App& command, serve_settings& into) {
  const auto limit = [&command](const char* option, std::uint64_t& value, const char* what) {
    command.add_option(option, value, what)
        ->type_name("N")
        ->capture_default_str()
        ->check(CLI::Range(std::uint64_t{0}, highest_limit));
  };
  command.add_option("--plan-name", into.plan_name, "The name of the plan, which every org has")
      ->type_name("NAME")
      ->capture_default_str()
      ->check(CLI::Validator(check_item, ""));
  limit("--limit-agents", into.limit_agents, "Agents of an org that are not archived; 0 for no limit");
  limit("--limit-tasks-per-month", into.limit_tasks_per_month,
        "Tasks that an org may make in a month; 0 for no limit");
  limit("--limit-tokens-per-month", into.limit_tokens_per_month,
        "Tokens that an org may use in a month; 0 for no limit");
  limit("--limit-concurrent-runs", into.limit_concurrent_runs, "Tasks of an org that run at once; 0 for no limit");
  command
      .add_option("--feature", into.feature,
                  "A feature flag that is on, or off with =false; several with commas between them, or again")
      ->type_name("NAME[=false]")
      ->delimiter(list_separator)
      ->allow_extra_args(false)
      ->check(CLI::Validator(check_feature, ""));
}

/// What a run may take, and how long it waits for humans.
void add_run_options(CLI::App& command, serve_settings& into) {
  command
      .add_option("--run-limit-seconds", into.run_limit_seconds,
                  "How long a run may go on, the time in which it waits left out; 0 for no limit")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::uint32_t{0}, longest_run_seconds));
  command
      .add_option("--approval-ttl", into.approval_ttl,
                  "Seconds after which an approval that nobody decided is refused; 0 for never")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::uint32_t{0}, longest_approval_seconds));
  command
      .add_option("--context-limit-bytes", into.context_limit_bytes,
                  "Above this the oldest tool results are left out of a run's conversation")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(smallest_context_limit, highest_limit));
}

/// How many runs go on at once.
void add_capacity_options(CLI::App& command, serve_settings& into) {
  const auto option = [&command](const char* name, std::size_t& value, std::size_t least, const char* what) {
    command.add_option(name, value, what)->type_name("N")->capture_default_str()->check(CLI::Range(least, most_runs));
  };
  option("--max-runs", into.max_runs, 1, "Runs that go on at once; others wait in their agents' queues");
  option("--max-runs-per-org", into.max_runs_per_org, 0, "The same of each org; 0 for no limit");
  option("--max-runs-per-provider", into.max_runs_per_provider, 0, "The same of each provider; 0 for no limit");
}

}  // namespace

void add_serve_options(CLI::App& command, serve_settings& into) {
  command.add_option("--data", into.data, "The data directory; made if it is not there")->type_name("DIR");
  command.add_option("--listen", into.listen, "Where to listen: HOST:PORT or [IPV6]:PORT; port 0 takes a free one")
      ->type_name("HOST:PORT")
      ->capture_default_str()
      ->check(CLI::Validator(check_endpoint, ""));
  command.add_option("--rate-limit", into.rate_limit, "Requests a minute for each token; 0 for no limit")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::uint32_t{0}, highest_rate_limit));
  command.add_option("--drain-seconds", into.drain_seconds, "How long SIGTERM or SIGINT lets running work go on")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::uint32_t{1}, longest_drain_seconds));
  command.add_option("--io-threads", into.io_threads, "Threads that serve HTTP")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, most_threads));
  command.add_option("--actor-threads", into.actor_threads, "Threads that run agents; 0 for one a core")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{0}, most_threads));
  command.add_option("--reader-threads", into.reader_threads, "Threads that read the store")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, most_threads));
  command
      .add_option("--agent-idle-seconds", into.agent_idle_seconds, "After this an idle agent gives its memory back")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::uint32_t{1}, longest_idle_seconds));
  add_run_options(command, into);
  add_capacity_options(command, into);
  command.add_option("--log-level", into.log_level, "The least that is logged to stderr")
      ->type_name("LEVEL")
      ->capture_default_str()
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}));
  add_plan_options(command, into);
  command
      .add_option(
          "--mcp-stdio-allow", into.mcp_stdio_allow,
          "Globs, with commas between them, that the commands of MCP servers must match; none: all are allowed")
      ->type_name("GLOB")
      ->delimiter(list_separator)
      ->allow_extra_args(false)
      ->check(CLI::Validator(check_item, ""));
  command.add_flag("--mcp-allow-link-local", into.mcp_allow_link_local,
                   "Lets the URLs of MCP servers name link-local and cloud metadata addresses");
  command.add_option("--metrics", into.metrics, "Who may read /metrics: everybody, who has a token, or nobody")
      ->type_name("ACCESS")
      ->capture_default_str()
      ->check(CLI::IsMember({"public", "token", "off"}));
  command
      .add_option("--backup-dir", into.backup_dir, "Where flotilla backup may make backups; without it, it may not")
      ->type_name("DIR");
  command.add_option("--config", into.config, "A configuration file: lines of option = value")->type_name("FILE");
  command.add_flag("--check-config", into.check_config, "Prints the settings that would be used, and ends");
}

result<serve_settings> resolve_serve_settings(const std::vector<std::string>& arguments,
                                              const environment& variables) {
  auto line = parse(arguments);
  if (!line) return fail(line.error());
  const auto names = setting_names();
  for (const auto& name : names) {
    if (is_given(line->given, name)) line->settings.sources[name] = "command line";
  }
  auto merged = arguments;
  const auto from_variables = read_environment(variables, names);
  if (auto checked = check_each(from_variables); !checked) return fail(checked.error());
  take_missing(from_variables, *line, merged);
  if (!line->settings.config.empty()) {
    const auto from_file = read_file(line->settings.config, names);
    if (!from_file) return fail(from_file.error());
    if (auto checked = check_each(*from_file); !checked) return fail(checked.error());
    take_missing(*from_file, *line, merged);
  }
  auto resolved = parse(std::move(merged));
  if (!resolved) return fail(resolved.error());
  resolved->settings.sources = std::move(line->settings.sources);
  if (resolved->settings.data.empty()) {
    return fail(errc::invalid, "--data is missing: name the data directory (or set FLOTILLA_DATA)");
  }
  return std::move(resolved->settings);
}

feature_flags feature_flags_of(const std::vector<std::string>& texts) {
  feature_flags flags;
  for (const auto& text : texts) {
    auto [name, value] = split_feature(text);
    flags[std::move(name)] = value != "false";
  }
  return flags;
}

std::string describe(const serve_settings& settings) {
  std::string text;
  const auto add = [&](const std::string& name, const std::string& value) {
    const auto source = settings.sources.find(name);
    text += name;
    text += " = ";
    text += value;
    text += "  # " + (source == settings.sources.end() ? std::string("default") : source->second) + "\n";
  };
  const auto quoted = [](const std::string& value) { return '"' + value + '"'; };
  add("data", quoted(settings.data));
  add("listen", quoted(settings.listen));
  add("rate-limit", std::to_string(settings.rate_limit));
  add("drain-seconds", std::to_string(settings.drain_seconds));
  add("io-threads", std::to_string(settings.io_threads));
  add("actor-threads", std::to_string(settings.actor_threads));
  add("reader-threads", std::to_string(settings.reader_threads));
  add("agent-idle-seconds", std::to_string(settings.agent_idle_seconds));
  add("run-limit-seconds", std::to_string(settings.run_limit_seconds));
  add("approval-ttl", std::to_string(settings.approval_ttl));
  add("context-limit-bytes", std::to_string(settings.context_limit_bytes));
  add("max-runs", std::to_string(settings.max_runs));
  add("max-runs-per-org", std::to_string(settings.max_runs_per_org));
  add("max-runs-per-provider", std::to_string(settings.max_runs_per_provider));
  add("log-level", quoted(settings.log_level));
  add("plan-name", quoted(settings.plan_name));
  add("limit-agents", std::to_string(settings.limit_agents));
  add("limit-tasks-per-month", std::to_string(settings.limit_tasks_per_month));
  add("limit-tokens-per-month", std::to_string(settings.limit_tokens_per_month));
  add("limit-concurrent-runs", std::to_string(settings.limit_concurrent_runs));
  if (!settings.feature.empty()) add("feature", quoted(joined(settings.feature)));
  if (!settings.mcp_stdio_allow.empty()) add("mcp-stdio-allow", quoted(joined(settings.mcp_stdio_allow)));
  add("mcp-allow-link-local", settings.mcp_allow_link_local ? "true" : "false");
  add("metrics", quoted(settings.metrics));
  if (!settings.backup_dir.empty()) add("backup-dir", quoted(settings.backup_dir));
  return text;
}

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

}  // namespace flotilla::cli
