// Every endpoint that answers at once, and everything that can be wrong with a request.
#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/http/serving.hpp"

using namespace flotilla;
using namespace flotilla::test;
using nlohmann::json;

namespace {

const std::string full_agent =
    R"({"name":"Ada","role":"You plan.","model":"m","provider":"rehearsal","glyph":"x","extra":1})";

std::string error_of(const answer& given) {
  return json::parse(given.body).at("error").get<std::string>();
}

std::string chunk(const std::string& text) {
  std::ostringstream framed;
  framed << std::hex << text.size() << "\r\n" << text << "\r\n";
  return framed.str();
}

std::string without(std::string body, const std::string& key) {
  auto object = json::parse(body);
  object.erase(key);
  return object.dump();
}

std::string with(std::string body, const std::string& key, const json& value) {
  auto object = json::parse(body);
  object[key] = value;
  return object.dump();
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(endpoints, serving)

BOOST_AUTO_TEST_CASE(agents_are_made_read_changed_and_archived) {
  const auto made = ask("POST", "/api/agents", full_agent);
  BOOST_TEST(made.status == 201);
  BOOST_TEST(made.at("location") == agent_path());
  BOOST_TEST(made.at("content-type") == "application/json; charset=utf-8");
  BOOST_TEST(json::parse(made.body).at("name") == "Ada");
  BOOST_TEST(fleet.last_agent.role == "You plan.");
  BOOST_TEST(fleet.last_agent.max_turns == default_max_turns);
  BOOST_TEST(ask("GET", agent_path()).status == 200);
  const auto changed =
      ask("PATCH", agent_path(), R"({"team":null,"manager":null,"budget":{"tokens":5,"period":"day"}})");
  BOOST_TEST(changed.status == 200);
  BOOST_REQUIRE(fleet.last_patch.team.has_value());
  BOOST_TEST(!fleet.last_patch.team->has_value());
  BOOST_TEST(!fleet.last_patch.name.has_value());
  BOOST_TEST(fleet.last_patch.budget->value().tokens == 5U);
  const auto gone = ask("DELETE", agent_path());
  BOOST_TEST(gone.status == 200);
  BOOST_TEST(gone.body == R"({"ok":true})");
}

BOOST_AUTO_TEST_CASE(tasks_are_made_read_and_changed) {
  const auto draft = json{{"title", "t"},
                          {"input", "i"},
                          {"assignee", fleet.an_agent.id.to_string()},
                          {"priority", "high"},
                          {"epic_id", nullptr}};
  const auto made = ask("POST", "/api/tasks", draft.dump(), "");
  BOOST_TEST(made.status == 201);
  BOOST_TEST(made.at("location") == task_path());
  BOOST_TEST(ask("GET", task_path()).status == 200);
  BOOST_TEST(ask("PATCH", task_path(), R"({"status":"error"})").status == 200);
}

BOOST_AUTO_TEST_CASE(lists_take_filters_from_the_query_and_from_a_body) {
  const auto listed = ask("GET", "/api/agents?status=paused&team=a%20b+c&team=d%2Be&limit=7&unknown=1");
  BOOST_TEST(listed.status == 200);
  BOOST_TEST(json::parse(listed.body).size() == 1U);
  BOOST_TEST((fleet.last_agents.status == agent_status::paused));
  BOOST_TEST(fleet.last_agents.team.value() == "d+e");
  BOOST_TEST(fleet.last_agents.page.limit == 7U);
  BOOST_TEST(listed.at("link") ==
             "</api/agents?cursor=a%20cursor%26more&limit=7&status=paused&team=d%2Be&unknown=1>; rel=\"next\"");
  BOOST_TEST(ask("GET", "/api/agents?cursor=x").at("link").empty());

  BOOST_TEST(ask("GET", "/api/tasks?priority=low", R"({"status":"done","priority":"high","limit":3})").status == 200);
  BOOST_TEST((fleet.last_tasks.status == task_status::done));
  BOOST_TEST((fleet.last_tasks.priority == task_priority::low));
  BOOST_TEST(fleet.last_tasks.page.limit == 3U);

  BOOST_TEST(
      ask("GET", "/api/messages?type=task.*&since=2026-11-23T09:30:00%2B01:00&agent=" + fleet.an_agent.id.to_string())
          .status == 200);
  BOOST_TEST(fleet.last_messages.filter.type.value() == "task.*");
  BOOST_TEST(to_string(fleet.last_messages.filter.since.value()) == "2026-11-23T08:30:00.000Z");
  BOOST_TEST(fleet.last_messages.page.limit == default_page_limit);
  for (const auto* wrong : {"limit=0", "limit=501", "limit=1.5", "limit=", "limit=-1", "limit=abc"}) {
    const auto refused = ask("GET", std::string("/api/agents?") + wrong);
    BOOST_TEST(refused.status == 400, wrong);
    BOOST_TEST(error_of(refused).starts_with("limit: "), wrong);
  }
  for (const auto* wrong : {"since=yesterday", "until=2026-02-30T00:00:00Z", "agent=tsk_x", "task=1", "type="}) {
    const auto refused = ask("GET", std::string("/api/messages?") + wrong);
    BOOST_TEST(refused.status == 400, wrong);
    BOOST_TEST(error_of(refused).starts_with(std::string(wrong).substr(0, std::string(wrong).find('='))), wrong);
  }
  BOOST_TEST(ask("GET", "/api/tasks?status=%zz").status == 400);
}

BOOST_AUTO_TEST_CASE(bad_bodies_are_refused_by_name_and_change_nothing) {
  const auto refused = [&](const std::string& path, const std::string& verb, const std::string& body,
                           const std::string& name) {
    const auto given = ask(verb, path, body);
    BOOST_TEST(given.status == 400, body.substr(0, 200));
    BOOST_TEST(error_of(given).starts_with(name), error_of(given));
  };
  for (const std::string name : {"name", "role", "model", "provider", "glyph"}) {
    refused("/api/agents", "POST", without(full_agent, name), name + ": is required");
    refused("/api/agents", "POST", with(full_agent, name, ""), name + ": must not be empty");
    refused("/api/agents", "POST", with(full_agent, name, 5), name + ": must be a string");
    refused("/api/agents", "POST", with(full_agent, name, nullptr), name + ": must be a string");
    refused(agent_path(), "PATCH", json{{name, ""}}.dump(), name + ": ");
  }
  refused("/api/agents", "POST", with(full_agent, "manager", "agt_1"), "manager: ");
  refused("/api/agents", "POST", with(full_agent, "mcps", "a"), "mcps: ");
  refused("/api/agents", "POST", with(full_agent, "maxTurns", 1.5), "maxTurns: ");
  refused("/api/agents", "POST", with(full_agent, "budget", {{"tokens", 1}}), "budget.period: ");
  refused(agent_path(), "PATCH", R"({"status":"sleeping"})", "status: ");
  refused("/api/tasks", "POST", R"({"title":"t","input":"i","assignee":"nobody"})", "assignee: ");
  refused("/api/tasks", "POST", R"({"title":"t","input":"i"})", "assignee: is required");
  refused(task_path(), "PATCH", R"({"priority":"urgent"})", "priority: ");
  refused("/api/run", "POST", R"({})", "taskId: is required");
  refused("/api/run", "POST", R"({"taskId":"agt_x"})", "taskId: ");
  refused("/api/run", "POST", with(run_body(), "restart", "yes"), "restart: ");
  refused("/api/agents", "POST", "not json", "the body is not valid JSON");
  refused("/api/agents", "POST", "{\"name\":\"\xff\"}", "the body is not valid JSON");
  refused("/api/agents", "POST", "[1]", "the body must be a JSON object");
  refused("/api/agents", "POST", std::string(100'000, '['), "the body is too deep");
  refused("/api/agents", "POST", R"({"a":)" + std::string(500'000, '[') + std::string(500'000, ']') + "}",
          "the body is too deep");
  BOOST_TEST(ask("POST", "/api/agents").status == 400);
  BOOST_TEST(fleet.changes() == 0U);
}

BOOST_AUTO_TEST_CASE(what_does_not_exist_is_404) {
  const auto unknown = agent_id::make(timestamp{}).to_string();
  for (const std::string path :
       {"/nowhere", "/api", "/api/agents/", "/api/agents/x", "/api/agents/%zz",
        "/api/agents/tsk_00000000000000000000000000", "/API/agents", "/api/tasks/x/events"}) {
    const auto given = ask("GET", path);
    BOOST_TEST(given.status == 404, path);
    BOOST_TEST(!error_of(given).empty());
  }
  BOOST_TEST(ask("GET", "/api/agents/" + unknown).status == 404);
  BOOST_TEST(ask("PATCH", "/api/agents/" + unknown, "{}").status == 404);
  BOOST_TEST(ask("DELETE", "/api/agents/" + unknown).status == 404);
  BOOST_TEST(ask("POST", "/api/run", R"({"taskId":")" + task_id::make(timestamp{}).to_string() + "\"}").status ==
             404);
  BOOST_TEST(fleet.changes() == 0U);
}

BOOST_AUTO_TEST_CASE(wrong_methods_are_told_the_right_ones) {
  const auto wrong = ask("DELETE", "/api/tasks");
  BOOST_TEST(wrong.status == 405);
  BOOST_TEST(wrong.at("allow") == "GET, HEAD, POST, OPTIONS");
  BOOST_TEST(ask("PUT", agent_path(), "{}").at("allow") == "GET, HEAD, PATCH, DELETE, OPTIONS");
  BOOST_TEST(ask("HEAD", "/api/messages/stream").status == 405);
  const auto options = ask("OPTIONS", "/api/run");
  BOOST_TEST(options.status == 204);
  BOOST_TEST(options.at("allow") == "POST, OPTIONS");
  BOOST_TEST(options.body.empty());
}

BOOST_AUTO_TEST_CASE(tokens_and_roles_are_asked_for) {
  const auto port = server->port();
  for (const std::string headers :
       {"", "Authorization: Bearer\r\n", "Authorization: Basic abc\r\n", "Authorization: Bearer fr_live_short\r\n",
        "Authorization: Bearer fr_live_QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ\r\n"}) {
    const auto given = fetch(port, "GET", "/api/agents", {}, {}, headers);
    BOOST_TEST(given.status == 401, headers);
    BOOST_TEST(given.at("www-authenticate") == "Bearer");
    BOOST_TEST(!error_of(given).empty());
  }
  const auto viewer = token_of(role::viewer);
  BOOST_TEST(fetch(port, "GET", "/api/me", {}, {}, "authorization: bEaReR " + viewer + "\r\n").status == 200);
  BOOST_TEST(fetch(port, "POST", "/api/agents", viewer, full_agent).status == 403);
  BOOST_TEST(fetch(port, "POST", "/api/run", viewer, run_body()).status == 403);
  BOOST_TEST(fetch(port, "DELETE", agent_path(), viewer).status == 403);
  BOOST_TEST(fetch(port, "GET", "/api/agents", token_of(role::admin)).status == 200);
  BOOST_TEST(fleet.changes() == 0U);
}

BOOST_AUTO_TEST_CASE(bodies_are_json_by_type) {
  const auto form = ask("POST", "/api/agents", full_agent, "Content-Type: application/x-www-form-urlencoded\r\n");
  BOOST_TEST(form.status == 415);
  BOOST_TEST(error_of(form).find("application/json") != std::string::npos);
  BOOST_TEST(fleet.changes() == 0U);
  BOOST_TEST(ask("POST", "/api/agents", full_agent, "Content-Type: application/json; charset=utf-8\r\n").status ==
             201);
}

BOOST_AUTO_TEST_CASE(probes_and_index_need_no_token) {
  const auto port = server->port();
  BOOST_TEST(fetch(port, "GET", "/healthz").status == 200);
  BOOST_TEST(fetch(port, "GET", "/readyz").body ==
             R"({"status":"ready","recovery":{"state":"done","agents":0,"done":0}})");
  fleet.state = {false, "store: no space left"};
  const auto not_ready = fetch(port, "GET", "/readyz");
  BOOST_TEST(not_ready.status == 503);
  BOOST_TEST(not_ready.body ==
             R"({"status":"store: no space left","recovery":{"state":"done","agents":0,"done":0}})");
  BOOST_TEST(fetch(port, "GET", "/").status == 200);
}

BOOST_AUTO_TEST_CASE(request_ids_are_echoed_or_made) {
  BOOST_TEST(ask("GET", "/api/me", {}, "X-Request-Id: mine-1\r\n").at("x-request-id") == "mine-1");
  BOOST_TEST(ask("GET", "/api/me", {}, "X-Request-Id: not mine\r\n").at("x-request-id").size() == 16U);
  BOOST_TEST(ask("GET", "/nowhere").at("x-request-id").size() == 16U);
}

BOOST_AUTO_TEST_CASE(head_is_a_get_without_its_body) {
  client one(server->port());
  one.send(request_text("HEAD", "/healthz"));
  const auto head = one.read(false);
  BOOST_TEST(head.status == 200);
  one.send(request_text("GET", "/healthz"));
  BOOST_TEST(std::to_string(one.read().body.size()) == head.at("content-length"));
}

BOOST_AUTO_TEST_CASE(connections_are_kept_and_pipelined) {
  client one(server->port());
  const auto token = token_of(role::operator_);
  one.send(request_text("GET", "/api/me", token) + request_text("GET", "/nowhere", token) +
           request_text("GET", agent_path(), token));
  BOOST_TEST(one.read().status == 200);
  BOOST_TEST(one.read().status == 404);
  BOOST_TEST(one.read().status == 200);
  one.send("POST /api/agents HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nAuthorization: Bearer " + token +
           "\r\n\r\n" + chunk(full_agent.substr(0, 5)));
  one.send(chunk(full_agent.substr(5)) + chunk(""));
  BOOST_TEST(one.read().status == 201);
  one.send(request_text("GET", "/healthz", {}, {}, "Connection: close\r\n"));
  BOOST_TEST(one.read().status == 200);
  BOOST_TEST(one.await_close());
}

BOOST_AUTO_TEST_SUITE_END()
