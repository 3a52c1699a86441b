// Whatever is wrong with a request gets a clear 4xx, and nothing has changed.
#include <boost/test/unit_test.hpp>

#include "tests/support/api_client.hpp"
#include "tests/support/scratch_directory.hpp"

namespace {

using namespace flotilla::testing;
namespace test = flotilla::test;
using nlohmann::json;

constexpr const char* fox = "\xF0\x9F\xA6\x8A";

/// A server with a small fleet in which every kind of thing is to be found.
struct fleet_of_all {
  scratch_directory directory;
  server_process server{directory.path};
  api_client api{server.port()};
  std::string chief = api.new_agent({{"name", "Chief"}});
  std::string hand = api.new_agent({{"name", "Hand"}, {"manager", chief}});
  std::string archived = api.new_agent({{"name", "Gone"}});
  std::string pending = api.new_task(chief, "later");
  std::string done = api.new_task(chief, "@say yes");

  fleet_of_all() {
    BOOST_REQUIRE(api.run(done).rest().back().is("status", "done"));
    BOOST_REQUIRE_EQUAL(api.ask("DELETE", "/api/agents/" + archived).status, 200);
  }

  std::string everything() const {
    std::string text;
    for (const auto* list : {"agents", "tasks", "messages"}) text += api.get(std::string("/api/") + list).text;
    for (const auto& task : {pending, done}) text += api.get("/api/tasks/" + task).text;
    return text;
  }

  /// The request is answered so, its message says `word`, and everything is as it was.
  void check(const std::string& verb, const std::string& target, const std::string& body, int status,
             const std::string& word = {}) const {
    BOOST_TEST_CONTEXT(verb << " " << target << " " << body.substr(0, 200)) {
      const auto before = everything();
      const auto answer = api.ask(verb, target, body);
      BOOST_TEST(answer.status == status, answer.status << " " << answer.text);
      check_message(answer, word);
      BOOST_TEST((everything() == before), "something has changed");
    }
  }
  static void check_message(const api_answer& answer, const std::string& word) {
    BOOST_TEST(answer.error().size() > 5U, answer.text);
    BOOST_TEST(contains(answer.error(), word), answer.text);
    BOOST_TEST(answer.body.size() == 1U);
    BOOST_TEST(answer.headers.at("content-type").starts_with("application/json"));
  }

  static json agent_body() {
    return {{"name", "Ada"}, {"role", "r"}, {"model", "m"}, {"provider", "rehearsal"}, {"glyph", fox}};
  }
  json task_body() const { return {{"title", "t"}, {"input", "i"}, {"assignee", chief}}; }

  /// The same, with one field replaced.
  static std::string with(json body, const char* field, json value) {
    body[field] = std::move(value);
    return body.dump();
  }
  static std::string without(json body, const char* field) {
    body.erase(field);
    return body.dump();
  }
};

constexpr const char* no_agent = "agt_01ARZ3NDEKTSV4RRFFQ69G5FAV";
constexpr const char* no_task = "tsk_01ARZ3NDEKTSV4RRFFQ69G5FAV";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(bad_input, fleet_of_all)

BOOST_AUTO_TEST_CASE(what_is_not_an_object_of_json) {
  const auto deep = std::string(10'000, '[') + std::string(10'000, ']');
  auto not_utf8 = agent_body().dump();
  not_utf8.replace(not_utf8.find("Ada"), 3, "\xC3(\xFF");
  for (const std::string target : {"/api/agents", "/api/tasks", "/api/run"}) {
    for (const std::string body :
         {"not JSON", "{\"name\":", "[]", "\"text\"", "1", "null", "{} {}", "{\"a\":1e999}"}) {
      check("POST", target, body, 400);
    }
    check("POST", target, "", 400, "body");
    check("POST", target, deep, 400, "deep");
    check("POST", target, R"({"name":)" + deep + "}", 400, "deep");
    check("POST", target, not_utf8, 400, "UTF-8");
  }
  check("PATCH", "/api/agents/" + chief, "nope", 400);
  check("PATCH", "/api/tasks/" + pending, "[1]", 400);
}

BOOST_AUTO_TEST_CASE(fields_that_are_missing_or_of_the_wrong_type) {
  for (const auto* field : {"name", "role", "model", "provider", "glyph"}) {
    check("POST", "/api/agents", without(agent_body(), field), 400, field);
    check("POST", "/api/agents", with(agent_body(), field, 7), 400, field);
    check("POST", "/api/agents", with(agent_body(), field, nullptr), 400, field);
    check("POST", "/api/agents", with(agent_body(), field, ""), 400, field);
    check("PATCH", "/api/agents/" + chief, with({}, field, json::array()), 400, field);
    check("PATCH", "/api/agents/" + chief, with({}, field, ""), 400, field);
  }
  for (const auto* field : {"title", "input", "assignee"}) {
    check("POST", "/api/tasks", without(task_body(), field), 400, field);
    check("POST", "/api/tasks", with(task_body(), field, json::object()), 400, field);
    check("POST", "/api/tasks", with(task_body(), field, ""), 400, field);
    check("PATCH", "/api/tasks/" + pending, with({}, field, true), 400, field);
    check("PATCH", "/api/tasks/" + pending, with({}, field, ""), 400, field);
  }
  check("POST", "/api/agents", with(agent_body(), "team", 1), 400, "team");
  check("POST", "/api/agents", with(agent_body(), "team", ""), 400, "team");
  check("POST", "/api/agents", with(agent_body(), "approvals", "rehearse_*"), 400, "approvals");
  check("POST", "/api/agents", with(agent_body(), "mcps", {1}), 400, "mcps");
  check("POST", "/api/agents", with(agent_body(), "maxTurns", 0), 400, "maxTurns");
  check("POST", "/api/agents", with(agent_body(), "maxTurns", "3"), 400, "maxTurns");
  check("POST", "/api/agents", with(agent_body(), "budget", {{"tokens", -1}, {"period", "day"}}), 400, "budget");
  check("POST", "/api/agents", with(agent_body(), "budget", {{"tokens", 5}, {"period", "hour"}}), 400, "budget");
  check("POST", "/api/tasks", with(task_body(), "priority", "urgent"), 400, "priority");
  check("POST", "/api/run", "{}", 400, "taskId");
  check("POST", "/api/run", R"({"taskId":5})", 400, "taskId");
  check("POST", "/api/run", json({{"taskId", done}, {"restart", "yes"}}).dump(), 400, "restart");
}

BOOST_AUTO_TEST_CASE(values_that_there_are_not) {
  check("POST", "/api/agents", with(agent_body(), "provider", "acme"), 400, "anthropic, openai, openrouter");
  check("PATCH", "/api/agents/" + chief, R"({"provider":"acme"})", 400, "provider");
  const auto two = std::string(fox) + fox;
  for (const std::string glyph : {"ab", "a", "7", "#", " ", two.c_str(), "\xF0\x9F\xA6\x8A!", "\xE2\x80\x8D"}) {
    check("POST", "/api/agents", with(agent_body(), "glyph", glyph), 400, "glyph");
    check("PATCH", "/api/agents/" + chief, with({}, "glyph", glyph), 400, "glyph");
  }
  check("PATCH", "/api/agents/" + chief, R"({"status":"asleep"})", 400, "status");
  check("PATCH", "/api/agents/" + chief, R"({"status":"running"})", 400, "status");
  check("PATCH", "/api/tasks/" + pending, R"({"status":"asleep"})", 400, "status");
  for (const std::string target : {"/api/agents", "/api/tasks", "/api/messages"}) {
    check("GET", target + "?limit=0", "", 400, "limit");
    check("GET", target + "?limit=501", "", 400, "limit");
    check("GET", target + "?limit=ten", "", 400, "limit");
    check("GET", target + "?cursor=nonsense", "", 400, "cursor");
  }
  check("GET", "/api/tasks?status=asleep", "", 400, "status");
  check("GET", "/api/tasks?assignee=7", "", 400, "assignee");
  check("GET", "/api/messages?since=yesterday", "", 400, "since");
  check("GET", "/api/tasks/" + done + "/events?after=-1", "", 400, "after");
}

BOOST_AUTO_TEST_CASE(a_manager_that_cannot_be) {
  check("PATCH", "/api/agents/" + chief, with({}, "manager", hand), 400, "manager");
  check("PATCH", "/api/agents/" + chief, with({}, "manager", chief), 400, "manager");
  for (const auto& [verb, target] :
       {std::pair<std::string, std::string>{"POST", "/api/agents"}, {"PATCH", "/api/agents/" + hand}}) {
    check(verb, target, with(agent_body(), "manager", no_agent), 400, "manager");
    check(verb, target, with(agent_body(), "manager", archived), 400, "manager");
    check(verb, target, with(agent_body(), "manager", "me"), 400, "manager");
  }
}

BOOST_AUTO_TEST_CASE(ids_that_do_not_exist) {
  for (const std::string assignee : {no_agent, archived.c_str(), "somebody", no_task}) {
    check("POST", "/api/tasks", with(task_body(), "assignee", assignee), 400, "assignee");
    check("PATCH", "/api/tasks/" + pending, with({}, "assignee", assignee), 400, "assignee");
  }
  check("POST", "/api/tasks", with(task_body(), "requester", no_agent), 400, "requester");
  check("POST", "/api/tasks", with(task_body(), "epic_id", "epc_01ARZ3NDEKTSV4RRFFQ69G5FAV"), 400, "epic_id");
  check("POST", "/api/run", with({}, "taskId", no_task), 404);
  for (const std::string agent : {no_agent, "nobody", "agt_", "%00"}) {
    check("GET", "/api/agents/" + agent, "", 404);
    check("PATCH", "/api/agents/" + agent, R"({"name":"x"})", 404);
    check("DELETE", "/api/agents/" + agent, "", 404);
  }
  for (const std::string task : {no_task, "none"}) {
    check("GET", "/api/tasks/" + task, "", 404);
    check("GET", "/api/tasks/" + task + "/events", "", 404);
    check("PATCH", "/api/tasks/" + task, R"({"title":"x"})", 404);
  }
  check("GET", "/api/nothing", "", 404);
}

BOOST_AUTO_TEST_CASE(a_body_that_is_too_large_or_of_another_kind) {
  const auto huge = with(agent_body(), "role", std::string(2U << 20U, 'x'));
  const auto before = everything();
  test::client one(api.port());
  try {
    one.send(test::request_text("POST", "/api/agents", admin_token, huge, "Content-Type: application/json\r\n"));
  } catch (const std::exception&) {
    // It may close before it has read all.
  }
  BOOST_TEST(one.read().status == 413);
  const auto form = test::fetch(api.port(), "POST", "/api/agents", admin_token, "name=Ada",
                                "Content-Type: application/x-www-form-urlencoded\r\n");
  BOOST_TEST(form.status == 415);
  BOOST_TEST((everything() == before));
}

BOOST_AUTO_TEST_CASE(a_caller_without_a_token) {
  const auto before = everything();
  const auto refused = [&](const std::string& header) {
    // Few enough that the address may still fail: then it would be 429.
    for (const std::string target : {"/api/agents", "/api/messages/stream"}) {
      const auto answer = test::fetch(api.port(), "GET", target, {}, {}, header);
      BOOST_TEST_CONTEXT(target << " " << header) {
        BOOST_TEST(answer.status == 401);
        BOOST_TEST(json::parse(answer.body).contains("error"));
      }
    }
    const auto made = test::fetch(api.port(), "POST", "/api/agents", {}, agent_body().dump(),
                                  header + "Content-Type: application/json\r\n");
    BOOST_TEST(made.status == 401);
  };
  std::string other = admin_token;
  other.replace(8, 4, "BBBB");
  refused("");
  refused("Authorization: Bearer\r\n");
  refused("Authorization: Bearer fr_live_short\r\n");
  refused("Authorization: Bearer " + other + "\r\n");
  refused("Authorization: Basic " + std::string(admin_token) + "\r\n");
  refused(std::string("X-Token: ") + admin_token + "\r\n");
  BOOST_TEST(test::fetch(api.port(), "GET", std::string("/api/me?token=") + admin_token).status == 401);
  BOOST_TEST((everything() == before));
}

BOOST_AUTO_TEST_CASE(a_method_that_an_endpoint_does_not_take) {
  const auto allows = [&](const std::string& verb, const std::string& target, const std::string& method) {
    BOOST_TEST_CONTEXT(verb << " " << target) {
      const auto answer = api.ask(verb, target);
      BOOST_TEST(answer.status == 405);
      check_message(answer, "");
      BOOST_TEST(contains(answer.headers.at("allow"), method));
      BOOST_TEST(!contains(answer.headers.at("allow"), verb));
    }
  };
  allows("DELETE", "/api/agents", "POST");
  allows("PUT", "/api/agents/" + chief, "PATCH");
  allows("DELETE", "/api/tasks/" + pending, "PATCH");
  allows("GET", "/api/run", "POST");
  allows("POST", "/api/messages/stream", "GET");
  allows("POST", "/healthz", "GET");
}

BOOST_AUTO_TEST_CASE(a_status_that_cannot_be_next_names_those_that_can) {
  const auto task = "/api/tasks/" + pending;
  for (const auto* status : {"running", "waiting", "done"}) {
    check("PATCH", task, with({}, "status", status), 400, "legal: error");
  }
  for (const auto* status : {"running", "waiting", "error"}) {
    check("PATCH", "/api/tasks/" + done, with({}, "status", status), 400, "legal: pending");
  }
  check("PATCH", "/api/tasks/" + done, with({}, "assignee", hand), 400, "assignee");
  check("PATCH", "/api/tasks/" + done, R"({"input":"other"})", 400, "input");
  check("PATCH", "/api/agents/" + archived, R"({"status":"active"})", 400, "status");
  // A wrong status keeps the right fields beside it from being taken.
  check("PATCH", task, R"({"title":"new","status":"done"})", 400, "status");
  // And the legal ones lead where they say.
  BOOST_TEST(api.patch(task, {{"status", "error"}}).body["error"]["code"] == "cancelled");
  BOOST_TEST(api.events(pending).rest().back().is("status", "error"));
  BOOST_TEST(api.patch("/api/tasks/" + done, {{"status", "pending"}}).body["attempt"] == 2);
  await("the new attempt ends", [&] { return api.task(done)["status"] == "done"; });
  check("PATCH", task, R"({"status":"running"})", 400, "legal: pending");
}

BOOST_AUTO_TEST_CASE(an_agent_that_is_paused_or_archived_runs_nothing) {
  const auto task = api.new_task(hand, "@say hi");
  BOOST_TEST(api.patch("/api/agents/" + hand, {{"status", "paused"}}).body["status"] == "paused");
  check("POST", "/api/run", with({}, "taskId", task), 400, "paused");
  BOOST_TEST(api.patch("/api/agents/" + hand, {{"status", "active"}}).body["status"] == "active");
  BOOST_TEST(api.run(task).rest().back().is("status", "done"));
  BOOST_TEST(api.ask("DELETE", "/api/agents/" + hand).body == json({{"ok", true}}));
  BOOST_TEST(api.must_get("/api/agents/" + hand)["status"] == "archived");
  check("POST", "/api/run", json({{"taskId", task}, {"restart", true}}).dump(), 400, "archived");
}

BOOST_AUTO_TEST_CASE(archiving_cancels_what_the_agent_had) {
  const auto runs = api.new_task(hand, "@tool rehearse_sleep {\"ms\":600000}");
  auto stream = api.run(runs);
  (void)stream.until([](const streamed_event& event) { return event.data["type"] == "tool_call"; });
  const auto queued = api.new_task(hand, "@say never");
  auto other = api.run(queued);
  (void)other.until_status("queued");
  BOOST_TEST(api.ask("DELETE", "/api/agents/" + hand).status == 200);
  BOOST_TEST(stream.rest().back().is("status", "error"));
  BOOST_TEST(other.rest().back().is("status", "error"));
  for (const auto& task : {runs, queued}) BOOST_TEST(api.task(task)["error"]["code"] == "cancelled");
}

BOOST_AUTO_TEST_SUITE_END()
