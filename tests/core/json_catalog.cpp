// Epics, secrets, MCP servers, tokens, usage and the tree as JSON, and back what the store keeps so.
#include <boost/test/unit_test.hpp>

#include "core/json_decode.hpp"
#include "flotilla/json.hpp"
#include "tests/core/json_support.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

epic random_epic(random_values& draw) {
  epic value;
  value.id = draw.id<epic_id>();
  value.name = draw.text();
  value.type = static_cast<epic_type>(draw.up_to(4));
  value.status = static_cast<epic_status>(draw.up_to(2));
  value.progress = static_cast<std::uint32_t>(draw.up_to(100));
  value.created_at = draw.time();
  value.updated_at = draw.time();
  return value;
}

mcp_variables random_variables(random_values& draw) {
  mcp_variables made;
  for (auto count = draw.up_to(3); count > 0; --count) made[draw.text()] = draw.text();
  return made;
}

mcp_server random_server(random_values& draw) {
  mcp_server value;
  value.id = draw.id<mcp_id>();
  value.name = draw.text();
  value.transport = static_cast<mcp_transport>(draw.up_to(1));
  value.command = draw.perhaps([&] { return draw.text(); });
  value.args = draw.texts();
  value.url = draw.perhaps([&] { return draw.text(); });
  value.env = random_variables(draw);
  value.headers = random_variables(draw);
  value.status = static_cast<mcp_status>(draw.up_to(3));
  value.tools = draw.texts();
  value.created_at = draw.time();
  return value;
}

epic some_epic() {
  return {fixed_id<epic_id>("D"), "Launch \"1\"", epic_type::qa, epic_status::done, 33, at_ms(0), at_ms(1)};
}

mcp_server some_server() {
  mcp_server value;
  value.id = fixed_id<mcp_id>("C");
  value.name = "files";
  value.command = "npx";
  value.args = {"-y", "${secret:TOKEN}"};
  value.env = {{"A", "1"}, {"B", "${secret:KEY}"}};
  value.created_at = at_ms(0);
  return value;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_catalog)

BOOST_AUTO_TEST_CASE(an_epic) {
  BOOST_TEST(to_json(some_epic()) ==
             R"({"id":"epc_01ARZ3NDEKTSV4RRFFQ69G5FAD","name":"Launch \"1\"","type":"qa","status":"done",)"
             R"("progress":33,"createdAt":"1970-01-01T00:00:00.000Z","updatedAt":"1970-01-01T00:00:00.001Z"})");
}

BOOST_AUTO_TEST_CASE(an_epic_with_its_tasks_and_timeline) {
  const auto plain = to_json(some_epic());
  const auto open = plain.substr(0, plain.size() - 1);
  BOOST_TEST(to_json(epic_detail{some_epic(), {}, {}}) == open + R"(,"tasks":[],"timeline":[]})");
  const task one;
  const message said;
  BOOST_TEST(to_json(epic_detail{some_epic(), {one, one}, {said}}) ==
             open + R"(,"tasks":[)" + to_json(one) + "," + to_json(one) + R"(],"timeline":[)" + to_json(said) + "]}");
}

BOOST_AUTO_TEST_CASE(a_secret_shows_all_but_its_value) {
  secret value{{secret_scope::org, std::nullopt, "API_KEY"}, at_ms(0)};
  BOOST_TEST(to_json(value) ==
             R"({"key":"API_KEY","scope":"org","agentId":null,"updatedAt":"1970-01-01T00:00:00.000Z"})");
  value.name.scope = secret_scope::agent;
  value.name.agent = fixed_id<agent_id>("A");
  BOOST_TEST(to_json(value) == R"({"key":"API_KEY","scope":"agent","agentId":"agt_01ARZ3NDEKTSV4RRFFQ69G5FAA",)"
                               R"("updatedAt":"1970-01-01T00:00:00.000Z"})");
}

BOOST_AUTO_TEST_CASE(an_mcp_server_shows_references_as_written) {
  auto value = some_server();
  BOOST_TEST(to_json(value) ==
             R"({"id":"mcp_01ARZ3NDEKTSV4RRFFQ69G5FAC","name":"files","transport":"stdio","command":"npx",)"
             R"("args":["-y","${secret:TOKEN}"],"url":null,"env":{"A":"1","B":"${secret:KEY}"},"headers":{},)"
             R"("status":"disconnected","tools":[],"createdAt":"1970-01-01T00:00:00.000Z"})");
  value.headers = {{"a\"b", "c\n"}};
  value.tools = {"read"};
  BOOST_TEST(to_json(value).find(R"("headers":{"a\"b":"c\n"},"status":"disconnected","tools":["read"])") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_token_and_a_new_one) {
  api_token value{fixed_id<token_id>("A"),
                  fixed_id<org_id>("B"),
                  fixed_id<user_id>("C"),
                  "ci",
                  role::operator_,
                  at_ms(0),
                  std::nullopt};
  const std::string common = R"({"id":"tok_01ARZ3NDEKTSV4RRFFQ69G5FAA","name":"ci","role":"operator",)"
                             R"("createdAt":"1970-01-01T00:00:00.000Z","lastUsedAt":)";
  BOOST_TEST(to_json(value) == common + "null}");
  BOOST_TEST(to_json(new_token{value, "fr_live_x"}) == common + R"(null,"token":"fr_live_x"})");
  value.last_used_at = at_ms(60'000);
  BOOST_TEST(to_json(value) == common + R"("1970-01-01T00:01:00.000Z"})");
}

BOOST_AUTO_TEST_CASE(usage) {
  const std::string zeros = R"("input_tokens":0,"output_tokens":0,"total_tokens":0,"task_count":0)";
  BOOST_TEST(to_json(usage_summary{}) == "{" + zeros + R"(,"by_agent":[],"by_model":[],"daily_breakdown":[]})");
  usage_summary value;
  value.totals = {{3, 4}, 2};
  value.by_agent = {{fixed_id<agent_id>("A"), {{3, 4}, 2}}};
  value.by_model = {{"m\"", {{1, 1}, 1}}, {"n", {{2, 3}, 1}}};
  value.by_day = {{"2024-02-29", {{3, 4}, 2}}, {"2024-03-01", {}}};
  const std::string all = R"("input_tokens":3,"output_tokens":4,"total_tokens":7,"task_count":2)";
  BOOST_TEST(
      to_json(value) ==
      "{" + all + R"(,"by_agent":[{"agent":"agt_01ARZ3NDEKTSV4RRFFQ69G5FAA",)" + all +
          R"(}],"by_model":[{"model":"m\"","input_tokens":1,"output_tokens":1,"total_tokens":2,"task_count":1},)"
          R"({"model":"n","input_tokens":2,"output_tokens":3,"total_tokens":5,"task_count":1}],)"
          R"("daily_breakdown":[{"date":"2024-02-29",)" +
          all + R"(},{"date":"2024-03-01",)" + zeros + "}]}");
}

BOOST_AUTO_TEST_CASE(an_agent_in_the_tree) {
  agent_node leaf;
  leaf.agent.name = "leaf";
  const auto plain = to_json(leaf.agent);
  const auto shown =
      plain.substr(0, plain.size() - 1) + R"(,"live":"idle","queueLength":0,"restarts":0,"reports":[]})";
  BOOST_TEST(to_json(leaf) == shown);
  agent_node top;
  top.agent.name = "top";
  top.state = live_state::restarting;
  top.queue_length = 5;
  top.restarts = 2;
  top.reports = {leaf, leaf};
  const auto top_plain = to_json(top.agent);
  BOOST_TEST(to_json(top) == top_plain.substr(0, top_plain.size() - 1) +
                                 R"(,"live":"restarting","queueLength":5,"restarts":2,"reports":[)" + shown + "," +
                                 shown + "]}");
}

BOOST_AUTO_TEST_CASE(me_with_a_plan) {
  identity me;
  me.plan.name = "team \"a\"";
  me.plan.limits = {1, 2, 3, std::nullopt};
  me.features = {{"b", false}, {"a\"", true}};
  const auto text = to_json(me);
  BOOST_REQUIRE(nlohmann::json::accept(text));
  BOOST_TEST(text.find(R"("plan":{"name":"team \"a\"","limits":{"agents":1,"tasksPerMonth":2,"tokensPerMonth":3,)"
                       R"("concurrentRuns":null}},"features":{"a\"":true,"b":false}})") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(random_values_come_back) {
  check_round_trips(random_epic, epic_from_json);
  check_round_trips(random_server, mcp_server_from_json);
}

BOOST_AUTO_TEST_CASE(damage_is_told) {
  check_damage(to_json(some_epic()), epic_from_json, {});
  check_damage(to_json(some_server()), mcp_server_from_json, {});
}

BOOST_AUTO_TEST_CASE(damage_inside_a_field_is_told) {
  const auto text = to_json(some_server());
  const auto with = [&text](std::string_view what, std::string_view by) {
    auto changed = text;
    const auto found = changed.find(what);
    BOOST_REQUIRE(found != std::string::npos);
    return mcp_server_from_json(changed.replace(found, what.size(), by)).has_value();
  };
  BOOST_TEST(with(R"("A":"1")", R"("A":"2")"));
  BOOST_TEST(!with(R"("A":"1")", R"("A":1)"));
  BOOST_TEST(!with(R"("headers":{})", R"("headers":[])"));
  BOOST_TEST(!with(R"("stdio")", R"("sse")"));
  BOOST_TEST(!with(R"("disconnected")", R"("gone")"));
  auto part = to_json(some_epic());
  part.replace(part.find(R"("qa")"), 4, R"("QA")");
  BOOST_TEST(!epic_from_json(part));
}

BOOST_AUTO_TEST_SUITE_END()
