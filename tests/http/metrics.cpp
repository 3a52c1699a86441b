// What the server counts of requests, streams and connections.
#include "http/metrics.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "http/routes.hpp"
#include "tests/http/serving.hpp"
#include "tests/support/exposition.hpp"

using namespace flotilla;
using namespace flotilla::testing;
using namespace std::chrono_literals;
using http::method;

namespace {

const http::route* route_of(method verb, std::string_view path) {
  const auto* found = http::find_route(verb, path).found;
  BOOST_REQUIRE(found != nullptr);
  return found;
}

exposition read(const http::request_metrics& told) {
  auto found = read_exposition(told.text());
  for (const auto& fault : found.faults) BOOST_ERROR(fault);
  return found;
}

struct counted {
  std::size_t streams = 0;
  http::request_metrics told{[this] { return streams; }};
};

std::string requests(std::string_view verb, std::string_view route, std::string_view status) {
  std::string sample = "flotilla_http_requests_total{method=\"";
  sample.append(verb).append("\",route=\"").append(route).append("\",status=\"").append(status).append("\"}");
  return sample;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(metrics, counted)

BOOST_AUTO_TEST_CASE(requests_count_under_their_route_and_status) {
  const auto* found = route_of(method::get, "/api/tasks/tsk_1");
  told.answered(method::get, found, 200, 2ms);
  told.answered(method::get, found, 200, 3ms);
  told.answered(method::get, found, 404, 0ms);
  told.answered(method::head, found, 200, 0ms);
  told.answered(method::patch, route_of(method::patch, "/api/tasks/tsk_1"), 400, 0ms);
  const auto seen = read(told);
  BOOST_TEST(seen.at(requests("GET", "/api/tasks/{id}", "200")) == 2);
  BOOST_TEST(seen.at(requests("GET", "/api/tasks/{id}", "404")) == 1);
  BOOST_TEST(seen.at(requests("HEAD", "/api/tasks/{id}", "200")) == 1);
  BOOST_TEST(seen.at(requests("PATCH", "/api/tasks/{id}", "400")) == 1);
  const std::string latency =
      R"(flotilla_http_request_duration_seconds_bucket{method="GET",route="/api/tasks/{id}",le=)";
  BOOST_TEST(seen.at(latency + "\"0.001\"}") == 1);
  BOOST_TEST(seen.at(latency + "\"0.0025\"}") == 2);
  BOOST_TEST(seen.at(latency + "\"0.005\"}") == 3);
  BOOST_TEST(seen.families.at("flotilla_http_requests_total").samples.size() == 4U);
}

BOOST_AUTO_TEST_CASE(every_route_has_its_own) {
  for (const auto& each : http::routes()) told.answered(each.verb, &each, 200, 0ms);
  const auto seen = read(told);
  for (const auto& each : http::routes()) {
    BOOST_TEST(seen.at(requests(http::to_string(each.verb), each.pattern, "200")) == 1, each.pattern);
  }
}

BOOST_AUTO_TEST_CASE(what_leads_nowhere_counts_as_such) {
  told.answered(method::get, nullptr, 404, 0ms);
  told.answered(method::other, nullptr, 405, 0ms);
  told.answered(method::get, nullptr, 418, 0ms);
  const auto seen = read(told);
  BOOST_TEST(seen.at(requests("GET", "unmatched", "404")) == 1);
  BOOST_TEST(seen.at(requests("other", "unmatched", "405")) == 1);
  BOOST_TEST(seen.at(requests("GET", "unmatched", "other")) == 1);
}

BOOST_AUTO_TEST_CASE(refusals_streams_and_connections) {
  const auto* found = route_of(method::get, "/api/me");
  told.answered(method::get, found, 401, 0ms);
  told.answered(method::get, found, 429, 0ms);
  told.answered(method::get, found, 429, 0ms);
  told.answered(method::get, found, 403, 0ms);
  told.streamed(1000);
  told.streamed(24);
  streams = 7;
  told.connection_opened(1);
  told.connection_opened(2);
  told.connection_closed(1);
  told.connection_closed(1);
  const auto seen = read(told);
  BOOST_TEST(seen.at("flotilla_http_unauthorized_total") == 1);
  BOOST_TEST(seen.at("flotilla_http_rate_limited_total") == 2);
  BOOST_TEST(seen.at("flotilla_http_stream_bytes_total") == 1024);
  BOOST_TEST(seen.at("flotilla_http_streams_open") == 7);
  BOOST_TEST(seen.at("flotilla_http_connections_open") == 1);
  BOOST_TEST(seen.at("flotilla_http_connections_total") == 2);
}

BOOST_AUTO_TEST_CASE(threads_lose_nothing) {
  constexpr int each_counts = 5000;
  const auto* found = route_of(method::get, "/api/me");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < each_counts; ++n) told.answered(method::get, found, 200, 1ms);
    });
  }
  for (auto& thread : threads) thread.join();
  const auto seen = read(told);
  BOOST_TEST(seen.at(requests("GET", "/api/me", "200")) == 4 * each_counts);
  BOOST_TEST(seen.at(R"(flotilla_http_request_duration_seconds_count{method="GET",route="/api/me"})") ==
             4 * each_counts);
}

BOOST_AUTO_TEST_CASE(a_server_counts_what_it_answers) {
  const test::serving one({}, 3);
  const auto token = test::token_of(role::viewer);
  test::client kept(one.server->port());
  const auto ask = [&](std::string_view target, std::string_view with) {
    kept.send(test::request_text("GET", target, with));
    return kept.read().status;
  };
  BOOST_TEST(ask("/api/me", token) == 200);
  BOOST_TEST(ask("/api/me", "") == 401);
  BOOST_TEST(ask("/api/nowhere/" + one.fleet.a_task.id.to_string(), token) == 404);
  BOOST_TEST(ask(one.task_path() + "?x=1", token) == 200);
  BOOST_TEST(ask("/api/me", token) == 200);
  BOOST_TEST(ask("/api/me", token) == 429);
  const auto text = one.server->metrics();
  const auto seen = read_exposition(text);
  for (const auto& fault : seen.faults) BOOST_ERROR(fault);
  BOOST_TEST(seen.at(requests("GET", "/api/me", "200")) == 2);
  BOOST_TEST(seen.at(requests("GET", "/api/me", "401")) == 1);
  BOOST_TEST(seen.at(requests("GET", "/api/me", "429")) == 1);
  BOOST_TEST(seen.at(requests("GET", "/api/tasks/{id}", "200")) == 1);
  BOOST_TEST(seen.at(requests("GET", "unmatched", "404")) == 1);
  BOOST_TEST(seen.at("flotilla_http_connections_open") == 1);
  BOOST_TEST(seen.at("flotilla_http_connections_total") == 1);
  BOOST_TEST(text.find("tsk_") == std::string::npos);
  BOOST_TEST(text.find(token) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_server_counts_its_streams) {
  test::serving one;
  test::client stream(one.server->port());
  stream.send(test::request_text("GET", one.task_path() + "/events", test::token_of(role::viewer)));
  BOOST_TEST(stream.read_head().status == 200);
  one.fleet.log(one.fleet.a_task.id)->append("a word");
  const std::string event = "id: 1\ndata: a word";
  BOOST_TEST(stream.next_event().value() == event);
  const auto seen = read_exposition(one.server->metrics());
  BOOST_TEST(seen.at("flotilla_http_streams_open") == 1);
  BOOST_TEST(seen.at("flotilla_http_stream_bytes_total") >= static_cast<double>(event.size()));
  BOOST_TEST(seen.at(requests("GET", "/api/tasks/{id}/events", "200")) == 1);
}

BOOST_AUTO_TEST_CASE(the_page_for_operators_lists_them_all) {
  told.answered(method::get, route_of(method::get, "/healthz"), 200, 0ms);
  check_documented(read(told), told_by::server);
}

BOOST_AUTO_TEST_SUITE_END()
