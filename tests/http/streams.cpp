// Event streams: framing, resuming, silence, readers that stop, leave or come in numbers.
#include <boost/test/unit_test.hpp>

#include <thread>

#include "tests/http/serving.hpp"

using namespace flotilla;
using namespace flotilla::test;
using namespace std::chrono_literals;

namespace {

http::server_options quick_heartbeat() {
  http::server_options options;
  options.heartbeat = 40ms;
  return options;
}

std::string event_text(std::uint64_t seq, const std::string& json) {
  return "id: " + std::to_string(seq) + "\ndata: " + json;
}

struct streaming_server : serving {
  streaming_server() : serving(http::server_options{}) {}

  /// A client whose stream is open.
  client open(std::string_view verb, const std::string& target, std::string_view body = {},
              std::string_view headers = {}, int receive_buffer = 0) const {
    client one(server->port(), receive_buffer);
    one.send(request_text(verb, target, token_of(role::operator_), body, headers));
    BOOST_REQUIRE(one.read_head().status == 200);
    return one;
  }
  client watch(std::string_view headers = {}, int receive_buffer = 0) const {
    return open("GET", task_path() + "/events", {}, headers, receive_buffer);
  }
  std::shared_ptr<fake_log> journal() { return fleet.log(fleet.a_task.id); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(streams, streaming_server)

BOOST_AUTO_TEST_CASE(a_run_streams_from_its_first_event_to_its_end) {
  client one(server->port());
  one.send(request_text("POST", "/api/run", token_of(role::operator_), run_body()));
  const auto head = one.read_head();
  BOOST_TEST(head.status == 200);
  BOOST_TEST(head.at("content-type") == "text/event-stream");
  BOOST_TEST(head.at("cache-control") == "no-cache");
  BOOST_TEST(head.at("x-accel-buffering") == "no");
  BOOST_TEST(head.at("x-request-id").size() == 16U);
  BOOST_TEST(one.next_block().value() == ":");  // before anything has happened
  journal()->append(R"({"seq":1})");
  BOOST_TEST(one.next_event().value() == event_text(1, R"({"seq":1})"));
  journal()->append(R"({"seq":2})");
  journal()->append(R"({"seq":3})");
  journal()->end();
  BOOST_TEST(one.next_event().value() == event_text(2, R"({"seq":2})"));
  BOOST_TEST(one.next_event().value() == event_text(3, R"({"seq":3})"));
  BOOST_TEST(!one.next_event().has_value());
  one.send(request_text("GET", "/healthz"));  // the connection can be used again
  BOOST_TEST(one.read().status == 200);
}

BOOST_AUTO_TEST_CASE(a_stream_resumes_behind_what_was_seen) {
  for (int i = 1; i <= 5; ++i) journal()->append(std::to_string(i));
  journal()->end();
  const auto first_of = [&](const std::string& query, std::string_view headers) {
    auto one = open("GET", task_path() + "/events" + query, {}, headers);
    return one.next_event().value_or("ended");
  };
  BOOST_TEST(first_of("", "") == event_text(1, "1"));
  BOOST_TEST(first_of("?after=2", "") == event_text(3, "3"));
  BOOST_TEST(first_of("?after=2", "Last-Event-ID: 4\r\n") == event_text(5, "5"));
  BOOST_TEST(first_of("?after=5", "") == "ended");
  auto again = open("POST", "/api/run", run_body().replace(run_body().size() - 1, 1, ",\"restart\":true}"));
  BOOST_TEST(fleet.last_restart);
  BOOST_TEST(again.next_event().value() == event_text(3, "3"));  // where the ticket says
  auto resumed = open("POST", "/api/run", run_body(), "Last-Event-ID: 3\r\n");
  BOOST_TEST(resumed.next_event().value() == event_text(4, "4"));
  BOOST_TEST(ask("GET", task_path() + "/events?after=x").status == 400);
  BOOST_TEST(ask("GET", task_path() + "/events", {}, "Last-Event-ID: -1\r\n").status == 400);
  BOOST_TEST(ask("GET", task_path() + "/events", {}, "Last-Event-ID: 99999999999999999999\r\n").status == 400);
}

BOOST_AUTO_TEST_CASE(the_bus_streams_with_its_filters) {
  auto one = open("GET", "/api/messages/stream?type=task.*", {}, "Last-Event-ID: 0\r\n");
  fleet.log()->await_subscriptions(1);
  BOOST_TEST(fleet.last_watch.type.value() == "task.*");
  BOOST_TEST(fleet.last_after.value() == 0U);
  fleet.log()->append("{}");
  BOOST_TEST(one.next_event().value() == event_text(1, "{}"));
  auto live = open("GET", "/api/messages/stream");
  BOOST_TEST(!fleet.last_after.has_value());
  BOOST_TEST(ask("GET", "/api/messages/stream?agent=x").status == 400);
}

BOOST_AUTO_TEST_CASE(silence_is_broken_by_comments) {
  serving quick(quick_heartbeat());
  client one(quick.server->port());
  one.send(request_text("GET", quick.task_path() + "/events", token_of(role::viewer)));
  BOOST_TEST(one.read_head().status == 200);
  for (int i = 0; i < 4; ++i) BOOST_TEST(one.next_block().value() == ":");
  quick.fleet.log(quick.fleet.a_task.id)->append("1");
  BOOST_TEST(one.next_event().value() == event_text(1, "1"));
  for (int i = 0; i < 2; ++i) BOOST_TEST(one.next_block().value() == ":");
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_drops_its_subscription) {
  for (int i = 0; i < 3; ++i) {
    auto one = std::make_unique<client>(watch());
    journal()->await_subscriptions(1);
    one.reset();
    journal()->await_subscriptions(0);
  }
  BOOST_TEST(server->open_streams() == 0U);
}

BOOST_AUTO_TEST_CASE(fifty_clients_see_the_same_and_a_stalled_one_loses_nothing) {
  constexpr int entries = 400;
  constexpr std::size_t readers = 49;
  constexpr int tiny_buffer = 4096;
  const std::string filling(16U << 10U, 'x');
  auto stalled = watch({}, tiny_buffer);
  std::vector<std::vector<std::string>> seen(readers);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < readers; ++i) {
    threads.emplace_back([&mine = seen[i], one = watch()]() mutable {
      while (auto block = one.next_event()) mine.push_back(block->substr(0, 20));
    });
  }
  journal()->await_subscriptions(readers + 1);
  for (int i = 1; i <= entries; ++i) journal()->append(std::to_string(i) + filling);
  journal()->end();
  for (auto& thread : threads) thread.join();
  BOOST_TEST(journal()->lowest_cursor() < entries);  // the stalled one has not taken all of it
  BOOST_TEST(seen.front().size() == static_cast<std::size_t>(entries));
  for (const auto& other : seen) BOOST_TEST((other == seen.front()));
  for (int i = 1; i <= entries; ++i) {
    BOOST_REQUIRE(stalled.next_event().value() ==
                  event_text(static_cast<std::uint64_t>(i), std::to_string(i) + filling));
  }
  BOOST_TEST(!stalled.next_event().has_value());
}

BOOST_AUTO_TEST_CASE(who_closes_anyway_gets_a_body_without_chunks) {
  journal()->append("1");
  journal()->end();
  for (const std::string version : {"HTTP/1.0\r\n", "HTTP/1.1\r\nConnection: close\r\n"}) {
    client one(server->port());
    one.send("GET " + task_path() + "/events " + version + "Host: t\r\nAuthorization: Bearer " +
             token_of(role::viewer) + "\r\n\r\n");
    const auto head = one.read_head();
    BOOST_TEST(head.at("transfer-encoding").empty());
    BOOST_TEST(head.at("connection") == "close");
    BOOST_TEST(one.next_event().value() == event_text(1, "1"));
    BOOST_TEST(!one.next_event().has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_log_that_cannot_be_read_cuts_the_stream) {
  auto one = watch();
  BOOST_TEST(one.next_block().value() == ":");
  journal()->fail();
  BOOST_CHECK_THROW((void)one.next_block(), std::runtime_error);
  journal()->await_subscriptions(0);
}

BOOST_AUTO_TEST_CASE(streams_of_a_token_are_bounded) {
  http::server_options options;
  options.max_streams_per_token = 2;
  serving small(options);
  const auto target = small.task_path() + "/events";
  const auto open_one = [&] {
    client one(small.server->port());
    one.send(request_text("GET", target, token_of(role::viewer)));
    BOOST_REQUIRE(one.read_head().status == 200);
    return one;
  };
  auto first = std::make_unique<client>(open_one());
  auto second = open_one();
  const auto others = small.ask("GET", target);
  BOOST_TEST(others.status == 200);  // another token has streams of its own
  const auto mine = fetch(small.server->port(), "GET", target, token_of(role::viewer));
  BOOST_TEST(mine.status == 429);
  BOOST_TEST(!mine.at("retry-after").empty());
  first.reset();
  small.fleet.log(small.fleet.a_task.id)->await_subscriptions(1);
  auto third = open_one();
}

BOOST_AUTO_TEST_SUITE_END()
