// Idempotency-Key: which requests are the same, what is repeated, and which keys are none.
#include "flotilla/idempotency.hpp"

#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include "http/idempotency_key.hpp"
#include "tests/http/serving.hpp"

using namespace flotilla;
using namespace flotilla::test;
using nlohmann::json;

namespace {

const std::string an_epic = R"({"name":"Refit","type":"ops"})";

struct keyed : serving {
  keyed() : serving(http::server_options{}) {}
  answer post(const std::string& path, const std::string& body, const std::string& key) const {
    return ask("POST", path, body, "Idempotency-Key: " + key + "\r\nContent-Type: application/json\r\n");
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(idempotency, keyed)

BOOST_AUTO_TEST_CASE(digests_tell_requests_apart_by_what_they_say) {
  const auto digest = [](const char* verb, const char* path, const char* body) {
    return http::request_digest(verb, path, json::parse(body));
  };
  const auto one = digest("POST", "/a", R"({"x":1,"y":[1,2]})");
  BOOST_TEST((one == digest("POST", "/a", R"( { "y" : [1, 2], "x": 1 } )")));
  BOOST_TEST((one != digest("POST", "/a", R"({"x":1,"y":[2,1]})")));
  BOOST_TEST((one != digest("POST", "/a", R"({"x":1})")));
  BOOST_TEST((one != digest("POST", "/b", R"({"x":1,"y":[1,2]})")));
  BOOST_TEST((digest("POST", "/ab", "{}") != digest("POSTa", "b", "{}")));
}

BOOST_AUTO_TEST_CASE(a_post_that_is_sent_again_is_answered_the_same_and_does_nothing) {
  const auto first = post("/api/epics", an_epic, "k1");
  BOOST_TEST(first.status == 201);
  BOOST_TEST(first.at("idempotency-replayed").empty());
  const auto again = post("/api/epics", R"({"type":"ops",  "name":"Refit"})", "k1");
  BOOST_TEST(again.status == 201);
  BOOST_TEST(again.at("idempotency-replayed") == "true");
  BOOST_TEST(again.at("location") == first.at("location"));
  BOOST_TEST(again.body == first.body);
  BOOST_TEST(fleet.changes() == 1U);
  BOOST_TEST(post("/api/epics", an_epic, "k2").body != first.body);
  BOOST_TEST(ask("POST", "/api/epics", an_epic).at("idempotency-replayed").empty());
  BOOST_TEST(fleet.changes() == 3U);
}

BOOST_AUTO_TEST_CASE(a_key_of_another_request_is_refused) {
  BOOST_TEST(post("/api/epics", an_epic, "k").status == 201);
  BOOST_TEST(post("/api/epics", R"({"name":"Other"})", "k").status == 400);
  BOOST_TEST(post("/api/messages", json{{"to", fleet.an_agent.id.to_string()}, {"text", "a"}}.dump(), "k").status ==
             400);
  BOOST_TEST(fleet.changes() == 1U);
}

BOOST_AUTO_TEST_CASE(every_post_takes_a_key) {
  const auto agent = fleet.an_agent.id.to_string();
  const std::vector<std::pair<std::string, json>> posts{
      {"/api/agents", {{"name", "A"}, {"role", "r"}, {"model", "m"}, {"provider", "rehearsal"}, {"glyph", "x"}}},
      {"/api/tasks", {{"title", "t"}, {"input", "i"}, {"assignee", agent}}},
      {task_path() + "/approve", json::object()},
      {task_path() + "/reject", json::object()},
      {task_path() + "/cancel", json::object()},
      {"/api/messages", {{"to", agent}, {"text", "t"}}},
      {"/api/epics", {{"name", "E"}}},
      {"/api/secrets", {{"key", "A"}, {"value", "v"}}},
      {"/api/mcps", {{"name", "m"}, {"transport", "stdio"}, {"command", "c"}}},
      {"/api/tokens", {{"name", "t"}}},
  };
  std::size_t made = 0;
  for (const auto& [path, body] : posts) {
    const auto headers = "Content-Type: application/json\r\nIdempotency-Key: k" + std::to_string(++made) + "\r\n";
    const auto first = ask_admin("POST", path, body.dump(), headers);
    const auto again = ask_admin("POST", path, body.dump(), headers);
    BOOST_TEST_CONTEXT(path) {
      BOOST_TEST(first.status < 300);
      BOOST_TEST(again.status == first.status);
      BOOST_TEST(again.body == first.body);
      BOOST_TEST(first.at("idempotency-replayed").empty());
      BOOST_TEST(again.at("idempotency-replayed") == "true");
      BOOST_TEST(fleet.changes() == made);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_run_that_is_asked_for_again_streams_the_same) {
  fleet.log(fleet.a_task.id)->append("1");
  fleet.log(fleet.a_task.id)->append("2");
  fleet.log(fleet.a_task.id)->append("3");
  fleet.log(fleet.a_task.id)->end();
  const auto body = json{{"taskId", fleet.a_task.id.to_string()}, {"restart", true}}.dump();
  for (const std::string replayed : {"", "true"}) {
    client one(server->port());
    one.send(request_text("POST", "/api/run", token_of(role::operator_), body, "Idempotency-Key: r\r\n"));
    BOOST_TEST(one.read_head().at("idempotency-replayed") == replayed);
    BOOST_TEST(one.next_event().value() == "id: 3\ndata: 3");
  }
  BOOST_TEST(fleet.changes() == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_no_key_is_refused) {
  const std::vector<std::string> wrong{"", "a b", "a\tb", "\xC3\xA9", std::string(256, 'k')};
  for (const auto& key : wrong) {
    const auto refused = post("/api/epics", an_epic, key);
    BOOST_TEST(refused.status == 400, key);
    BOOST_TEST(refused.body.find("Idempotency-Key: must be") != std::string::npos, key);
  }
  BOOST_TEST(post("/api/epics", an_epic, std::string(255, 'k')).status == 201);
  BOOST_TEST(fleet.changes() == 1U);
}

BOOST_AUTO_TEST_CASE(what_was_refused_leaves_no_key) {
  BOOST_TEST(post("/api/epics", R"({"name":""})", "k").status == 400);
  BOOST_TEST(post("/api/epics", an_epic, "k").status == 201);
}

BOOST_AUTO_TEST_SUITE_END()
