// The scripts of the demo's fleet: nested as the org chart is, and each what the rehearsal provider can play.
#include "cli/demo_fleet_script.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

using namespace flotilla::cli;
using nlohmann::json;

namespace {

/// The arguments of a script's calls of a tool, in their order.
std::vector<json> calls_of(const std::string& script, const std::string& tool) {
  std::vector<json> found;
  const auto begin = "@tool " + tool + ' ';
  std::istringstream lines(script);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(begin)) found.push_back(json::parse(line.substr(begin.size())));
  }
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(demo_fleet_script)

BOOST_AUTO_TEST_CASE(a_lead_has_two_managers_with_two_workers_each) {
  const auto cast = demo_cast();
  BOOST_TEST(cast.reports.size() == 2U);
  for (const auto& manager : cast.reports) {
    BOOST_TEST(manager.reports.size() == 2U);
    for (const auto& worker : manager.reports) BOOST_TEST(worker.reports.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_manager_delegates_side_by_side_and_tells_every_result) {
  const auto cast = demo_cast();
  const auto script = demo_script(cast, {});
  const auto calls = calls_of(script, "delegate");
  BOOST_REQUIRE(calls.size() == cast.reports.size());
  for (std::size_t i = 0; i < calls.size(); ++i) {
    BOOST_TEST(calls[i].at("to") == cast.reports[i].name);
    BOOST_TEST(calls[i].at("title") == cast.reports[i].title);
    BOOST_TEST(calls[i].at("input") == demo_script(cast.reports[i], cast.name));
    BOOST_TEST(script.find("@result " + std::to_string(i + 1) + "\n") != std::string::npos);
  }
  // One group of calls is one turn: nothing stands between them.
  const auto first = script.find("@tool");
  const auto group = script.substr(first, script.find("\n@say") + 1 - first);
  BOOST_TEST(std::count(group.begin(), group.end(), '\n') == static_cast<std::ptrdiff_t>(calls.size()));
}

BOOST_AUTO_TEST_CASE(a_worker_tells_its_manager_then_answers) {
  const demo_part worker{"Ann \"A\"", "x", "r", "Count", "three \"sails\"", {}};
  const auto script = demo_script(worker, "The \"boss\"");
  const auto sent = calls_of(script, "send_message");
  BOOST_REQUIRE(sent.size() == 1U);
  BOOST_TEST(sent[0].at("to") == "The \"boss\"");
  BOOST_TEST(!sent[0].at("text").get<std::string>().empty());
  BOOST_TEST(calls_of(script, "rehearse_echo").size() == 1U);
  BOOST_TEST(script.ends_with("\n@say \"three \\\"sails\\\"\"\n"));
}

BOOST_AUTO_TEST_SUITE_END()
