// What a caller may, on the real server: keys that outlive a kill, tokens that are revoked, the plan's limits.
#include <boost/test/unit_test.hpp>

#include "tests/support/api_client.hpp"
#include "tests/support/scratch_directory.hpp"

namespace {

using namespace flotilla::testing;
using nlohmann::json;

flotilla::test::answer post(std::uint16_t port, const std::string& target, const json& body, const std::string& key) {
  flotilla::test::client connection(port);
  connection.send(flotilla::test::request_text("POST", target, admin_token, body.dump(),
                                               "Content-Type: application/json\r\nIdempotency-Key: " + key + "\r\n"));
  return connection.read();
}

json an_agent(const std::string& name) {
  return {
      {"name", name}, {"role", "You help."}, {"model", "rehearsal-1"}, {"provider", "rehearsal"}, {"glyph", "🦊"}};
}

/// Has the stream ended, in whatever way?
bool ends(event_stream& stream) {
  try {
    while (stream.next()) continue;
  } catch (const std::exception&) {
  }
  return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(callers)

BOOST_AUTO_TEST_CASE(what_was_answered_before_a_kill_is_answered_again) {
  const scratch_directory directory;
  flotilla::test::answer first;
  {
    server_process server(directory.path);
    first = post(server.port(), "/api/agents", an_agent("Ada"), "k1");
    BOOST_REQUIRE_EQUAL(first.status, 201);
    BOOST_TEST(first.at("idempotency-replayed").empty());
    server.kill();
  }
  server_process server(directory.path);
  const auto again = post(server.port(), "/api/agents", an_agent("Ada"), "k1");
  BOOST_TEST(again.status == 201);
  BOOST_TEST(again.body == first.body);
  BOOST_TEST(again.at("idempotency-replayed") == "true");
  const auto other = post(server.port(), "/api/agents", an_agent("Bob"), "k1");
  BOOST_TEST(other.status == 400);
  BOOST_TEST(contains(other.body, "Idempotency-Key"));
  BOOST_TEST(api_client(server.port()).must_get("/api/agents").size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_restart_with_a_key_is_one_attempt_across_a_kill) {
  const scratch_directory directory;
  std::string task;
  {
    server_process server(directory.path);
    const api_client api(server.port());
    task = api.new_task(api.new_agent(), "@say one");
    (void)api.run(task).rest();
    const auto begun = post(server.port(), "/api/run", {{"taskId", task}, {"restart", true}}, "k");
    BOOST_REQUIRE_EQUAL(begun.status, 200);
    server.kill();
  }
  server_process server(directory.path);
  const auto again = post(server.port(), "/api/run", {{"taskId", task}, {"restart", true}}, "k");
  BOOST_TEST(again.status == 200);
  BOOST_TEST(again.at("idempotency-replayed") == "true");
  const auto stands = api_client(server.port()).task(task);
  BOOST_TEST(stands["attempt"] == 2);
  BOOST_TEST(stands["status"] == "done");
}

BOOST_AUTO_TEST_CASE(a_revoked_token_opens_nothing_and_its_streams_end) {
  const scratch_directory directory;
  server_process server(directory.path);
  const api_client admin(server.port());
  const auto made = admin.post("/api/tokens", {{"name", "ci"}, {"role", "viewer"}});
  BOOST_REQUIRE_EQUAL(made.status, 201);
  const api_client viewer(server.port(), made.body["token"].get<std::string>());
  BOOST_TEST(viewer.get("/api/agents").status == 200);
  BOOST_TEST(viewer.post("/api/agents", an_agent("Ada")).status == 403);
  auto stream = viewer.watch("/api/messages/stream");
  BOOST_REQUIRE_EQUAL(stream.status(), 200);
  BOOST_TEST(admin.ask("DELETE", "/api/tokens/" + made.body["id"].get<std::string>()).status == 200);
  BOOST_TEST(viewer.get("/api/agents").status == 401);
  BOOST_TEST(ends(stream));
  const auto rest = admin.must_get("/api/tokens");
  BOOST_REQUIRE_EQUAL(rest.size(), 1U);
  BOOST_TEST(admin.ask("DELETE", "/api/tokens/" + rest[0]["id"].get<std::string>()).status == 400);
}

BOOST_AUTO_TEST_CASE(the_plan_of_the_settings_holds) {
  const scratch_directory directory;
  launch_options options;
  options.arguments = {"--plan-name", "small", "--limit-agents", "1", "--feature", "beta,old-ui=false"};
  options.environment["FLOTILLA_LIMIT_TASKS_PER_MONTH"] = "1";
  server_process server(directory.path, options);
  const api_client api(server.port());
  const auto me = api.must_get("/api/me");
  BOOST_TEST(me["plan"]["name"] == "small");
  BOOST_TEST(me["plan"]["limits"]["agents"] == 1);
  BOOST_TEST(me["plan"]["limits"]["tokensPerMonth"].is_null());
  BOOST_TEST(me["features"] == json({{"beta", true}, {"old-ui", false}}));
  const auto agent = api.new_agent();
  const auto refused = api.post("/api/agents", an_agent("Bob"));
  BOOST_TEST(refused.status == 403);
  BOOST_TEST(contains(refused.error(), "limit of 1 agent"));
  (void)api.new_task(agent, "@say hi");
  const auto late = api.post("/api/tasks", {{"title", "t"}, {"input", "i"}, {"assignee", agent}});
  BOOST_TEST(late.status == 403);
  BOOST_TEST(contains(late.error(), "a month"));
}

BOOST_AUTO_TEST_SUITE_END()
