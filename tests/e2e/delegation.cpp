// Delegation, questions and waiting with the real program: on the offline provider, over HTTP, with kills between.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <optional>
#include <utility>

#include "tests/support/api_client.hpp"
#include "tests/support/scratch_directory.hpp"

namespace {

using namespace flotilla::testing;
using nlohmann::json;

/// A line of a rehearsal script that delegates; `input` is the child's script.
std::string delegates(const std::string& to, const std::string& input, bool wait = true) {
  return "@tool delegate " + json{{"to", to}, {"title", "part"}, {"input", input}, {"wait", wait}}.dump() + "\n";
}

struct crew {
  scratch_directory directory;
  std::optional<server_process> server{std::in_place, directory.path};
  api_client api{server->port()};
  std::string lead = api.new_agent({{"name", "Lead"}});
  std::string ann = api.new_agent({{"name", "Ann"}, {"manager", lead}});
  std::string bob = api.new_agent({{"name", "Bob"}, {"manager", ann}});

  void restart() {
    server->kill();
    server.emplace(directory.path);
    api = api_client(server->port());
  }
  void await_status(const std::string& task, const std::string& status) {
    await(task + " is " + status, [&] { return api.task(task)["status"] == status; });
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(delegation, crew)

BOOST_AUTO_TEST_CASE(a_stream_shows_the_whole_run_of_a_parent) {
  const auto work = api.new_task(
      lead, "go\n" + delegates("Ann", "x\n" + delegates("Bob", "y\n@say deep") + "@say \"Bob said: \"\n@result") +
                "@say \"Ann said: \"\n@result");
  auto stream = api.run(work);
  const auto events = stream.rest();
  BOOST_TEST(joined(events, "output") == "Ann said: Bob said: deep");
  BOOST_TEST(events.back().is("status", "done"));
  const auto told = [&](const std::string& text) {
    return std::count_if(events.begin(), events.end(), [&](const auto& each) { return each.is("status", text); });
  };
  BOOST_TEST(told("delegated") == 1);
  BOOST_TEST(told("parked") == 1);
  BOOST_TEST(told("waiting") == 0);

  const auto shown = api.task(work);
  BOOST_REQUIRE(shown["children"].size() == 1U);
  const auto child = api.task(shown["children"][0]);
  BOOST_TEST(child["parent"] == work);
  BOOST_TEST(child["requester"] == lead);
  BOOST_TEST(child["assignee"] == ann);
  BOOST_TEST(child["output"] == "Bob said: deep");
  BOOST_TEST(api.task(child["children"][0])["output"] == "deep");
  BOOST_TEST(shown["parent"].is_null());
}

BOOST_AUTO_TEST_CASE(a_parent_survives_a_kill_while_it_waits) {
  const auto work = api.new_task(
      lead, "go\n" + delegates("Ann", "x\n@tool ask_approval {\"question\":\"ok?\"}\n@result") + "@result");
  {
    auto stream = api.run(work);
    (void)stream.until_status("parked");
  }
  const std::string child = api.task(work)["children"][0];
  await_status(child, "waiting");
  restart();
  BOOST_TEST(api.task(work)["status"] == "waiting");
  BOOST_TEST(api.post("/api/tasks/" + work + "/approve", json::object()).status == 400);
  BOOST_TEST(api.post("/api/tasks/" + child + "/approve", {{"comment", "Aye"}}).status == 200);
  await_status(work, "done");
  BOOST_TEST(api.task(work)["output"] == "A human approved. They said: Aye");
}

BOOST_AUTO_TEST_CASE(a_cancel_reaches_what_was_delegated_at_once) {
  const auto sleeps = "x\n@tool rehearse_sleep {\"ms\":500000}\n@say never";
  const auto work = api.new_task(lead, "go\n" + delegates("Ann", sleeps) + delegates("Bob", sleeps));
  {
    auto stream = api.run(work);
    (void)stream.until_status("parked");
  }
  const auto children = api.task(work)["children"];
  BOOST_REQUIRE(children.size() == 2U);
  for (const auto& child : children) await_status(child, "running");
  BOOST_TEST(api.post("/api/tasks/" + work + "/cancel", json::object()).status == 200);
  for (const auto& child : children) {
    await_status(child, "error");
    BOOST_TEST(api.task(child)["error"]["code"] == "cancelled");
  }
  await("nobody runs", [&] { return api.must_get("/api/tasks?status=running").empty(); });
}

BOOST_AUTO_TEST_CASE(a_paused_agent_takes_no_new_task) {
  BOOST_TEST(api.patch("/api/agents/" + ann, {{"status", "paused"}}).status == 200);
  const auto refused = api.post("/api/tasks", {{"title", "t"}, {"input", "i"}, {"assignee", ann}});
  BOOST_TEST(refused.status == 400);
  BOOST_TEST(refused.error() == "assignee: the agent is paused");
  const auto work = api.new_task(lead, "go\n" + delegates("Ann", "x") + "@result");
  auto stream = api.run(work);
  BOOST_TEST(joined(stream.rest(), "output") == "to: Ann is paused");
}

BOOST_AUTO_TEST_CASE(a_thousand_waiting_runs_are_decided_after_a_restart) {
  constexpr int agents = 20;
  constexpr int tasks = 1000;
  std::vector<std::string> hands;
  for (int i = 0; i < agents; ++i) hands.push_back(api.new_agent({{"name", "Hand"}, {"approvals", {"rehearse_*"}}}));
  std::vector<std::string> all;
  for (int i = 0; i < tasks; ++i) {
    const auto number = std::to_string(i);
    all.push_back(api.new_task(hands[static_cast<std::size_t>(i % agents)],
                               "go\n@tool rehearse_echo {\"text\":\"" + number + "\"}\n@result"));
    auto stream = api.run(all.back());  // left at once: the run goes on without it
  }
  const auto waiting = [&] {
    std::size_t count = 0;
    std::string target = "/api/tasks?status=waiting&limit=500";
    while (!target.empty()) {
      const auto page = api.get(target);
      count += page.body.size();
      const auto link = page.headers.find("link");
      if (link == page.headers.end()) break;
      const auto from = link->second.find('<') + 1;
      target = link->second.substr(from, link->second.find('>') - from);
    }
    return count;
  };
  await("all wait", [&] { return waiting() == tasks; });
  restart();
  BOOST_TEST(waiting() == static_cast<std::size_t>(tasks));
  for (int i = 0; i < tasks; ++i) {
    const auto& task = all[static_cast<std::size_t>(i)];
    const auto word = i % 3 == 0 ? "/reject" : "/approve";
    const auto decided = api.post("/api/tasks/" + task + word, {{"comment", "word " + std::to_string(i)}});
    BOOST_REQUIRE_MESSAGE(decided.status == 200, decided.text);
  }
  await("all are done",
        [&] { return api.must_get("/api/tasks?status=done&limit=500").size() == 500U && waiting() == 0; });
  for (int i = 0; i < tasks; ++i) {
    const auto& task = all[static_cast<std::size_t>(i)];
    await_status(task, "done");
    const auto number = std::to_string(i);
    const auto expected = i % 3 == 0 ? "A human rejected this call. They said: word " + number
                                     : number + "\n\n[A human approved this call and said: word " + number + "]";
    BOOST_TEST(api.task(task)["output"] == expected);
  }
}

BOOST_AUTO_TEST_CASE(how_far_the_recovery_is_can_be_asked) {
  const auto work = api.new_task(ann, "go\n@tool rehearse_sleep {\"ms\":500000}");
  {
    auto stream = api.run(work);
    (void)stream.until([](const auto& event) { return event.data["type"] == "tool_call"; });
  }
  restart();
  await("it has recovered", [&] {
    const auto ready = api.get("/readyz");
    BOOST_REQUIRE(ready.status == 200);
    const auto& recovery = ready.body["recovery"];
    BOOST_TEST(recovery["agents"] == 1);
    return recovery["state"] == "done" && recovery["done"] == 1;
  });
  BOOST_TEST(api.task(work)["status"] == "running");
  json told;
  await("the bus says so", [&] {
    told = api.must_get("/api/messages?type=recovery.*");
    return told.size() == 2U;
  });
  BOOST_TEST(told[0]["type"] == "recovery.done");
  BOOST_TEST(told[1]["type"] == "recovery.started");
}

BOOST_AUTO_TEST_SUITE_END()
