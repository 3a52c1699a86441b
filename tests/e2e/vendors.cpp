// Tasks on the three vendors' wire formats, from POST /api/run through the program to a real HTTP upstream and back.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

#include "tests/support/api_client.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/vendor_wire.hpp"

namespace {

using namespace flotilla::testing;
using nlohmann::json;

struct vendor {
  wire format;
  std::string name;
  std::string key_variable;
  std::string url_variable;
  std::string version_path;  ///< that its base URL has
  std::string key_header;
  std::string refusal;  ///< its word for one
};

std::ostream& operator<<(std::ostream& to, const vendor& which) {
  return to << which.name;
}

const std::vector<vendor> vendors_under_test{
    {wire::anthropic, "anthropic", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "", "x-api-key", "refusal"},
    {wire::openai, "openai", "OPENAI_API_KEY", "OPENAI_BASE_URL", "/v1", "authorization", "content_filter"},
    {wire::openrouter, "openrouter", "OPENROUTER_API_KEY", "OPENROUTER_BASE_URL", "/api/v1", "authorization",
     "content_filter"},
};

constexpr const char* key = "sk-a-secret-of-the-vendor";

/// A vendor on the loopback, a server that is told of it, and an agent on it.
struct office {
  explicit office(const vendor& which)
      : by(which),
        server(directory.path,
               {{}, {{which.key_variable, key}, {which.url_variable, upstream.url() + which.version_path}}}),
        api(server.port()),
        agent(api.new_agent({{"provider", which.name}, {"role", "You are terse."}})) {}

  void answer(const wire_answer& what) { upstream.queue(streamed(stream_of(by.format, what))); }
  void fail(int status, const std::string& type, const std::string& message,
            const std::vector<std::string>& headers = {}) {
    canned_reply reply;
    reply.status = status;
    reply.headers = {"Content-Type: application/json"};
    reply.headers.insert(reply.headers.end(), headers.begin(), headers.end());
    reply.body = error_body(by.format, status, type, message);
    upstream.queue(reply);
  }
  /// Runs a new task to its end.
  std::vector<streamed_event> run() {
    task = api.new_task(agent, "What is it?");
    auto stream = api.run(task);
    BOOST_REQUIRE_EQUAL(stream.status(), 200);
    return stream.rest();
  }
  /// What must hold of every run that ends in done: the output is the joined output events, in the stream and the
  /// log.
  json check_done(const std::vector<streamed_event>& events, const std::string& output) const {
    auto shown = api.task(task);
    BOOST_TEST(events.back().is("status", "done"));
    BOOST_TEST(shown["status"] == "done");
    BOOST_TEST(shown["output"] == output);
    BOOST_TEST(joined(events, "output") == output);
    BOOST_TEST(joined_log(shown, "output") == output);
    BOOST_TEST(shown["error"].is_null());
    check_same(events, shown);
    return shown;
  }
  json check_error(const std::vector<streamed_event>& events, const std::string& code) const {
    auto shown = api.task(task);
    BOOST_TEST(events.back().is("status", "error"));
    BOOST_TEST(shown["status"] == "error");
    BOOST_TEST(shown["error"].value("code", "") == code, shown["error"]);
    check_same(events, shown);
    return shown;
  }
  /// The stream and the log are the same events.
  static void check_same(const std::vector<streamed_event>& events, const json& shown) {
    BOOST_REQUIRE_EQUAL(events.size(), shown["log"].size());
    for (std::size_t i = 0; i < events.size(); ++i) BOOST_TEST(events[i].data == shown["log"][i]);
  }

  vendor by;
  scratch_directory directory;
  fake_upstream upstream;
  server_process server;
  api_client api;
  std::string agent;
  std::string task;
};

wire_answer spoken(std::vector<std::string> text) {
  wire_answer answer;
  answer.text = std::move(text);
  answer.input_tokens = 12;
  answer.output_tokens = 5;
  return answer;
}

std::vector<json> statuses(const std::vector<streamed_event>& events, std::string_view text) {
  std::vector<json> found;
  for (const auto& event : events) {
    if (event.is("status", text)) found.push_back(event.data);
  }
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(vendors)

BOOST_DATA_TEST_CASE(stream_thinking_output_and_usage, vendors_under_test, which) {
  office at(which);
  auto answer = spoken({"The ", "ans\xC3\xBC", "wer", " is\n", "\xF0\x9F\xA6\x8A."});
  answer.thinking = {"Let me ", "see."};
  answer.signature = "c2ln";
  at.answer(answer);
  const auto events = at.run();
  const auto shown = at.check_done(events, "The ans\xC3\xBCwer is\n\xF0\x9F\xA6\x8A.");
  BOOST_TEST(joined(events, "thinking") == "Let me see.");
  BOOST_TEST(shown["usage"] == json({{"input_tokens", 12}, {"output_tokens", 5}, {"total_tokens", 17}}));
  BOOST_TEST(shown["attempt"] == 1);

  const auto requests = at.upstream.requests();
  BOOST_REQUIRE_EQUAL(requests.size(), 1U);
  BOOST_TEST(requests[0].headers.at(which.key_header).ends_with(key));
  const auto body = json::parse(requests[0].body);
  BOOST_TEST(body["model"] == "m-1");
  BOOST_TEST(body["stream"] == true);
  BOOST_TEST(contains(requests[0].body, "You are terse."));
  BOOST_TEST(contains(requests[0].body, "What is it?"));
}

BOOST_DATA_TEST_CASE(are_asked_again_when_they_are_busy, vendors_under_test, which) {
  office at(which);
  at.fail(529, "overloaded_error", "Too much at once", {"Retry-After: 0"});
  at.fail(429, "rate_limit_error", "Slow down", {"Retry-After: 1"});
  at.answer(spoken({"Now."}));
  const auto events = at.run();
  at.check_done(events, "Now.");
  BOOST_TEST(at.upstream.request_count() == 3U);
  const auto retries = statuses(events, "retrying");
  BOOST_REQUIRE_EQUAL(retries.size(), 2U);
  BOOST_TEST(retries[0]["data"]["code"] == "provider_overloaded");
  BOOST_TEST(contains(retries[0]["data"]["message"], "Too much at once"));
  BOOST_TEST(retries[1]["data"]["code"] == "provider_rate_limited");
  BOOST_TEST(retries[1]["data"]["delayMs"].get<int>() >= 1000);
}

BOOST_DATA_TEST_CASE(are_not_asked_again_what_they_refuse_to_read, vendors_under_test, which) {
  office at(which);
  at.fail(400, "invalid_request_error", "model: m-1 is not known");
  const auto shown = at.check_error(at.run(), "provider_rejected");
  BOOST_TEST(contains(shown["error"]["message"], "m-1 is not known"));
  BOOST_TEST(at.upstream.request_count() == 1U);
}

BOOST_DATA_TEST_CASE(go_on_behind_what_a_broken_connection_has_said, vendors_under_test, which) {
  office at(which);
  auto broken = streamed(stream_of(which.format, spoken({"Once upon ", "a time ", "there was"})));
  broken.cut_after = broken.body.find("there was");
  at.upstream.queue(broken);
  at.answer(spoken({"there ", "was a fox."}));
  const auto events = at.run();
  at.check_done(events, "Once upon a time there was a fox.");
  BOOST_TEST(statuses(events, "retrying").size() == 1U);
  const auto requests = at.upstream.requests();
  BOOST_REQUIRE_EQUAL(requests.size(), 2U);
  BOOST_TEST(!contains(requests[0].body, "Once upon a time"));
  BOOST_TEST(contains(requests[1].body, "Once upon a time "));
}

BOOST_DATA_TEST_CASE(go_on_behind_an_error_in_mid_stream, vendors_under_test, which) {
  office at(which);
  at.upstream.queue(streamed(
      broken_stream(which.format, "One, ", R"({"type":"overloaded_error","code":502,"message":"Overloaded"})")));
  at.answer(spoken({"two."}));
  const auto events = at.run();
  at.check_done(events, "One, two.");
  const auto retries = statuses(events, "retrying");
  BOOST_REQUIRE_EQUAL(retries.size(), 1U);
  BOOST_TEST(contains(retries[0]["data"]["message"], "Overloaded"));
}

BOOST_DATA_TEST_CASE(end_a_task_that_they_refuse, vendors_under_test, which) {
  office at(which);
  auto answer = spoken({"I would rather not."});
  answer.stop = which.refusal;
  at.answer(answer);
  const auto events = at.run();
  const auto shown = at.check_error(events, "refusal");
  BOOST_TEST(shown["output"] == "I would rather not.");
  BOOST_TEST(shown["usage"]["total_tokens"] == 17);
}

BOOST_DATA_TEST_CASE(are_told_where_they_call_a_tool_that_is_not_there, vendors_under_test, which) {
  office at(which);
  wire_answer calling;
  calling.text = {"I look. "};
  calling.calls = {{"call_1", "telescope", {"{\"at\":", "\"sea\"}"}}};
  at.answer(calling);
  at.answer(spoken({"I saw nothing."}));
  const auto events = at.run();
  const auto shown = at.check_done(events, "I look. I saw nothing.");
  const auto results = joined(events, "tool_result");
  BOOST_TEST(contains(results, "telescope"));
  const auto requests = at.upstream.requests();
  BOOST_REQUIRE_EQUAL(requests.size(), 2U);
  BOOST_TEST(contains(requests[1].body, "call_1"));
  BOOST_TEST(contains(requests[1].body, "no tool named"));
}

BOOST_DATA_TEST_CASE(without_a_key_name_the_variable, vendors_under_test, which) {
  const scratch_directory directory;
  server_process server(directory.path);
  const api_client api(server.port());
  const auto task = api.new_task(api.new_agent({{"provider", which.name}}), "Anything");
  BOOST_TEST(api.run(task).rest().back().is("status", "error"));
  const auto shown = api.task(task);
  BOOST_TEST(contains(shown["error"]["message"], which.key_variable), shown["error"]);
}

BOOST_DATA_TEST_CASE(never_have_their_key_repeated, vendors_under_test, which) {
  office at(which);
  at.fail(401, "authentication_error", std::string("invalid key ") + key);
  const auto events = at.run();
  at.check_error(events, "provider_rejected");
  BOOST_TEST(!contains(bytes_of(events), key));
  BOOST_TEST(!contains(at.api.get("/api/tasks/" + at.task).text, key));
  BOOST_TEST(!contains(at.api.get("/api/messages").text, key));
  BOOST_TEST(!contains(at.server.process().err(), key));
}

BOOST_AUTO_TEST_SUITE_END()
