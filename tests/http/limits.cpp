// What a server must stand: too much, too slow, too many, malformed, and its own end.
#include <boost/test/unit_test.hpp>

#include <sys/resource.h>

#include <thread>

#include "tests/http/serving.hpp"

using namespace flotilla;
using namespace flotilla::test;
using namespace std::chrono_literals;

namespace {

/// Lets this process hold many sockets, as far as the system allows. Returns how many files it may have.
rlim_t raise_open_files() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 8192);
  setrlimit(RLIMIT_NOFILE, &files);
  return files.rlim_cur;
}

http::server_options impatient() {
  http::server_options options;
  options.request_time = 200ms;
  return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(limits)

BOOST_AUTO_TEST_CASE(too_large_requests_are_told_so) {
  const serving one;
  const auto body = [](std::size_t size) { return R"({"name":")" + std::string(size, 'a') + "\"}"; };
  const auto large = one.ask("POST", "/api/agents", body(2U << 20U));
  BOOST_TEST(large.status == 413);
  BOOST_TEST(large.body.find("1024 KiB") != std::string::npos);
  BOOST_TEST(one.ask("POST", "/api/agents", body((1U << 20U) - 100)).status == 400);  // read, and found incomplete
  BOOST_TEST(one.ask("GET", "/api/me", {}, "X-Large: " + std::string(17U << 10U, 'a') + "\r\n").status == 431);
  BOOST_TEST(one.ask("GET", "/api/me?q=" + std::string(17U << 10U, 'a')).status == 431);
  std::string many;
  for (int i = 0; i < 101; ++i) many += "X-" + std::to_string(i) + ": 1\r\n";
  BOOST_TEST(one.ask("GET", "/api/me", {}, many).status == 431);
  BOOST_TEST(one.fleet.changes() == 0U);

  client flood(one.server->port());
  flood.send("POST /api/agents HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999\r\n\r\n");
  BOOST_TEST(flood.await_close());
  BOOST_TEST(one.ask("GET", "/api/me").status == 200);
}

BOOST_AUTO_TEST_CASE(what_is_not_http_is_closed_and_hurts_nobody) {
  const serving one;
  for (const std::string wrong :
       {"hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET / HTP/1.1\r\n\r\n",
        "\x16\x03\x01\x02", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    client bad(one.server->port());
    bad.send(wrong);
    BOOST_TEST(bad.await_close(), wrong);
  }
  BOOST_TEST(one.ask("GET", "/api/me").status == 200);
}

BOOST_AUTO_TEST_CASE(slow_requests_are_closed_and_hold_up_nobody) {
  const serving one(impatient());
  std::vector<client> slow;
  for (int i = 0; i < 50; ++i) {
    slow.emplace_back(one.server->port());
    slow.back().send("GET /healthz HTTP/1.1\r\nHos");
    BOOST_TEST(one.ask("GET", "/api/me").status == 200);
  }
  for (auto& each : slow) BOOST_TEST(each.await_close());
}

BOOST_AUTO_TEST_CASE(a_thousand_idle_connections_hold_up_nobody) {
  const auto files = raise_open_files();
  const auto wanted = std::min<std::size_t>(1000, (files - 300) / 2);
  const serving one;
  std::vector<client> idle;
  for (std::size_t i = 0; i < wanted; ++i) idle.emplace_back(one.server->port());
  for (int i = 0; i < 20; ++i) BOOST_TEST(one.ask("GET", one.agent_path()).status == 200);
  idle.back().send(request_text("GET", "/healthz"));
  BOOST_TEST(idle.back().read().status == 200);
}

BOOST_AUTO_TEST_CASE(connections_above_the_limit_wait_their_turn) {
  http::server_options options;
  options.max_connections = 4;
  const serving one(options);
  std::vector<client> held;
  for (int i = 0; i < 4; ++i) {
    held.emplace_back(one.server->port());
    held.back().send(request_text("GET", "/healthz"));
    BOOST_TEST(held.back().read().status == 200);
  }
  client waiting(one.server->port());
  waiting.send(request_text("GET", "/healthz"));
  held.pop_back();
  BOOST_TEST(waiting.read().status == 200);
}

BOOST_AUTO_TEST_CASE(requests_are_rated_by_token) {
  const serving one({}, 3);
  for (int left = 2; left >= 0; --left) {
    const auto given = one.ask("GET", "/api/me");
    BOOST_TEST(given.status == 200);
    BOOST_TEST(given.at("ratelimit-limit") == "3");
    BOOST_TEST(given.at("ratelimit-remaining") == std::to_string(left));
    BOOST_TEST(!given.at("ratelimit-reset").empty());
  }
  const auto refused = one.ask("POST", "/api/agents", "{}");
  BOOST_TEST(refused.status == 429);
  BOOST_TEST(std::stoi(refused.at("retry-after")) >= 1);
  BOOST_TEST(refused.at("ratelimit-remaining") == "0");
  BOOST_TEST(fetch(one.server->port(), "GET", "/api/me", token_of(role::viewer)).status == 200);
  BOOST_TEST(fetch(one.server->port(), "GET", "/healthz").at("ratelimit-limit").empty());
}

BOOST_AUTO_TEST_CASE(a_server_that_drains_refuses_and_lets_streams_end) {
  serving one;
  client stream(one.server->port());
  stream.send(request_text("GET", one.task_path() + "/events", token_of(role::viewer)));
  BOOST_TEST(stream.read_head().status == 200);
  client kept(one.server->port());
  kept.send(request_text("GET", "/healthz"));
  BOOST_TEST(kept.read().status == 200);
  one.server->refuse_new();
  BOOST_TEST(fetch(one.server->port(), "GET", "/healthz").status == 200);
  BOOST_TEST(fetch(one.server->port(), "GET", "/readyz").status == 503);
  kept.send(request_text("GET", "/api/me", token_of(role::viewer)));
  const auto refused = kept.read();
  BOOST_TEST(refused.status == 503);
  BOOST_TEST(!refused.at("retry-after").empty());
  BOOST_TEST(kept.await_close());
  std::thread stopping([&] { one.server->stop(20s); });
  one.fleet.log(one.fleet.a_task.id)->append("last");
  one.fleet.drain(0ms, [] {});
  BOOST_TEST(stream.next_event().value() == "id: 1\ndata: last");
  BOOST_TEST(!stream.next_event().has_value());
  stopping.join();
  BOOST_CHECK_THROW(client{one.server->port()}, std::runtime_error);
}

BOOST_AUTO_TEST_CASE(streams_that_do_not_end_are_ended_after_the_grace) {
  serving one;
  client stream(one.server->port());
  stream.send(request_text("GET", one.task_path() + "/events", token_of(role::viewer)));
  BOOST_TEST(stream.read_head().status == 200);
  one.server->stop(100ms);
  BOOST_TEST(!stream.next_event().has_value());  // regularly
  BOOST_TEST(one.fleet.log(one.fleet.a_task.id)->subscriptions() == 0U);
}

BOOST_AUTO_TEST_CASE(an_answer_that_comes_after_the_server_has_gone_goes_nowhere) {
  serving one;
  one.fleet.hold_me = true;
  client waiting(one.server->port());
  waiting.send(request_text("GET", "/api/me", token_of(role::viewer)));
  auto late = one.fleet.await_held_me();
  one.server->stop(50ms);
  one.server.reset();
  late(identity{});
  late = nullptr;
  BOOST_TEST(waiting.await_close());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_listened_on_is_an_error) {
  serving one;
  http::server_options options;
  options.port = one.server->port();
  const auto taken = http::server::start(one.fleet, options);
  BOOST_REQUIRE(!taken.has_value());
  BOOST_TEST((taken.error().code == errc::unavailable));
  options.listen_host = "not an address";
  BOOST_TEST((http::server::start(one.fleet, options).error().code == errc::invalid));
  options = {};
  options.heartbeat = 0ms;
  BOOST_TEST((http::server::start(one.fleet, options).error().code == errc::invalid));
}

BOOST_AUTO_TEST_SUITE_END()
