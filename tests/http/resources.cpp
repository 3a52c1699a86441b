// The endpoints of epics, secrets, MCP servers, tokens, usage, the tree, approvals and messages: what each hands to
// the fleet, and what it answers.
#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include "tests/http/serving.hpp"

using namespace flotilla;
using namespace flotilla::test;
using nlohmann::json;

namespace {

const std::string ok_body = R"({"ok":true})";

std::string error_of(const answer& given) {
  return json::parse(given.body).at("error").get<std::string>();
}

/// What the Location of an answer names, where it is what the answer shows.
std::string place_of(const answer& made, const std::string& collection) {
  BOOST_TEST(made.status == 201);
  const auto expected = collection + "/" + json::parse(made.body).at("id").get<std::string>();
  BOOST_TEST(made.at("location") == expected);
  return expected;
}

struct all_of_it : serving {
  all_of_it() : serving(http::server_options{}) {}
  [[nodiscard]] std::string agent() const { return fleet.an_agent.id.to_string(); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(resources, all_of_it)

BOOST_AUTO_TEST_CASE(epics_are_made_shown_listed_and_changed) {
  const auto made = ask("POST", "/api/epics", R"({"name":"Refit","type":"ops"})");
  const auto place = place_of(made, "/api/epics");
  BOOST_TEST(json::parse(made.body).at("type") == "ops");
  BOOST_TEST(json::parse(ask("POST", "/api/epics", R"({"name":"Other"})").body).at("type") == "feature");
  BOOST_TEST(json::parse(ask("GET", place).body).at("tasks").size() == 1U);
  BOOST_TEST(json::parse(ask("PATCH", place, R"({"status":"done"})").body).at("status") == "done");
  BOOST_TEST(json::parse(ask("GET", "/api/epics?status=done&type=ops&limit=3").body).size() == 2U);
  BOOST_TEST((fleet.last_epics.status == epic_status::done));
  BOOST_TEST((fleet.last_epics.type == epic_type::ops));
  BOOST_TEST(fleet.last_epics.page.limit == 3U);
  BOOST_TEST(ask("GET", "/api/epics/" + epic_id::make(timestamp{}).to_string()).status == 404);
  BOOST_TEST(error_of(ask("GET", "/api/epics/x")) == "no such epic");
}

BOOST_AUTO_TEST_CASE(secrets_are_put_listed_and_deleted_and_never_shown) {
  BOOST_TEST(ask_admin("POST", "/api/secrets", R"({"key":"A_KEY","value":"hidden"})").body == ok_body);
  BOOST_TEST(fleet.last_value == "hidden");
  BOOST_TEST((fleet.last_secret == secret_name{secret_scope::org, {}, "A_KEY"}));
  const auto scoped = json{{"key", "B_KEY"}, {"value", "hidden"}, {"scope", "agent"}, {"agentId", agent()}};
  BOOST_TEST(ask_admin("POST", "/api/secrets", scoped.dump()).status == 200);
  BOOST_TEST(fleet.last_secret.agent.value().to_string() == agent());
  const auto listed = ask_admin("GET", "/api/secrets?scope=agent&agent=" + agent());
  BOOST_TEST(json::parse(listed.body).size() == 2U);
  BOOST_TEST(listed.body.find("hidden") == std::string::npos);
  BOOST_TEST((fleet.last_secrets.scope == secret_scope::agent));
  BOOST_TEST(fleet.last_secrets.agent.value().to_string() == agent());
  BOOST_TEST(ask_admin("GET", "/api/secrets?scope=agent&agentId=" + agent()).status == 200);
  BOOST_TEST(fleet.last_secrets.agent.has_value());
  BOOST_TEST(ask_admin("GET", "/api/secrets").status == 200);
  BOOST_TEST((fleet.last_secrets.scope == secret_scope::org));

  BOOST_TEST(ask_admin("DELETE", "/api/secrets?key=A_KEY").body == ok_body);
  BOOST_TEST(ask_admin("DELETE", "/api/secrets?key=A_KEY").status == 404);
  const auto named = json{{"key", "B_KEY"}, {"scope", "agent"}, {"agentId", agent()}};
  BOOST_TEST(ask_admin("DELETE", "/api/secrets", named.dump()).body == ok_body);
  BOOST_TEST(ask_admin("POST", "/api/secrets", scoped.dump()).status == 200);
  BOOST_TEST(ask_admin("DELETE", "/api/secrets?key=B_KEY&scope=agent&agent=" + agent()).body == ok_body);
}

BOOST_AUTO_TEST_CASE(secrets_have_keys_of_their_form) {
  for (const std::string key : {"lower", "A-B", "A B", ""}) {
    const auto refused = ask_admin("POST", "/api/secrets", json{{"key", key}, {"value", "v"}}.dump());
    BOOST_TEST(refused.status == 400);
    BOOST_TEST(error_of(refused).starts_with("key: "));
  }
  BOOST_TEST(error_of(ask_admin("DELETE", "/api/secrets")) == "key: is required");
  BOOST_TEST(error_of(ask_admin("POST", "/api/secrets", R"({"key":"A","value":""})")) == "value: must not be empty");
  BOOST_TEST(fleet.changes() == 0U);
}

BOOST_AUTO_TEST_CASE(mcp_servers_are_added_shown_changed_and_removed) {
  const auto made = ask_admin("POST", "/api/mcps",
                              R"({"name":"files","transport":"stdio","command":"/bin/cat","args":["","-n"],)"
                              R"("env":{"TOKEN":"${secret:A}","EMPTY":""},"url":null})");
  const auto place = place_of(made, "/api/mcps");
  BOOST_TEST(fleet.last_mcp.command.value() == "/bin/cat");
  BOOST_TEST(fleet.last_mcp.args.size() == 2U);
  BOOST_TEST(fleet.last_mcp.env.at("TOKEN") == "${secret:A}");
  BOOST_TEST(!fleet.last_mcp.url.has_value());
  BOOST_TEST(json::parse(made.body).at("env").at("TOKEN") == "${secret:A}");
  BOOST_TEST(json::parse(ask_admin("GET", "/api/mcps?limit=2").body).size() == 1U);
  BOOST_TEST(fleet.last_page.limit == 2U);
  BOOST_TEST(ask_admin("GET", place).status == 200);
  BOOST_TEST(ask_admin("PATCH", place, R"({"command":null,"args":[],"headers":{"A":"b"}})").status == 200);
  BOOST_TEST(!fleet.last_mcp_patch.command.value().has_value());
  BOOST_TEST(fleet.last_mcp_patch.args.value().empty());
  BOOST_TEST(fleet.last_mcp_patch.headers.value().at("A") == "b");
  BOOST_TEST(!fleet.last_mcp_patch.url.has_value());
  BOOST_TEST(ask_admin("DELETE", place).body == ok_body);
  BOOST_TEST(ask_admin("DELETE", place).status == 404);
}

BOOST_AUTO_TEST_CASE(tokens_are_made_listed_and_revoked) {
  const auto made = ask_admin("POST", "/api/tokens", R"({"name":"ci","role":"operator"})");
  const auto place = place_of(made, "/api/tokens");
  const auto text = json::parse(made.body).at("token").get<std::string>();
  BOOST_TEST(fetch(server->port(), "POST", "/api/agents", text, "{}").status == 400);  // it opens
  const auto listed = ask_admin("GET", "/api/tokens");
  BOOST_TEST(json::parse(listed.body).at(0).at("name") == "ci");
  BOOST_TEST(listed.body.find(text) == std::string::npos);
  BOOST_TEST(ask_admin("DELETE", place).body == ok_body);
  BOOST_TEST(fetch(server->port(), "GET", "/api/me", text).status == 401);
  BOOST_TEST(ask_admin("DELETE", place).status == 404);
  BOOST_TEST(json::parse(ask_admin("POST", "/api/tokens", R"({"name":"b"})").body).at("role") == "viewer");
}

BOOST_AUTO_TEST_CASE(only_admins_reach_secrets_mcps_and_tokens) {
  for (const std::string path : {"/api/secrets", "/api/mcps", "/api/tokens"}) {
    BOOST_TEST(ask("GET", path).status == 403);
    BOOST_TEST(ask("POST", path, "{}").status == 403);
    BOOST_TEST(fetch(server->port(), "GET", path, token_of(role::viewer)).status == 403);
    BOOST_TEST(ask_admin("GET", path).status == 200);
  }
}

BOOST_AUTO_TEST_CASE(usage_is_of_a_period_and_of_an_agent) {
  const auto given = json::parse(ask("GET", "/api/usage").body);
  BOOST_TEST((fleet.last_usage.period == budget_period::month));
  BOOST_TEST(given.at("total_tokens") == 7);
  BOOST_TEST(given.at("by_agent").at(0).at("agent") == agent());
  BOOST_TEST(ask("GET", "/api/usage?period=day&agent=" + agent()).status == 200);
  BOOST_TEST((fleet.last_usage.period == budget_period::day));
  BOOST_TEST(fleet.last_usage.agent.has_value());
  BOOST_TEST(error_of(ask("GET", "/api/usage?period=year")) == "period: must be one of day, week, month");
}

BOOST_AUTO_TEST_CASE(the_tree_is_of_all_or_below_one) {
  const auto all = json::parse(ask("GET", "/api/agents/tree").body);
  BOOST_TEST(all.at(0).at("reports").at(0).at("id") == agent());
  BOOST_TEST(!fleet.last_root.has_value());
  BOOST_TEST(ask("GET", "/api/agents/tree?root=" + agent()).status == 200);
  BOOST_TEST(fleet.last_root.has_value());
  BOOST_TEST(ask("GET", "/api/agents/tree?root=" + agent_id::make(timestamp{}).to_string()).status == 404);
  BOOST_TEST(error_of(ask("GET", "/api/agents/tree?root=x")).starts_with("root: "));
}

BOOST_AUTO_TEST_CASE(tasks_are_decided_and_cancelled) {
  BOOST_TEST(ask("POST", task_path() + "/approve").status == 200);
  BOOST_TEST(fleet.last_decision.granted);
  BOOST_TEST(!fleet.last_decision.comment.has_value());
  BOOST_TEST(ask("POST", task_path() + "/reject", R"({"callId":"c1","comment":"no\nreally"})").status == 200);
  BOOST_TEST(!fleet.last_decision.granted);
  BOOST_TEST(fleet.last_decision.call_id.value() == "c1");
  BOOST_TEST(fleet.last_decision.comment.value() == "no\nreally");
  BOOST_TEST(ask("POST", task_path() + "/approve", R"({"callId":null,"comment":""})").status == 200);
  BOOST_TEST(!fleet.last_decision.comment.has_value());
  BOOST_TEST(ask("POST", task_path() + "/cancel").status == 200);
  BOOST_TEST(ask("POST", task_path() + "/cancel", "{}").status == 200);
  BOOST_TEST(ask("POST", task_path() + "/cancel", "[]").status == 400);
  BOOST_TEST(ask("POST", "/api/tasks/tsk_x/cancel").status == 404);
}

BOOST_AUTO_TEST_CASE(messages_are_posted) {
  const auto said = ask("POST", "/api/messages", json{{"to", agent()}, {"text", "Mind the reef.\n"}}.dump());
  BOOST_TEST(said.status == 201);
  BOOST_TEST(said.at("location").empty());
  BOOST_TEST(json::parse(said.body).at("from") == "user");
  BOOST_TEST(fleet.last_post.text == "Mind the reef.\n");
}

BOOST_AUTO_TEST_CASE(a_message_can_ask_to_wake_its_receiver) {
  const auto plain = json{{"to", agent()}, {"text", "a"}};
  BOOST_TEST(ask("POST", "/api/messages", plain.dump()).status == 201);
  BOOST_TEST(!fleet.last_post.wake);
  auto urgent = plain;
  urgent["wake"] = true;
  BOOST_TEST(ask("POST", "/api/messages", urgent.dump()).status == 201);
  BOOST_TEST(fleet.last_post.wake);
  urgent["wake"] = "yes";
  BOOST_TEST(error_of(ask("POST", "/api/messages", urgent.dump())) == "wake: must be true or false");
}

BOOST_AUTO_TEST_CASE(a_message_to_a_team_is_answered_with_all_of_them) {
  const auto body = json{{"team", "Deck"}, {"text", "All hands!"}, {"wake", true}}.dump();
  const auto said = ask("POST", "/api/messages", body);
  BOOST_TEST(said.status == 201);
  const auto shown = json::parse(said.body);
  BOOST_REQUIRE(shown.is_array());
  BOOST_TEST(shown.size() == 2U);
  BOOST_TEST(shown[0].at("to") == agent());
  BOOST_TEST(shown[1].at("text") == "All hands!");
  BOOST_TEST(fleet.last_team_post.team == "Deck");
  BOOST_TEST(fleet.last_team_post.text == "All hands!");
  BOOST_TEST(fleet.last_team_post.wake);
  const std::string keyed = "Content-Type: application/json\r\nIdempotency-Key: all-hands\r\n";
  const auto before = fleet.changes();
  const auto first = ask("POST", "/api/messages", body, keyed);
  const auto again = ask("POST", "/api/messages", body, keyed);
  BOOST_TEST(again.body == first.body);
  BOOST_TEST(again.at("idempotency-replayed") == "true");
  BOOST_TEST(fleet.changes() == before + 1);
}

BOOST_AUTO_TEST_CASE(a_message_is_to_an_agent_or_to_a_team) {
  const auto refused = [&](const json& body) {
    const auto given = ask("POST", "/api/messages", body.dump());
    BOOST_TEST(given.status == 400);
    return error_of(given);
  };
  BOOST_TEST(refused({{"text", "a"}}) == "to: is required where there is no team");
  BOOST_TEST(refused({{"to", agent()}, {"team", "Deck"}, {"text", "a"}}) == "team: cannot be given together with to");
  BOOST_TEST(refused({{"team", "Deck"}}) == "text: is required");
  BOOST_TEST(refused({{"team", ""}, {"text", "a"}}) == "team: must not be empty");
  BOOST_TEST(refused({{"to", nullptr}, {"text", "a"}}).starts_with("to: must be "));
  BOOST_TEST(fleet.changes() == 0U);
}

BOOST_AUTO_TEST_CASE(an_agents_memory_is_shown_and_cleared) {
  const auto shown = json::parse(ask("GET", agent_path() + "/memory").body);
  BOOST_TEST(shown.at("allowance") == 50);
  BOOST_TEST(shown.at("since").is_null());
  BOOST_TEST(shown.at("text") == "done\nsaid");
  BOOST_TEST(shown.at("entries").at(0).at("taskId") == fleet.a_task.id.to_string());
  BOOST_TEST(!shown.at("entries").at(0).contains("messageId"));
  BOOST_TEST(shown.at("entries").at(1).at("messageId").get<std::string>().starts_with("msg_"));
  BOOST_TEST((shown.at("omitted") == json{{"tasks", 0}, {"messages", 3}, {"more", false}}));
  BOOST_TEST(shown.at("unread").at(0).at("text") == "unread");
  BOOST_TEST(fetch(server->port(), "GET", agent_path() + "/memory", token_of(role::viewer)).status == 200);
  BOOST_TEST(fetch(server->port(), "DELETE", agent_path() + "/memory", token_of(role::viewer)).status == 403);
  BOOST_TEST(fleet.changes() == 0U);
  const auto cleared = ask("DELETE", agent_path() + "/memory");
  BOOST_TEST(cleared.status == 200);
  BOOST_TEST(json::parse(cleared.body).at("id") == agent());
  BOOST_TEST(json::parse(cleared.body).at("memorySince").is_string());
  BOOST_TEST(fleet.changes() == 1U);
  const auto nobody = "/api/agents/" + agent_id::make(timestamp{}).to_string() + "/memory";
  BOOST_TEST(ask("GET", nobody).status == 404);
  BOOST_TEST(ask("DELETE", nobody).status == 404);
  BOOST_TEST(ask("POST", agent_path() + "/memory", "{}").status == 405);
}

BOOST_AUTO_TEST_CASE(an_agents_memory_has_an_allowance) {
  auto draft = json{{"name", "Ada"}, {"role", "r"}, {"model", "m"}, {"provider", "rehearsal"}, {"glyph", "🦊"}};
  BOOST_TEST(ask("POST", "/api/agents", draft.dump()).status == 201);
  BOOST_TEST(fleet.last_agent.memory_tokens == default_memory_tokens);
  draft["memoryTokens"] = 0;
  BOOST_TEST(ask("POST", "/api/agents", draft.dump()).status == 201);
  BOOST_TEST(fleet.last_agent.memory_tokens == 0U);
  BOOST_TEST(ask("PATCH", agent_path(), R"({"memoryTokens":200000})").status == 200);
  BOOST_TEST(fleet.last_patch.memory_tokens.value_or(0) == 200'000U);
  BOOST_TEST(ask("PATCH", agent_path(), R"({"name":"B"})").status == 200);
  BOOST_TEST(!fleet.last_patch.memory_tokens.has_value());
  for (const auto* wrong : {"200001", "-1", "1.5", "null", "\"8\""}) {
    BOOST_TEST(error_of(ask("PATCH", agent_path(), std::string(R"({"memoryTokens":)") + wrong + "}")) ==
               "memoryTokens: must be a whole number from 0 to 200000");
  }
}

BOOST_AUTO_TEST_CASE(a_task_shows_what_it_took_with_all_below_it) {
  const auto shown = json::parse(ask("GET", task_path()).body);
  BOOST_TEST((shown.at("totalUsage") == json{{"input_tokens", 7}, {"output_tokens", 4}, {"total_tokens", 11}}));
}

BOOST_AUTO_TEST_CASE(lists_are_filtered_by_epic_and_task) {
  const auto epic = epic_id::make(timestamp{});
  BOOST_TEST(ask("GET", "/api/tasks?epic_id=" + epic.to_string()).status == 200);
  BOOST_TEST((fleet.last_tasks.epic_id == epic));
  BOOST_TEST(
      ask("GET", "/api/messages?epic_id=" + epic.to_string() + "&task=" + fleet.a_task.id.to_string()).status == 200);
  BOOST_TEST((fleet.last_messages.filter.epic == epic));
  BOOST_TEST((fleet.last_messages.filter.task == fleet.a_task.id));
}

BOOST_AUTO_TEST_CASE(a_link_takes_along_what_stood_in_a_body) {
  const auto listed = ask("GET", "/api/agents?status=paused", R"({"team":"a b","limit":7,"status":"active"})");
  BOOST_TEST(listed.at("link") ==
             "</api/agents?cursor=a%20cursor%26more&limit=7&status=paused&team=a%20b>; rel=\"next\"");
}

BOOST_AUTO_TEST_CASE(metrics_are_text_and_can_be_guarded_or_closed) {
  const auto open = fetch(server->port(), "GET", "/metrics");
  BOOST_TEST(open.status == 200);
  BOOST_TEST(open.at("content-type") == "text/plain; version=0.0.4; charset=utf-8");
  BOOST_TEST(open.body.find("# fake\n") != std::string::npos);
  http::server_options options;
  options.metrics = http::metrics_access::token;
  const serving guarded(options);
  BOOST_TEST(fetch(guarded.server->port(), "GET", "/metrics").status == 401);
  BOOST_TEST(fetch(guarded.server->port(), "GET", "/metrics", token_of(role::viewer)).status == 200);
  options.metrics = http::metrics_access::off;
  const serving closed(options);
  BOOST_TEST(fetch(closed.server->port(), "GET", "/metrics", token_of(role::admin)).status == 404);
}

BOOST_AUTO_TEST_CASE(errors_hold_no_secret_and_stay_json) {
  // One that is a name of the error's own shape, too.
  for (const std::string planted : {"archived", "error"}) {
    fleet.planted = planted;
    const auto refused = ask("GET", "/api/agents?status=x");
    BOOST_TEST(refused.status == 400);
    BOOST_TEST(error_of(refused).find(planted) == std::string::npos);
  }
  fleet.planted = "archived";
  BOOST_TEST(error_of(ask("GET", "/api/agents?status=x")) ==
             "status: must be one of active, running, paused, [secret:PLANTED]");
}

BOOST_AUTO_TEST_SUITE_END()
