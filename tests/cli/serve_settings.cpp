// The settings of a server: defaults, the three sources and their order, and what is refused with which words.
#include "cli/serve_settings.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/support/scratch_directory.hpp"

using namespace flotilla;
using namespace flotilla::cli;
using flotilla::testing::scratch_directory;

namespace {

using variables = std::map<std::string, std::string>;

result<cli::serve_settings> resolve(const std::vector<std::string>& arguments, const variables& set = {}) {
  return resolve_serve_settings(arguments, [set](const std::string& name) -> std::optional<std::string> {
    const auto found = set.find(name);
    return found == set.end() ? std::nullopt : std::optional(found->second);
  });
}

/// The words that a set of sources is refused with; empty where it is not.
std::string refusal(const std::vector<std::string>& arguments, const variables& set = {}) {
  const auto resolved = resolve(arguments, set);
  return resolved ? std::string{} : resolved.error().message;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(serve_settings)

BOOST_AUTO_TEST_CASE(has_defaults_for_all_but_the_directory) {
  const auto settings = resolve({"--data", "/d"}).value();
  BOOST_TEST(settings.data == "/d");
  BOOST_TEST(settings.listen == "127.0.0.1:8080");
  BOOST_TEST(settings.rate_limit == 120U);
  BOOST_TEST(settings.drain_seconds == 10U);
  BOOST_TEST(settings.log_level == "info");
  BOOST_TEST(!settings.check_config);
  BOOST_TEST(contains(refusal({}), "--data"));
  BOOST_TEST(contains(refusal({"--data="}), "--data"));
}

BOOST_AUTO_TEST_CASE(takes_the_command_line_before_variables_before_the_file) {
  const scratch_directory directory;
  const auto file =
      directory.write("f.conf", "data = \"/file\"\nlisten = \"127.0.0.1:3\"\nrate-limit = 3\nio-threads = 3\n");
  const variables set{{"FLOTILLA_CONFIG", file}, {"FLOTILLA_RATE_LIMIT", "2"}, {"FLOTILLA_LISTEN", "[::1]:2"}};
  const auto settings = resolve({"--listen", "[::1]:1", "--check-config"}, set).value();
  BOOST_TEST(settings.listen == "[::1]:1");
  BOOST_TEST(settings.rate_limit == 2U);
  BOOST_TEST(settings.io_threads == 3U);
  BOOST_TEST(settings.data == "/file");
  BOOST_TEST(settings.check_config);
  BOOST_TEST(settings.sources.at("listen") == "command line");
  BOOST_TEST(settings.sources.at("rate-limit") == "FLOTILLA_RATE_LIMIT");
  BOOST_TEST(settings.sources.at("data") == file);
  BOOST_TEST(!settings.sources.contains("log-level"));
}

BOOST_AUTO_TEST_CASE(names_the_source_of_a_bad_value) {
  const scratch_directory directory;
  const auto file = directory.write("f.conf", "# ours\ndrain-seconds = 0\n");
  BOOST_TEST(contains(refusal({"--data", "/d", "--listen", "nowhere"}), "--listen"));
  BOOST_TEST(contains(refusal({"--data", "/d"}, {{"FLOTILLA_RATE_LIMIT", "many"}}), "FLOTILLA_RATE_LIMIT"));
  BOOST_TEST(contains(refusal({"--data", "/d"}, {{"FLOTILLA_LOG_LEVEL", "loud"}}), "FLOTILLA_LOG_LEVEL"));
  BOOST_TEST(contains(refusal({"--data", "/d", "--config", file}), "f.conf: --drain-seconds"));
  // Also where something else overrules the value: the file is wrong all the same.
  BOOST_TEST(contains(refusal({"--data", "/d", "--config", file, "--drain-seconds", "5"}), "f.conf"));
  BOOST_TEST(contains(refusal({"--data", "/d", "--rate-limit", "-1"}), "--rate-limit"));
}

BOOST_AUTO_TEST_CASE(refuses_what_it_does_not_know) {
  const scratch_directory directory;
  const auto with = [&](const std::string& text) {
    return refusal({"--data", "/d", "--config", directory.write("f.conf", text)});
  };
  BOOST_TEST(contains(refusal({"--data", "/d", "--colour", "red"}), "--colour"));
  BOOST_TEST(contains(refusal({"--data", "/d", "stray"}), "stray"));
  BOOST_TEST(contains(with("lisen = \"127.0.0.1:1\"\n"), "unknown key 'lisen'"));
  BOOST_TEST(contains(with("[serve]\nlisten = \"127.0.0.1:1\"\n"), "unknown key 'serve"));
  BOOST_TEST(contains(with("config = \"other\"\n"), "unknown key 'config'"));
  BOOST_TEST(contains(with("check-config = true\n"), "unknown key 'check-config'"));
  BOOST_TEST(contains(with("help = true\n"), "unknown key 'help'"));
  BOOST_TEST(contains(with("io-threads = [1, 2]\n"), "io-threads"));
  BOOST_TEST(contains(with("data = \"/srv/a#b\"\n"), "quotes"));
  BOOST_TEST(contains(refusal({"--data", "/d", "--config", (directory.path / "absent").string()}), "cannot be read"));
  BOOST_TEST(contains(refusal({"--data", "/d", "--config", directory.path.string()}), "cannot be read"));
  // Container platforms make variables of this form for a service called flotilla.
  BOOST_TEST(refusal({"--data", "/d"}, {{"FLOTILLA_PORT", "tcp://10.0.0.1:80"}}).empty());
}

BOOST_AUTO_TEST_CASE(describes_itself_as_a_file_that_gives_the_same_settings) {
  const scratch_directory directory;
  const auto first = resolve({"--data", "/with space", "--rate-limit", "7", "--listen", "[::1]:9"}).value();
  const auto file = directory.write("f.conf", describe(first));
  const auto second = resolve({"--config", file}).value();
  BOOST_TEST(second.data == "/with space");
  BOOST_TEST(second.rate_limit == 7U);
  BOOST_TEST(second.listen == "[::1]:9");
  BOOST_TEST(contains(describe(first), "rate-limit = 7  # command line"));
  BOOST_TEST(contains(describe(first), "io-threads = 2  # default"));
}

BOOST_AUTO_TEST_CASE(limits_what_a_run_may_take) {
  const auto settings = resolve({"--data", "/d", "--run-limit-seconds", "0", "--approval-ttl", "90"},
                                {{"FLOTILLA_CONTEXT_LIMIT_BYTES", "5000"}})
                            .value();
  BOOST_TEST(settings.run_limit_seconds == 0U);
  BOOST_TEST(settings.approval_ttl == 90U);
  BOOST_TEST(settings.context_limit_bytes == 5000U);
  const auto defaults = resolve({"--data", "/d"}).value();
  BOOST_TEST(defaults.run_limit_seconds == 3600U);
  BOOST_TEST(defaults.approval_ttl == 0U);
  const scratch_directory directory;
  const auto again = resolve({"--config", directory.write("f.conf", describe(settings))}).value();
  BOOST_TEST(again.approval_ttl == 90U);
  BOOST_TEST(again.run_limit_seconds == 0U);
  BOOST_TEST(again.context_limit_bytes == 5000U);
  BOOST_TEST(contains(refusal({"--data", "/d", "--context-limit-bytes", "1"}), "--context-limit-bytes"));
  BOOST_TEST(contains(refusal({"--data", "/d", "--approval-ttl", "soon"}), "--approval-ttl"));
}

BOOST_AUTO_TEST_CASE(limits_how_many_runs_go_on_at_once) {
  const auto defaults = resolve({"--data", "/d"}).value();
  BOOST_TEST(defaults.agent_idle_seconds == 60U);
  BOOST_TEST(defaults.max_runs == 4096U);
  BOOST_TEST(defaults.max_runs_per_org == 0U);
  BOOST_TEST(defaults.max_runs_per_provider == 0U);
  const scratch_directory directory;
  const auto file = directory.write("f.conf", "max-runs-per-provider = 3\nmax-runs = 9\n");
  const auto settings =
      resolve({"--data", "/d", "--config", file, "--max-runs", "1"}, {{"FLOTILLA_MAX_RUNS_PER_ORG", "2"}}).value();
  BOOST_TEST(settings.max_runs == 1U);
  BOOST_TEST(settings.max_runs_per_org == 2U);
  BOOST_TEST(settings.max_runs_per_provider == 3U);
  const auto again = resolve({"--config", directory.write("g.conf", describe(settings))}).value();
  BOOST_TEST(again.max_runs == 1U);
  BOOST_TEST(again.max_runs_per_org == 2U);
  BOOST_TEST(again.max_runs_per_provider == 3U);
  // A server on which nothing may run is no server.
  BOOST_TEST(contains(refusal({"--data", "/d", "--max-runs", "0"}), "--max-runs"));
  BOOST_TEST(contains(refusal({"--data", "/d", "--max-runs", "1000001"}), "--max-runs"));
  BOOST_TEST(contains(refusal({"--data", "/d", "--max-runs-per-org", "-1"}), "--max-runs-per-org"));
  BOOST_TEST(contains(refusal({"--data", "/d"}, {{"FLOTILLA_MAX_RUNS_PER_PROVIDER", "all"}}),
                      "FLOTILLA_MAX_RUNS_PER_PROVIDER"));
}

BOOST_AUTO_TEST_CASE(takes_the_plan_from_every_source) {
  const scratch_directory directory;
  const auto file = directory.write("f.conf",
                                    "plan-name = \"team\"\nlimit-agents = 5\nlimit-tasks-per-month = 6\n"
                                    "metrics = \"off\"\nmcp-allow-link-local = true\n");
  const auto settings = resolve({"--data", "/d", "--config", file, "--limit-agents", "7"},
                                {{"FLOTILLA_LIMIT_TOKENS_PER_MONTH", "1000000000000"},
                                 {"FLOTILLA_LIMIT_CONCURRENT_RUNS", "3"},
                                 {"FLOTILLA_METRICS", "token"}})
                            .value();
  BOOST_TEST(settings.plan_name == "team");
  BOOST_TEST(settings.limit_agents == 7U);
  BOOST_TEST(settings.limit_tasks_per_month == 6U);
  BOOST_TEST(settings.limit_tokens_per_month == 1'000'000'000'000U);
  BOOST_TEST(settings.limit_concurrent_runs == 3U);
  BOOST_TEST(settings.metrics == "token");
  BOOST_TEST(settings.mcp_allow_link_local);
  const auto defaults = resolve({"--data", "/d"}).value();
  BOOST_TEST(defaults.plan_name == "self-hosted");
  BOOST_TEST(defaults.limit_agents == 0U);
  BOOST_TEST(defaults.metrics == "public");
  BOOST_TEST(defaults.backup_dir.empty());
  BOOST_TEST(!contains(describe(defaults), "backup-dir"));
  const auto backed_up = resolve({"--data", "/d"}, {{"FLOTILLA_BACKUP_DIR", "/b"}}).value();
  BOOST_TEST(contains(describe(backed_up), "backup-dir = \"/b\"  # FLOTILLA_BACKUP_DIR\n"));
  BOOST_TEST(!defaults.mcp_allow_link_local);
  BOOST_TEST(contains(refusal({"--data", "/d", "--limit-agents", "-1"}), "--limit-agents"));
  BOOST_TEST(contains(refusal({"--data", "/d"}, {{"FLOTILLA_LIMIT_AGENTS", "many"}}), "FLOTILLA_LIMIT_AGENTS"));
  BOOST_TEST(contains(refusal({"--data", "/d", "--metrics", "some"}), "--metrics"));
  BOOST_TEST(contains(refusal({"--data", "/d"}, {{"FLOTILLA_MCP_ALLOW_LINK_LOCAL", "perhaps"}}),
                      "FLOTILLA_MCP_ALLOW_LINK_LOCAL"));
}

BOOST_AUTO_TEST_CASE(takes_features_and_commands_as_lists_from_every_source) {
  const scratch_directory directory;
  const auto file = directory.write("f.conf", "feature = \"beta,old-ui=false\"\nmcp-stdio-allow = \"/a/*,/b\"\n");
  const feature_flags flags{{"beta", true}, {"old-ui", false}};
  const std::vector<std::string> commands{"/a/*", "/b"};
  const std::vector<std::vector<std::string>> lines{
      {"--data", "/d", "--feature", "beta", "--feature", "old-ui=false", "--mcp-stdio-allow", "/a/*,/b"},
      {"--data", "/d", "--feature=beta,old-ui=false", "--mcp-stdio-allow=/a/*", "--mcp-stdio-allow=/b"},
      {"--data", "/d", "--config", file}};
  for (const auto& line : lines) {
    const auto settings = resolve(line).value();
    BOOST_TEST((feature_flags_of(settings.feature) == flags));
    BOOST_TEST(settings.mcp_stdio_allow == commands, boost::test_tools::per_element());
  }
  const auto settings = resolve({"--data", "/d", "--config", file}, {{"FLOTILLA_FEATURE", "beta,old-ui=false,x=true"},
                                                                     {"FLOTILLA_MCP_STDIO_ALLOW", "/c"}})
                            .value();
  BOOST_TEST(feature_flags_of(settings.feature).size() == 3U);
  BOOST_TEST(feature_flags_of(settings.feature).at("x"));
  BOOST_TEST(settings.mcp_stdio_allow.size() == 1U);
  BOOST_TEST(resolve({"--data", "/d"}).value().feature.empty());
  for (const auto* wrong : {"a b", "=true", "a=maybe", "a=", "caf\xc3\xa9"}) {
    BOOST_TEST(contains(refusal({"--data", "/d", "--feature", wrong}), "--feature"));
    BOOST_TEST(contains(refusal({"--data", "/d"}, {{"FLOTILLA_FEATURE", wrong}}), "FLOTILLA_FEATURE"));
  }
}

BOOST_AUTO_TEST_CASE(describes_the_plan_so_that_it_is_read_back) {
  const scratch_directory directory;
  const auto first = resolve({"--data", "/d", "--plan-name", "big team", "--limit-agents", "4",
                              "--limit-tokens-per-month", "5", "--feature", "a,b=false", "--mcp-stdio-allow",
                              "/x/*,/y", "--mcp-allow-link-local", "--metrics", "off"})
                         .value();
  const auto second = resolve({"--config", directory.write("f.conf", describe(first))}).value();
  BOOST_TEST(second.plan_name == "big team");
  BOOST_TEST(second.limit_agents == 4U);
  BOOST_TEST(second.limit_tokens_per_month == 5U);
  BOOST_TEST(second.limit_concurrent_runs == 0U);
  BOOST_TEST(second.feature == first.feature, boost::test_tools::per_element());
  BOOST_TEST(second.mcp_stdio_allow == first.mcp_stdio_allow, boost::test_tools::per_element());
  BOOST_TEST(second.mcp_allow_link_local);
  BOOST_TEST(second.metrics == "off");
}

BOOST_AUTO_TEST_SUITE_END()
