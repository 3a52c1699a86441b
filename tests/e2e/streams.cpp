// What you see is the journal: many watchers, slow ones, late ones, and those who come back.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <future>

#include "tests/support/api_client.hpp"
#include "tests/support/scratch_directory.hpp"

namespace {

using namespace flotilla::testing;
using nlohmann::json;

constexpr const char* endless = "@tool rehearse_sleep {\"ms\":600000}";
constexpr const char* small_run =
    "@think Hm.\n@say one\n@tool rehearse_echo {\"text\":\"e\"}\n@tool rehearse_echo {\"text\":\"f\"}\n@say "
    "two\n@result";

struct scene {
  scratch_directory directory;
  server_process server{directory.path};
  api_client api{server.port()};
  std::string agent = api.new_agent();

  /// Makes the agent busy with a task that does not end by itself.
  std::string occupy() const {
    auto busy = api.new_task(agent, endless);
    (void)api.run(busy).until([](const streamed_event& event) { return event.data["type"] == "tool_call"; });
    return busy;
  }
  void cancel(const std::string& task) const {
    BOOST_TEST(api.patch("/api/tasks/" + task, {{"status", "error"}}).status == 200);
  }
};

/// What a client received, without keeping megabytes of it: how many events, and a hash of their bytes in order.
struct digest {
  std::size_t events = 0;
  std::size_t hash = 0;
  std::string last;

  void add(const std::string& bytes) {
    ++events;
    hash = hash * 1'099'511'628'211U + std::hash<std::string>{}(bytes);
    last = bytes;
  }
  friend bool operator==(const digest&, const digest&) = default;
};

std::ostream& operator<<(std::ostream& to, const digest& seen) {
  return to << seen.events << " events, the last: " << seen.last.substr(0, 200);
}

digest read_to_end(event_stream& stream) {
  digest seen;
  while (const auto event = stream.next()) seen.add(event->bytes);
  return seen;
}

std::vector<streamed_event> behind(const std::vector<streamed_event>& events, std::size_t count) {
  return {events.begin() + static_cast<std::ptrdiff_t>(std::min(count, events.size())), events.end()};
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(streams, scene)

BOOST_AUTO_TEST_CASE(fifty_clients_see_the_same_and_a_stalled_one_loses_nothing) {
  constexpr std::size_t readers = 49;
  constexpr std::size_t paragraphs = 40;
  constexpr std::size_t sentences = 100;
  constexpr std::size_t sentence_bytes = 2000;  // 8 MB in all: more than any socket buffer takes
  constexpr int small_buffer = 4096;
  std::string script;
  for (std::size_t i = 0; i < paragraphs; ++i) {
    script += "@repeat " + std::to_string(sentences) + " " + std::string(sentence_bytes, 'x') + "\n@think .\n";
  }
  const auto busy = occupy();
  const auto task = api.new_task(agent, script);
  auto first = api.run(task);
  (void)first.until_status("queued");
  const auto path = "/api/tasks/" + task + "/events";
  auto stalled = api.watch(path, {}, small_buffer);
  std::vector<std::future<digest>> seen;
  for (std::size_t i = 0; i < readers; ++i) {
    seen.push_back(
        std::async(std::launch::async, [stream = api.watch(path)]() mutable { return read_to_end(stream); }));
  }
  cancel(busy);  // now the run begins, with everybody there

  const auto reference = seen.front().get();
  BOOST_TEST(reference.events > 2 * paragraphs);
  BOOST_TEST(contains(reference.last, "\"done\""));
  for (std::size_t i = 1; i < readers; ++i) BOOST_TEST(seen[i].get() == reference);
  BOOST_TEST(api.task(task)["output"].get<std::string>().size() == paragraphs * sentences * sentence_bytes);
  BOOST_TEST(read_to_end(stalled) == reference);
  auto replay = api.watch(path);
  BOOST_TEST(read_to_end(replay) == reference);
  BOOST_TEST(first.rest().size() + 1 == reference.events);
}

BOOST_AUTO_TEST_CASE(who_joins_late_sees_it_all) {
  const auto task = api.new_task(agent, "@say one\n@tool rehearse_sleep {\"ms\":600000}");
  auto early = api.run(task);
  const auto begins = [](const streamed_event& event) { return event.data["type"] == "tool_call"; };
  auto seen = early.until(begins);
  auto joined_by_run = api.run(task);
  auto joined_by_get = api.events(task);
  const auto recorded = bytes_of(seen);
  BOOST_TEST(bytes_of(joined_by_run.until(begins)) == recorded);
  BOOST_TEST(bytes_of(joined_by_get.until(begins)) == recorded);
  BOOST_TEST(api.must_get("/api/agents/" + agent)["status"] == "running");
  cancel(task);
  const auto rest = early.rest();
  BOOST_TEST(bytes_of(joined_by_run.rest()) == bytes_of(rest));
  BOOST_TEST(bytes_of(joined_by_get.rest()) == bytes_of(rest));
  BOOST_TEST(rest.back().is("status", "error"));
  BOOST_TEST(api.must_get("/api/agents/" + agent)["status"] == "active");
}

BOOST_AUTO_TEST_CASE(a_finished_run_is_replayed_and_resumed_at_every_position) {
  const auto task = api.new_task(agent, small_run);
  auto live = api.run(task);
  BOOST_TEST(live.head().headers.at("content-type").starts_with("text/event-stream"));
  const auto events = live.rest();
  BOOST_TEST(joined(events, "output") == "onetwof");
  BOOST_TEST(bytes_of(api.events(task).rest()) == bytes_of(events));
  BOOST_TEST(bytes_of(api.run(task).rest()) == bytes_of(events));
  const auto log = api.task(task)["log"];
  BOOST_REQUIRE_EQUAL(log.size(), events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    BOOST_TEST(events[i].seq == i + 1);
    BOOST_TEST(events[i].data["seq"] == i + 1);
    BOOST_TEST(events[i].data == log[i]);
  }
  for (std::size_t after = 0; after <= events.size() + 1; ++after) {
    const auto wanted = bytes_of(behind(events, after));
    BOOST_TEST(bytes_of(api.events(task, after).rest()) == wanted);
    BOOST_TEST(bytes_of(api.watch("/api/tasks/" + task + "/events?after=" + std::to_string(after)).rest()) == wanted);
  }
}

BOOST_AUTO_TEST_CASE(a_live_run_is_resumed_where_it_was_left) {
  const auto task = api.new_task(agent, "@repeat 50 .\n@tool rehearse_sleep {\"ms\":600000}\n@say end");
  const auto begins = [](const streamed_event& event) { return event.data["type"] == "tool_call"; };
  const auto seen = api.run(task).until(begins);
  std::vector<event_stream> back;
  for (std::size_t after = 0; after <= seen.size(); ++after) back.push_back(api.events(task, after));
  cancel(task);
  const auto whole = api.events(task).rest();
  BOOST_TEST(whole.size() > seen.size());
  for (std::size_t after = 0; after < back.size(); ++after) {
    BOOST_TEST(bytes_of(back[after].rest()) == bytes_of(behind(whole, after)));
  }
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_does_not_stop_the_run) {
  const auto task = api.new_task(agent, "@say one\n@delay 200ms\n@say two");
  {
    auto stream = api.run(task);
    (void)stream.until([](const streamed_event& event) { return event.is("output", "one"); });
  }
  BOOST_TEST(api.events(task).rest().back().is("status", "done"));
  BOOST_TEST(api.task(task)["output"] == "onetwo");
}

BOOST_AUTO_TEST_CASE(a_new_attempt_has_its_own_stream_and_the_log_has_all) {
  const auto task = api.new_task(agent, "@say again");
  const auto first = api.run(task).rest();
  const auto second = api.run(task, true).rest();
  BOOST_TEST(api.task(task)["attempt"] == 2);
  BOOST_TEST(api.task(task)["output"] == "again");
  BOOST_REQUIRE(!second.empty());
  BOOST_TEST(second.front().seq == first.back().seq + 1);
  BOOST_TEST(second.back().is("status", "done"));
  BOOST_TEST(joined(second, "output") == "again");
  BOOST_TEST(bytes_of(api.run(task).rest()) == bytes_of(second));
  BOOST_TEST(bytes_of(api.events(task).rest()) == bytes_of(first) + bytes_of(second));
  BOOST_TEST(joined_log(api.task(task), "output") == "againagain");
}

BOOST_AUTO_TEST_CASE(a_busy_agent_takes_its_queue_by_priority_then_age) {
  const auto busy = occupy();
  std::vector<std::string> tasks;
  std::vector<event_stream> runs;
  for (const auto* priority : {"low", "normal", "high", "normal", "high", "low"}) {
    tasks.push_back(api.new_task(agent, "@say ok", {{"priority", priority}}));
    runs.push_back(api.run(tasks.back()));
    BOOST_TEST(runs.back().next()->is("status", "queued"));
    BOOST_TEST(api.task(tasks.back())["status"] == "pending");
  }
  cancel(busy);
  for (auto& run : runs) BOOST_TEST(run.rest().back().is("status", "done"));
  auto started = api.must_get("/api/messages?type=task.started");
  std::reverse(started.begin(), started.end());
  std::vector<std::string> order;
  for (const auto& message : started) order.push_back(message["task_id"]);
  const std::vector<std::string> wanted{busy, tasks[2], tasks[4], tasks[1], tasks[3], tasks[0], tasks[5]};
  BOOST_TEST(order == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_bus_streams_what_a_filter_lets_through) {
  auto all = api.watch("/api/messages/stream");
  auto of_tasks = api.watch("/api/messages/stream?type=task.*");
  const auto other = api.new_agent();
  auto of_other = api.watch("/api/messages/stream?agent=" + other);
  const auto mine = api.new_task(agent, small_run);
  const auto theirs = api.new_task(other, "@say hi");
  BOOST_TEST(api.run(mine).rest().back().is("status", "done"));
  BOOST_TEST(api.run(theirs).rest().back().is("status", "done"));
  const auto ends_theirs = [&](const streamed_event& message) {
    return message.data["type"] == "task.done" && message.data["task_id"] == theirs;
  };
  const auto everything = all.until(ends_theirs);
  BOOST_TEST(everything.front().data["type"] == "agent.created");
  const auto tasks = of_tasks.until(ends_theirs);
  BOOST_TEST(tasks.size() == 6U);
  for (const auto& message : tasks) BOOST_TEST(message.data["type"].get<std::string>().starts_with("task."));
  for (const auto& message : of_other.until(ends_theirs)) {
    BOOST_TEST((message.data["from"] == other || message.data["to"] == other));
  }
  // A list of the same messages is the same, the other way round.
  auto listed = api.must_get("/api/messages?limit=500&type=task.*");
  std::reverse(listed.begin(), listed.end());
  BOOST_REQUIRE_EQUAL(listed.size(), tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) BOOST_TEST(listed[i] == tasks[i].data);
  // And who comes back gets the rest: before and after a restart.
  for (std::size_t i = 0; i < everything.size() - 1; ++i) {
    auto back = api.watch("/api/messages/stream", everything[i].seq);
    BOOST_TEST(bytes_of(back.until(ends_theirs)) == bytes_of(behind(everything, i + 1)));
  }
  server.kill();
  server_process next(directory.path);
  auto back = api_client(next.port()).watch("/api/messages/stream?type=task.*", tasks[1].seq);
  BOOST_TEST(bytes_of(back.until(ends_theirs)) == bytes_of(behind(tasks, 2)));
}

BOOST_AUTO_TEST_SUITE_END()
