// The tools to rehearse with.
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "providers/rehearsal_tools.hpp"
#include "tests/support/manual_timer.hpp"

using namespace flotilla;
using namespace flotilla::testing;
using namespace std::chrono_literals;

namespace {

struct toolbox {
  toolbox() { who.provider = "rehearsal"; }

  std::optional<tool_outcome> use(const std::string& tool, const std::string& arguments) {
    std::optional<tool_outcome> got;
    const auto run =
        tools->call(who, {{"c1", tool, arguments}, "key"}, [&](tool_outcome one) { got = std::move(one); });
    return got;
  }

  agent who;
  std::shared_ptr<manual_timer> clock = std::make_shared<manual_timer>();
  std::unique_ptr<toolset> tools = make_rehearsal_tools(clock);
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(rehearsal_tools_test, toolbox)

BOOST_AUTO_TEST_CASE(only_agents_that_rehearse_have_them) {
  const auto specs = tools->tools_for(who);
  BOOST_REQUIRE(specs.size() == 5U);
  BOOST_TEST(!specs[3].read_only);
  BOOST_TEST(!specs[3].idempotent);
  BOOST_TEST(specs[3].name == "rehearse_append");
  who.provider = "anthropic";
  BOOST_TEST(tools->tools_for(who).empty());
  BOOST_TEST(use("rehearse_echo", R"({"text":"x"})")->is_error);
}

BOOST_AUTO_TEST_CASE(they_answer_at_once) {
  BOOST_TEST((use("rehearse_echo", R"({"text":"hi"})") == tool_outcome{"c1", "hi", false}));
  BOOST_TEST((use("rehearse_fail", R"({"message":"no"})") == tool_outcome{"c1", "no", true}));
  BOOST_TEST((use("rehearse_bytes", R"({"count":12})") == tool_outcome{"c1", "012345678901", false}));
  BOOST_TEST((use("rehearse_append", R"({"text":"a"})") == tool_outcome{"c1", "call 1", false}));
  BOOST_TEST((use("rehearse_append", R"({"text":"a"})") == tool_outcome{"c1", "call 2", false}));
  BOOST_TEST((use("rehearse_sleep", R"({"ms":0})") == tool_outcome{"c1", "slept 0 ms", false}));
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_an_error_outcome) {
  for (const auto* arguments : {"", "{}", "[]", R"({"ms":-1})", R"({"ms":600001})", R"({"ms":"1"})", "{"}) {
    BOOST_TEST(use("rehearse_sleep", arguments)->is_error);
  }
  BOOST_TEST(use("rehearse_bytes", R"({"count":8388609})")->is_error);
  BOOST_TEST(use("nothing", "{}")->is_error);
}

BOOST_AUTO_TEST_CASE(sleep_waits_and_can_be_aborted) {
  int answers = 0;
  const tool_invocation sleep{{"c1", "rehearse_sleep", R"({"ms":20})"}, "key"};
  auto run = tools->call(who, sleep, [&](const tool_outcome&) { ++answers; });
  clock->advance(19ms);
  BOOST_TEST(answers == 0);
  clock->advance(1ms);
  BOOST_TEST(answers == 1);
  run = tools->call(who, sleep, [&](const tool_outcome&) { ++answers; });
  run.reset();
  clock->advance(1s);
  BOOST_TEST(answers == 1);
}

BOOST_AUTO_TEST_CASE(appending_can_be_watched) {
  std::string seen;
  tools = make_rehearsal_tools(clock, [&](std::string_view text, std::string_view key) {
    seen += std::string(text) + "/" + std::string(key);
    return std::string("seen");
  });
  BOOST_TEST(use("rehearse_append", R"({"text":"a"})")->text == "seen");
  BOOST_TEST(seen == "a/key");

  const auto file = std::filesystem::temp_directory_path() / ("flotilla-append-" + std::to_string(getpid()));
  tools = make_rehearsal_tools(clock, append_to_file(file));
  BOOST_TEST(use("rehearse_append", R"({"text":"a"})")->text == "appended");
  BOOST_TEST(use("rehearse_append", R"({"text":"b"})")->text == "appended");
  std::ifstream in(file);
  const std::string lines{std::istreambuf_iterator<char>(in), {}};
  BOOST_TEST(lines == "a\nb\n");
  std::filesystem::remove(file);
}

BOOST_AUTO_TEST_SUITE_END()
