// A task with an output schema over the real program's API, and over a kill between a draft and its verdict.
#include <boost/test/unit_test.hpp>

#include "tests/support/api_client.hpp"
#include "tests/support/scratch_directory.hpp"

namespace {

using namespace flotilla::testing;
using nlohmann::json;

const json schema = json::parse(R"({
  "type": "object", "required": ["sail", "miles"], "additionalProperties": false,
  "properties": {"sail": {"enum": ["white", "black"]}, "miles": {"type": "integer", "minimum": 0}}})");

bool is_draft(const streamed_event& event) {
  return event.is("status", "draft");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(structured)

BOOST_AUTO_TEST_CASE(an_answer_goes_back_with_its_errors_until_it_fits) {
  const scratch_directory directory;
  server_process server(directory.path);
  const api_client api(server.port());
  const auto task =
      api.new_task(api.new_agent(),
                   "@say I see a sail.\n@another\n@say {\"sail\": \"red\", \"miles\": 3}\n@another\n"
                   "@say \"```json\\n{\\\"sail\\\": \\\"black\\\", \"\n@say \"\\\"miles\\\": 3}\\n```\"",
                   {{"outputSchema", schema}});
  BOOST_TEST(api.task(task)["outputSchema"] == schema);
  const auto events = api.run(task).rest();
  BOOST_TEST(events.back().is("status", "done"));
  std::vector<std::string> errors;
  for (const auto& each : events) {
    if (!each.is("status", "output_rejected")) continue;
    for (const auto& one : each.data["data"]["errors"]) errors.push_back(one);
  }
  BOOST_TEST(errors == (std::vector<std::string>{"the answer is not valid JSON, at byte 1",
                                                 "at /sail: must be one of [\"white\",\"black\"]"}),
             boost::test_tools::per_element());
  BOOST_TEST(joined(events, "output") == R"({"sail": "black", "miles": 3})");
  BOOST_TEST(api.task(task)["output"] == R"({"sail": "black", "miles": 3})");
}

BOOST_AUTO_TEST_CASE(an_answer_that_never_fits_ends_the_task) {
  const scratch_directory directory;
  server_process server(directory.path);
  const api_client api(server.port());
  const auto task = api.new_task(api.new_agent(), "@say 7", {{"outputSchema", schema}});
  BOOST_TEST(api.run(task).rest().back().is("status", "error"));
  const auto shown = api.task(task);
  BOOST_TEST(shown["error"]["code"] == "output_invalid");
  BOOST_TEST(shown["output"].is_null());
}

BOOST_AUTO_TEST_CASE(a_kill_within_a_draft_is_gone_on_from) {
  const scratch_directory directory;
  std::string task;
  std::vector<streamed_event> seen;
  {
    server_process server(directory.path);
    const api_client api(server.port());
    task = api.new_task(api.new_agent(),
                        "@say nothing\n@another\n@say {\"sail\": \"white\",\n@delay 1s\n@say \" \\\"miles\\\": 0}\"",
                        {{"outputSchema", schema}});
    auto stream = api.run(task);
    seen = stream.until(is_draft);
    auto second = stream.until(is_draft);
    seen.insert(seen.end(), second.begin(), second.end());
    server.kill();
  }
  server_process server(directory.path);
  const api_client api(server.port());
  const auto rest = api.events(task, seen.back().seq).rest();
  BOOST_TEST(rest.back().is("status", "done"));
  const auto shown = api.task(task);
  BOOST_TEST(shown["output"] == R"({"sail": "white", "miles": 0})");
  BOOST_TEST(shown["attempt"] == 1);
  BOOST_TEST(bytes_of(api.events(task).rest()) == bytes_of(seen) + bytes_of(rest));
}

BOOST_AUTO_TEST_SUITE_END()
