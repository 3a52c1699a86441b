// The API reference, line by line: each line of its table has a test of its name, which does what the line and the
// detailed section behind it say, against the real server.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <set>

#include "tests/support/api_client.hpp"
#include "tests/support/scratch_directory.hpp"

namespace {

using namespace flotilla::testing;
using nlohmann::json;

/// A line of the reference's table, and the test that walks it.
struct line {
  const char* method;
  const char* path;
  const char* description;
  const char* test;
};

constexpr std::array table{
    line{"GET", "/api/agents", "List all agents in the org.", "list_agents"},
    line{"POST", "/api/agents", "Create a new agent.", "create_an_agent"},
    line{"GET", "/api/agents/[id]", "Get a single agent by ID.", "get_an_agent"},
    line{"PATCH", "/api/agents/[id]", "Update agent fields (name, role, model, status, etc.).", "update_an_agent"},
    line{"DELETE", "/api/agents/[id]", "Archive an agent (soft delete).", "archive_an_agent"},
    line{"GET", "/api/tasks", "List tasks. Supports filtering by status and assignee.", "list_tasks"},
    line{"POST", "/api/tasks", "Create a new task.", "create_a_task"},
    line{"GET", "/api/tasks/[id]", "Get a single task by ID.", "get_a_task"},
    line{"PATCH", "/api/tasks/[id]", "Update task fields (status, priority, assignee).", "update_a_task"},
    line{"POST", "/api/run", "Execute a task. Returns a Server-Sent Events stream of execution events.",
         "execute_a_task"},
    line{"GET", "/api/messages", "List messages on the bus. Supports filtering by agent, type, and time range.",
         "list_messages"},
    line{"GET", "/api/secrets", "List secret keys (values are never returned).", "list_secrets"},
    line{"POST", "/api/secrets", "Create or update a secret.", "create_or_update_a_secret"},
    line{"DELETE", "/api/secrets", "Delete a secret by key and scope.", "delete_a_secret"},
    line{"GET", "/api/mcps", "List all configured MCP servers.", "list_mcp_servers"},
    line{"POST", "/api/mcps", "Add a new MCP server.", "add_an_mcp_server"},
    line{"GET", "/api/usage",
         "Get token usage and task counts for the org, optionally broken down by agent or model.", "get_usage"},
    line{"GET", "/api/me", "Return the authenticated user and org details.", "who_am_i"},
};

/// The tests of this file that are of no line.
constexpr std::array others{"every_line_has_its_test", "every_line_is_in_the_document", "error_responses"};

constexpr const char* fox = "\xF0\x9F\xA6\x8A";
constexpr const char* nobody = "agt_01ARZ3NDEKTSV4RRFFQ69G5FAV";

struct fleet_at_hand {
  scratch_directory directory;
  server_process server{directory.path};
  api_client api{server.port()};

  json must(const api_answer& answer, int status = 200) const {
    BOOST_REQUIRE_MESSAGE(answer.status == status, answer.status << " " << answer.text);
    return answer.body;
  }
  json get(const std::string& target) const { return must(api.get(target)); }
  api_answer remove(const std::string& target, const json& body = nullptr) const {
    return api.ask("DELETE", target, body.is_null() ? "" : body.dump());
  }
  /// The request is refused, and the message names the field.
  void refused(const api_answer& answer, const std::string& field) const {
    BOOST_TEST(answer.status == 400, answer.status << " " << answer.text);
    BOOST_TEST(contains(answer.error(), field), answer.text);
  }
  /// Each of the fields must be there.
  void requires_all(const std::string& target, const json& whole, const std::vector<std::string>& fields) const {
    for (const auto& field : fields) {
      auto body = whole;
      body.erase(field);
      refused(api.post(target, body), field);
    }
  }
  std::string done_task(const std::string& agent, json fields = json::object()) const {
    const auto task = api.new_task(agent, "@say done", std::move(fields));
    BOOST_REQUIRE(api.run(task).rest().back().is("status", "done"));
    return task;
  }
  static json agent_fields() {
    return {{"name", "Ada"},
            {"role", "You help."},
            {"model", "claude-sonnet-4-5"},
            {"provider", "anthropic"},
            {"glyph", fox}};
  }
};

std::vector<std::string> all_of(const json& list, const char* field) {
  std::vector<std::string> found;
  for (const auto& item : list) found.push_back(item.at(field));
  return found;
}

using texts = std::vector<std::string>;

const json is_ok = {{"ok", true}};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(reference, fleet_at_hand)

BOOST_AUTO_TEST_CASE(every_line_has_its_test) {
  namespace unit = boost::unit_test;
  auto& master = unit::framework::master_test_suite();
  const auto& suite = unit::framework::get<unit::test_suite>(master.get("reference"));
  std::set<std::string> named(others.begin(), others.end());
  for (const auto& each : table) {
    BOOST_TEST(suite.get(each.test) != unit::INV_TEST_UNIT_ID, each.method << " " << each.path << " has no test");
    BOOST_TEST(named.insert(each.test).second, each.test << " is named twice");
  }
  BOOST_TEST(suite.size() == named.size(), "a test of this suite is in no list");
}

BOOST_AUTO_TEST_CASE(every_line_is_in_the_document) {
  const auto document = get("/api/openapi.json");
  for (const auto& each : table) {
    std::string path = each.path;
    if (const auto id = path.find("[id]"); id != std::string::npos) path.replace(id, 4, "{id}");
    std::string verb = each.method;
    std::transform(verb.begin(), verb.end(), verb.begin(), [](char c) { return static_cast<char>(c - 'A' + 'a'); });
    BOOST_TEST(document.at("paths").value(path, json::object()).contains(verb), each.method << " " << path);
  }
}

// --- agents -----------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(list_agents) {
  BOOST_TEST(get("/api/agents") == json::array());
  const auto first = api.new_agent({{"name", "First"}});
  const auto second = api.new_agent({{"name", "Second"}});
  const auto listed = get("/api/agents");
  BOOST_TEST(all_of(listed, "id") == texts({second, first}));
  BOOST_TEST(listed[0] == get("/api/agents/" + second));
}

BOOST_AUTO_TEST_CASE(create_an_agent) {
  const auto fields = agent_fields();
  requires_all("/api/agents", fields, {"name", "role", "model", "provider", "glyph"});
  const auto made = must(api.post("/api/agents", fields), 201);
  for (const auto& [name, value] : fields.items()) BOOST_TEST(made.at(name) == value);
  BOOST_TEST(made.at("manager") == nullptr);
  BOOST_TEST(made.at("team") == nullptr);
  BOOST_TEST(made.at("status") == "active");
  for (const auto* provider : {"anthropic", "openai", "openrouter"}) {
    auto other = fields;
    other.update({{"provider", provider}, {"manager", made.at("id")}, {"team", "Research"}});
    const auto report = must(api.post("/api/agents", other), 201);
    BOOST_TEST(report.at("provider") == provider);
    BOOST_TEST(report.at("manager") == made.at("id"));
    BOOST_TEST(report.at("team") == "Research");
  }
}

BOOST_AUTO_TEST_CASE(get_an_agent) {
  const auto made = must(api.post("/api/agents", agent_fields()), 201);
  BOOST_TEST(get("/api/agents/" + made.at("id").get<std::string>()) == made);
  BOOST_TEST(api.get(std::string("/api/agents/") + nobody).status == 404);
}

BOOST_AUTO_TEST_CASE(update_an_agent) {
  const auto path = "/api/agents/" + api.new_agent();
  const auto chief = api.new_agent();
  const json change = {{"name", "Grace"},      {"role", "You lead."},         {"model", "other"},
                       {"provider", "openai"}, {"glyph", "\xF0\x9F\x90\x99"}, {"manager", chief},
                       {"team", "Research"},   {"status", "paused"}};
  const auto before = get(path);
  const auto updated = must(api.patch(path, change));
  for (const auto& [name, value] : change.items()) BOOST_TEST(updated.at(name) == value);
  BOOST_TEST(updated.at("id") == before.at("id"));
  BOOST_TEST(updated.at("createdAt") == before.at("createdAt"));
  BOOST_TEST(get(path) == updated);
  const auto renamed = must(api.patch(path, {{"name", "Hopper"}}));
  BOOST_TEST(renamed.at("role") == "You lead.");
}

BOOST_AUTO_TEST_CASE(archive_an_agent) {
  const auto id = api.new_agent();
  const auto task = api.new_task(id, "later");
  BOOST_TEST(must(remove("/api/agents/" + id)) == is_ok);
  BOOST_TEST(get("/api/agents/" + id).at("status") == "archived");  // soft: it can still be read
  BOOST_TEST(get("/api/tasks/" + task).at("assignee") == id);
  BOOST_TEST(remove(std::string("/api/agents/") + nobody).status == 404);
}

// --- tasks ------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(list_tasks) {
  const auto ada = api.new_agent();
  const auto bob = api.new_agent();
  const auto first = api.new_task(ada, "later");
  const auto second = done_task(ada);
  const auto third = api.new_task(bob, "later");
  BOOST_TEST(all_of(get("/api/tasks"), "id") == texts({third, second, first}));  // most recent first
  BOOST_TEST(all_of(get("/api/tasks?status=pending"), "id") == texts({third, first}));
  BOOST_TEST(all_of(get("/api/tasks?assignee=" + ada), "id") == texts({second, first}));
  BOOST_TEST(all_of(get("/api/tasks?status=done&assignee=" + ada), "id") == texts({second}));
  for (const std::string status : {"running", "error", "waiting"}) {
    BOOST_TEST(get("/api/tasks?status=" + status) == json::array());
  }
  refused(api.get("/api/tasks?status=finished"), "status");
  // The reference speaks of a request body: it is taken too.
  BOOST_TEST(all_of(must(api.ask("GET", "/api/tasks", R"({"status":"done"})")), "id") == texts({second}));
}

BOOST_AUTO_TEST_CASE(create_a_task) {
  const auto ada = api.new_agent();
  const json fields = {{"title", "A label"}, {"input", "A prompt"}, {"assignee", ada}};
  requires_all("/api/tasks", fields, {"title", "input", "assignee"});
  const auto made = must(api.post("/api/tasks", fields), 201);
  for (const auto& [name, value] : fields.items()) BOOST_TEST(made.at(name) == value);
  BOOST_TEST(made.at("priority") == "normal");
  BOOST_TEST(made.at("status") == "pending");
  BOOST_TEST(made.at("requester") == nullptr);
  BOOST_TEST(made.at("epic_id") == nullptr);

  const auto epic = must(api.post("/api/epics", {{"name", "An epic"}, {"type", "feature"}}), 201).at("id");
  for (const auto* priority : {"low", "normal", "high"}) {
    auto full = fields;
    full.update({{"priority", priority}, {"requester", ada}, {"epic_id", epic}});
    const auto task = must(api.post("/api/tasks", full), 201);
    for (const auto& [name, value] : full.items()) BOOST_TEST(task.at(name) == value);
  }
}

BOOST_AUTO_TEST_CASE(get_a_task) {
  const auto task = api.new_task(api.new_agent(), "@think hm\n@say done");
  BOOST_TEST(get("/api/tasks/" + task).at("log") == json::array());
  const auto streamed = api.run(task).rest();
  const auto shown = get("/api/tasks/" + task);
  BOOST_TEST(shown.at("status") == "done");
  BOOST_TEST(shown.at("output") == "done");
  json events = json::array();
  for (const auto& event : streamed) events.push_back(event.data);
  BOOST_TEST(shown.at("log") == events);  // the full history
  BOOST_TEST(api.get("/api/tasks/tsk_01ARZ3NDEKTSV4RRFFQ69G5FAV").status == 404);
}

BOOST_AUTO_TEST_CASE(update_a_task) {
  const auto path = "/api/tasks/" + api.new_task(api.new_agent(), "later");
  const auto bob = api.new_agent();
  const auto updated = must(api.patch(path, {{"priority", "high"}, {"assignee", bob}}));
  BOOST_TEST(updated.at("priority") == "high");
  BOOST_TEST(updated.at("assignee") == bob);
  BOOST_TEST(updated.at("title") == "A task");
  BOOST_TEST(get(path).at("assignee") == bob);
  const auto ended = must(api.patch(path, {{"status", "error"}}));
  BOOST_TEST(ended.at("status") == "error");
  BOOST_TEST(ended.at("error").at("code") == "cancelled");
  refused(api.patch(path, {{"status", "done"}}), "status");
}

BOOST_AUTO_TEST_CASE(execute_a_task) {
  const auto ada = api.new_agent();
  const auto task = api.new_task(ada, "@think hm\n@tool rehearse_echo {\"text\": \"hello\"}\n@say heard: \n@result");
  auto stream = api.run(task);
  BOOST_TEST(stream.status() == 200);
  BOOST_TEST(stream.head().headers.at("content-type").starts_with("text/event-stream"));
  const auto events = stream.rest();
  std::set<std::string> types;
  for (const auto& event : events) {
    types.insert(event.data.at("type").get<std::string>());
    BOOST_TEST(event.data.at("text").is_string());
  }
  for (const auto* type : {"thinking", "tool_call", "tool_result", "output"}) BOOST_TEST(types.contains(type), type);
  BOOST_TEST(joined(events, "thinking") == "hm");
  BOOST_TEST(joined(events, "output") == get("/api/tasks/" + task).at("output"));
  BOOST_TEST(events.back().is("status", "done"));

  const auto failing = api.run(api.new_task(ada, "@fail 400 times 1000 no")).rest();
  BOOST_TEST(!joined(failing, "error").empty());
  BOOST_TEST(failing.back().is("status", "error"));

  refused(api.post("/api/run", json::object()), "taskId");
  BOOST_TEST(api.post("/api/run", {{"taskId", "tsk_01ARZ3NDEKTSV4RRFFQ69G5FAV"}}).status == 404);
}

// --- the bus ----------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(list_messages) {
  constexpr std::size_t default_limit = 100;
  constexpr std::size_t max_limit = 500;
  const auto ada = api.new_agent();
  const auto task = done_task(ada);
  for (std::size_t i = 0; i < max_limit; ++i) (void)api.new_agent();
  BOOST_TEST(get("/api/messages").size() == default_limit);
  BOOST_TEST(get("/api/messages?limit=500").size() == max_limit);
  refused(api.get("/api/messages?limit=501"), "limit");

  for (const auto& message : get("/api/messages?agent=" + ada)) {
    BOOST_TEST((message.at("from") == ada || message.at("to") == ada ||
                message.at("data").dump().find(ada) != std::string::npos),
               message.dump());
  }
  BOOST_TEST(!get("/api/messages?agent=" + ada).empty());
  const auto done = get("/api/messages?type=task.done");
  BOOST_REQUIRE(done.size() == 1U);
  BOOST_TEST(done[0].at("task_id") == task);
  const std::string when = done[0].at("createdAt");
  BOOST_TEST(get("/api/messages?type=task.done&since=" + when).size() == 1U);
  BOOST_TEST(get("/api/messages?type=task.done&since=2999-01-01T00:00:00Z").empty());
  BOOST_TEST(get("/api/messages?type=task.done&until=2001-01-01T00:00:00Z").empty());
}

// --- secrets ----------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(list_secrets) {
  const auto ada = api.new_agent();
  BOOST_TEST(get("/api/secrets") == json::array());
  must(api.post("/api/secrets", {{"key", "ORG_KEY"}, {"value", "a planted value"}}));
  must(api.post("/api/secrets",
                {{"key", "HER_KEY"}, {"value", "a planted value"}, {"scope", "agent"}, {"agentId", ada}}));
  const auto listed = get("/api/secrets");  // scope org by default
  BOOST_REQUIRE(listed.size() == 1U);
  BOOST_TEST(listed[0].size() == 4U);
  BOOST_TEST(listed[0].at("key") == "ORG_KEY");
  BOOST_TEST(listed[0].at("scope") == "org");
  BOOST_TEST(listed[0].at("agentId") == nullptr);
  BOOST_TEST(listed[0].at("updatedAt").is_string());
  BOOST_TEST(get("/api/secrets?scope=org") == listed);
  const auto hers = get("/api/secrets?scope=agent&agent=" + ada);
  BOOST_TEST(all_of(hers, "key") == texts({"HER_KEY"}));
  BOOST_TEST(all_of(hers, "agentId") == texts({ada}));
  BOOST_TEST(!contains(api.get("/api/secrets").text + api.get("/api/secrets?scope=agent").text, "planted"));
}

BOOST_AUTO_TEST_CASE(create_or_update_a_secret) {
  const json fields = {{"key", "A_KEY_2"}, {"value", "first"}};
  requires_all("/api/secrets", fields, {"key", "value"});
  BOOST_TEST(must(api.post("/api/secrets", fields)) == is_ok);
  BOOST_TEST(must(api.post("/api/secrets", {{"key", "A_KEY_2"}, {"value", "second"}, {"scope", "org"}})) == is_ok);
  BOOST_TEST(get("/api/secrets").size() == 1U);  // updated, not added
  for (const auto* key : {"lower", "WITH-DASH", "WITH SPACE", "\xC3\x84"}) {
    refused(api.post("/api/secrets", {{"key", key}, {"value", "v"}}), "key");
  }
  refused(api.post("/api/secrets", {{"key", "A"}, {"value", "v"}, {"scope", "agent"}}), "agentId");
  refused(api.post("/api/secrets", {{"key", "A"}, {"value", "v"}, {"scope", "team"}}), "scope");
}

BOOST_AUTO_TEST_CASE(delete_a_secret) {
  const auto ada = api.new_agent();
  must(api.post("/api/secrets", {{"key", "A_KEY"}, {"value", "of the org"}}));
  must(api.post("/api/secrets", {{"key", "A_KEY"}, {"value", "of Ada"}, {"scope", "agent"}, {"agentId", ada}}));
  refused(remove("/api/secrets", json::object()), "key");
  BOOST_TEST(must(remove("/api/secrets", {{"key", "A_KEY"}})) == is_ok);
  BOOST_TEST(get("/api/secrets") == json::array());
  BOOST_TEST(get("/api/secrets?scope=agent").size() == 1U);  // the other scope's stays
  BOOST_TEST(must(remove("/api/secrets", {{"key", "A_KEY"}, {"scope", "agent"}, {"agentId", ada}})) == is_ok);
  BOOST_TEST(get("/api/secrets?scope=agent") == json::array());
  BOOST_TEST(remove("/api/secrets", {{"key", "A_KEY"}}).status == 404);
}

// --- MCP servers ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(list_mcp_servers) {
  BOOST_TEST(get("/api/mcps") == json::array());
  const auto first =
      must(api.post("/api/mcps", {{"name", "one"}, {"transport", "http"}, {"url", "https://example.com/"}}), 201);
  const auto second =
      must(api.post("/api/mcps", {{"name", "two"}, {"transport", "stdio"}, {"command", "/bin/cat"}}), 201);
  BOOST_TEST(get("/api/mcps") == json::array({second, first}));
}

BOOST_AUTO_TEST_CASE(add_an_mcp_server) {
  must(api.post("/api/secrets", {{"key", "TOKEN"}, {"value", "a planted value"}}));
  const json stdio = {{"name", "files"},
                      {"transport", "stdio"},
                      {"command", "/bin/cat"},
                      {"args", {"-n", "--all"}},
                      {"env", {{"TOKEN", "${secret:TOKEN}"}}}};
  requires_all("/api/mcps", stdio, {"name", "transport", "command"});
  const auto made = must(api.post("/api/mcps", stdio), 201);
  for (const auto& [name, value] : stdio.items()) BOOST_TEST(made.at(name) == value);  // the reference, not the value
  refused(api.post("/api/mcps", stdio), "name");                                       // unique
  const json http = {{"name", "web"}, {"transport", "http"}, {"url", "https://example.com/mcp"}};
  requires_all("/api/mcps", http, {"url"});
  BOOST_TEST(must(api.post("/api/mcps", http), 201).at("url") == http.at("url"));
  refused(api.post("/api/mcps", {{"name", "x"}, {"transport", "smoke"}}), "transport");
}

// --- usage and me -----------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(get_usage) {
  const auto ada = api.new_agent({{"model", "m-1"}});
  const auto bob = api.new_agent({{"model", "m-2"}});
  const auto tokens = [this](const std::string& task) {
    return get("/api/tasks/" + task).at("usage").at("total_tokens").get<std::uint64_t>();
  };
  const auto of_ada = tokens(done_task(ada)) + tokens(done_task(ada));
  const auto of_bob = tokens(done_task(bob));
  const auto usage = get("/api/usage");
  BOOST_TEST(usage.at("total_tokens") == of_ada + of_bob);
  BOOST_TEST(usage.at("task_count") == 3);
  BOOST_TEST(usage.at("by_agent").size() == 2U);
  BOOST_TEST(usage.at("by_model").size() == 2U);
  std::uint64_t by_day = 0;
  for (const auto& day : usage.at("daily_breakdown")) by_day += day.at("total_tokens").get<std::uint64_t>();
  BOOST_TEST(by_day == of_ada + of_bob);
  BOOST_TEST(get("/api/usage?period=month") == usage);  // the default
  for (const std::string period : {"day", "week"}) {
    BOOST_TEST(get("/api/usage?period=" + period).at("total_tokens") == of_ada + of_bob);
  }
  const auto hers = get("/api/usage?agent=" + ada);
  BOOST_TEST(hers.at("total_tokens") == of_ada);
  BOOST_TEST(hers.at("task_count") == 2);
  refused(api.get("/api/usage?period=year"), "period");
}

BOOST_AUTO_TEST_CASE(who_am_i) {
  const auto me = get("/api/me");
  for (const auto* field : {"id", "name", "role"}) BOOST_TEST(me.at("user").contains(field), field);
  for (const auto* field : {"id", "name"}) BOOST_TEST(me.at("org").contains(field), field);
  BOOST_TEST(me.at("user").at("role") == "admin");
  BOOST_TEST(me.at("plan").at("name").is_string());
  BOOST_TEST(me.at("plan").at("limits").is_object());
  BOOST_TEST(me.at("features").is_object());
}

BOOST_AUTO_TEST_CASE(error_responses) {
  const auto shaped = [](const api_answer& answer, int status) {
    BOOST_TEST(answer.status == status, answer.text);
    BOOST_TEST(answer.body.size() == 1U, answer.text);
    BOOST_TEST(!answer.error().empty(), answer.text);
  };
  shaped(api.post("/api/agents", json::object()), 400);
  shaped(api_client(api.port(), "fr_live_nonsense").get("/api/agents"), 401);
  const auto viewer = must(api.post("/api/tokens", {{"name", "Viewer"}, {"role", "viewer"}}), 201).at("token");
  shaped(api_client(api.port(), viewer).post("/api/agents", agent_fields()), 403);
  shaped(api.get(std::string("/api/agents/") + nobody), 404);
}

BOOST_AUTO_TEST_SUITE_END()
