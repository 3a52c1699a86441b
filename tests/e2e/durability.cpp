// kill -9 at bad moments: what was accepted is there, goes on, and is paid for once.
#include <boost/test/unit_test.hpp>

#include <set>

#include "tests/support/api_client.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/vendor_wire.hpp"

namespace {

using namespace flotilla::testing;
using nlohmann::json;

constexpr auto lists = {"/api/agents?limit=500", "/api/tasks?limit=500", "/api/messages?limit=500"};

launch_options with_upstream(const fake_upstream& upstream) {
  return {{}, {{"ANTHROPIC_API_KEY", "k"}, {"ANTHROPIC_BASE_URL", upstream.url()}}};
}

wire_answer spoken(std::vector<std::string> text) {
  wire_answer answer;
  answer.text = std::move(text);
  answer.input_tokens = 12;
  answer.output_tokens = 5;
  return answer;
}

/// An answer whose stream says `text` and then nothing more.
canned_reply stalled(const std::string& text) {
  auto reply = streamed(stream_of(wire::anthropic, spoken({text, "the rest"})));
  reply.body.resize(reply.body.find("the rest"));
  reply.body.resize(reply.body.rfind("event: "));
  reply.stall = true;
  return reply;
}

/// Everything that the API shows, as the bytes of its answers: by the request, so that a difference has a name.
std::map<std::string, std::string> everything(const api_client& api) {
  std::map<std::string, std::string> seen;
  for (const auto* list : lists) seen[list] = api.get(list).text;
  for (const auto* list : {"/api/agents", "/api/tasks"}) {
    for (const auto& each : api.must_get(std::string(list) + "?limit=500")) {
      const auto path = std::string(list) + "/" + each["id"].get<std::string>();
      seen[path] = api.get(path).text;
      if (each.contains("title") && each["status"] != "pending") {
        seen[path + "/events"] = bytes_of(api.watch(path + "/events").rest());
      }
    }
  }
  seen["/api/me"] = api.get("/api/me").text;
  return seen;
}

void check_same(const std::map<std::string, std::string>& before, const std::map<std::string, std::string>& after) {
  BOOST_TEST(before.size() == after.size());
  for (const auto& [path, text] : before) {
    const auto found = after.find(path);
    BOOST_TEST_CONTEXT(path) {
      BOOST_TEST((found != after.end() && found->second == text));
    }
  }
}

/// Every position from the first on, once and in order.
void check_whole(const std::vector<streamed_event>& events, std::uint64_t first = 1) {
  for (std::size_t i = 0; i < events.size(); ++i) BOOST_REQUIRE_EQUAL(events[i].seq, first + i);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(durability)

BOOST_AUTO_TEST_CASE(a_kill_after_runs_loses_nothing) {
  const scratch_directory directory;
  std::map<std::string, std::string> before;
  {
    server_process server(directory.path);
    const api_client api(server.port());
    const auto chief = api.new_agent({{"name", "Chief"}, {"team", "deck"}, {"approvals", {"rehearse_append"}}});
    const auto hand = api.new_agent({{"manager", chief}, {"budget", {{"tokens", 100}, {"period", "day"}}}});
    const auto one =
        api.new_task(hand, "@think Hm.\n@tool rehearse_echo {\"text\":\"hi\"}\n@say \"It said \"\n@result");
    BOOST_TEST(api.run(one).rest().back().is("status", "done"));
    BOOST_TEST(api.run(one, true).rest().back().is("status", "done"));
    BOOST_TEST(api.run(api.new_task(hand, "@fail 400 no")).rest().back().is("status", "error"));
    const auto asks = api.new_task(chief, "@tool rehearse_append {\"text\":\"x\"}", {{"priority", "high"}});
    BOOST_TEST(api.run(asks).rest().back().is("status", "waiting"));
    (void)api.new_task(chief, "later", {{"requester", hand}});
    BOOST_TEST(api.ask("DELETE", "/api/agents/" + api.new_agent()).status == 200);
    before = everything(api);
    server.kill();
  }
  BOOST_TEST(before.size() > 10U);
  server_process server(directory.path);
  check_same(before, everything(api_client(server.port())));
}

BOOST_AUTO_TEST_CASE(a_kill_within_a_run_is_gone_on_from) {
  const scratch_directory directory;
  fake_upstream upstream;
  upstream.queue(stalled("Once upon a time "));
  std::string task;
  std::vector<streamed_event> seen;
  {
    server_process server(directory.path, with_upstream(upstream));
    const api_client api(server.port());
    task = api.new_task(api.new_agent({{"provider", "anthropic"}}), "Tell.");
    auto stream = api.run(task);
    seen = stream.until([](const streamed_event& event) { return event.data["type"] == "output"; });
    server.kill();
  }
  upstream.queue(streamed(stream_of(wire::anthropic, spoken({"there was ", "a fox."}))));
  server_process server(directory.path, with_upstream(upstream));
  const api_client api(server.port());
  auto rest = api.events(task, seen.back().seq).rest();
  const auto shown = api.task(task);
  BOOST_TEST(shown["status"] == "done");
  BOOST_TEST(shown["attempt"] == 1);
  BOOST_TEST(shown["output"] == "Once upon a time there was a fox.");
  auto all = seen;
  all.insert(all.end(), rest.begin(), rest.end());
  check_whole(all);
  BOOST_TEST(joined(all, "output") == shown["output"]);
  BOOST_TEST(bytes_of(all) == bytes_of(api.events(task).rest()));
  const auto requests = upstream.requests();
  BOOST_REQUIRE_EQUAL(requests.size(), 2U);
  BOOST_TEST(contains(requests[1].body, "Once upon a time"));
}

BOOST_AUTO_TEST_CASE(what_was_queued_runs_after_a_kill) {
  constexpr std::size_t tasks_of_each = 4;
  const scratch_directory directory;
  fake_upstream upstream;
  upstream.queue(stalled("I am "));
  upstream.queue(stalled("I am "));
  std::vector<std::string> tasks;
  std::vector<std::string> pending;
  {
    server_process server(directory.path, with_upstream(upstream));
    const api_client api(server.port());
    for (const auto* name : {"Ada", "Bo"}) {
      const auto agent = api.new_agent({{"name", name}, {"provider", "anthropic"}});
      for (std::size_t i = 0; i < tasks_of_each; ++i) {
        tasks.push_back(api.new_task(agent, "Say it."));
        auto stream = api.run(tasks.back());
        BOOST_REQUIRE_EQUAL(stream.status(), 200);
        (void)stream.until_status(i == 0 ? "running" : "queued");
      }
      pending.push_back(api.new_task(agent, "Never asked to run."));
    }
    upstream.wait_for_requests(2);
    server.kill();
  }
  for (std::size_t i = 0; i < tasks.size(); ++i)
    upstream.queue(streamed(stream_of(wire::anthropic, spoken({"done."}))));
  server_process server(directory.path, with_upstream(upstream));
  const api_client api(server.port());
  for (const auto& task : tasks) {
    const auto events = api.events(task).rest();
    check_whole(events);
    BOOST_TEST(events.back().is("status", "done"));
    BOOST_TEST(joined(events, "output") == api.task(task)["output"]);
  }
  for (const auto& task : pending) BOOST_TEST(api.task(task)["status"] == "pending");
  BOOST_TEST(upstream.request_count() == 2 + tasks.size());
}

BOOST_AUTO_TEST_CASE(an_answer_that_was_journaled_is_not_paid_for_again) {
  const scratch_directory directory;
  fake_upstream upstream;
  wire_answer calling = spoken({"First. "});
  calling.calls = {{"call_1", "telescope", {"{}"}}};
  upstream.queue(streamed(stream_of(wire::anthropic, calling)));
  upstream.queue(stalled("Second "));
  std::string task;
  {
    server_process server(directory.path, with_upstream(upstream));
    const api_client api(server.port());
    task = api.new_task(api.new_agent({{"provider", "anthropic"}}), "Look.");
    auto stream = api.run(task);
    (void)stream.until([](const streamed_event& event) { return event.is("output", "Second "); });
    server.kill();
  }
  upstream.queue(streamed(stream_of(wire::anthropic, spoken({"Second and last."}))));
  server_process server(directory.path, with_upstream(upstream));
  const api_client api(server.port());
  const auto events = api.events(task).rest();
  check_whole(events);
  const auto shown = api.task(task);
  BOOST_TEST(shown["status"] == "done");
  BOOST_TEST(shown["output"] == "First. Second and last.");
  BOOST_TEST(shown["usage"]["input_tokens"] == 24);
  BOOST_TEST(upstream.request_count() == 3U);
  // The third request stands where the second stood: behind the first answer and its tool's result.
  BOOST_TEST(contains(upstream.requests()[2].body, "call_1"));
}

BOOST_AUTO_TEST_CASE(a_tool_call_of_unknown_outcome_is_asked_about) {
  const scratch_directory directory;
  std::string task;
  std::string sleeper;
  const auto begins = [](const streamed_event& event) { return event.data["type"] == "tool_call"; };
  {
    server_process server(directory.path);
    const api_client api(server.port());
    sleeper = api.new_task(api.new_agent(), "@tool rehearse_sleep {\"ms\":60000}\n@result");
    (void)api.run(sleeper).until(begins);
    task =
        api.new_task(api.new_agent({{"approvals", {"rehearse_append"}}}), "@tool rehearse_append {\"text\":\"x\"}");
    BOOST_TEST(api.run(task).rest().back().is("status", "waiting"));
    server.kill();
  }
  server_process server(directory.path);
  const api_client api(server.port());
  // What waited for a human still does, and can be decided.
  BOOST_TEST(api.task(task)["status"] == "waiting");
  BOOST_TEST(api.patch("/api/tasks/" + task, {{"status", "running"}}).status == 200);
  await("the approved task ends", [&] { return api.task(task)["status"] == "done"; });
  // What may be done again is.
  await("the sleep is begun again", [&] { return joined_log(api.task(sleeper), "status").ends_with("resumed"); });
  BOOST_TEST(api.patch("/api/tasks/" + sleeper, {{"status", "error"}}).status == 200);
  BOOST_TEST(api.task(sleeper)["error"]["code"] == "cancelled");
}

BOOST_AUTO_TEST_SUITE_END()
