// Objects as JSON, and back.
#include "flotilla/json.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

#include <nlohmann/json.hpp>

#include "core/json_decode.hpp"
#include "core/json_writer.hpp"
#include "tests/core/json_support.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

agent random_agent(random_values& draw) {
  agent value;
  value.id = draw.id<agent_id>();
  value.name = draw.text();
  value.role = draw.text();
  value.model = draw.text();
  value.provider = draw.text();
  value.glyph = draw.text();
  value.manager = draw.perhaps([&] { return draw.id<agent_id>(); });
  value.team = draw.perhaps([&] { return draw.text(); });
  value.status = static_cast<agent_status>(draw.up_to(3));
  value.mcps = draw.texts();
  value.approvals = draw.texts();
  value.max_turns = static_cast<std::uint32_t>(draw.number());
  value.budget = draw.perhaps([&] { return token_budget{draw.number(), static_cast<budget_period>(draw.up_to(2))}; });
  value.memory_tokens = static_cast<std::uint32_t>(draw.number());
  value.memory_since = draw.perhaps([&] { return draw.time(); });
  value.created_at = draw.time();
  value.updated_at = draw.time();
  return value;
}

task random_task(random_values& draw) {
  task value;
  value.id = draw.id<task_id>();
  value.title = draw.text();
  value.input = draw.text();
  value.output_schema = draw.perhaps([&] { return R"({"type": [ "null" ], "default" : )" + draw.json() + "}"; });
  value.assignee = draw.id<agent_id>();
  value.requester = draw.perhaps([&] { return draw.id<agent_id>(); });
  value.parent = draw.perhaps([&] { return draw.id<task_id>(); });
  value.priority = static_cast<task_priority>(draw.up_to(2));
  value.epic_id = draw.perhaps([&] { return draw.id<epic_id>(); });
  value.status = static_cast<task_status>(draw.up_to(4));
  value.output = draw.perhaps([&] { return draw.text(); });
  value.error = draw.perhaps([&] { return task_error{draw.text(), draw.text()}; });
  value.attempt = static_cast<std::uint32_t>(draw.number());
  value.usage = {draw.number(), draw.number()};
  value.created_at = draw.time();
  value.started_at = draw.perhaps([&] { return draw.time(); });
  value.finished_at = draw.perhaps([&] { return draw.time(); });
  value.updated_at = draw.time();
  return value;
}

event random_event(random_values& draw) {
  event value;
  value.seq = draw.number();
  value.type = static_cast<event_type>(draw.up_to(5));
  value.text = draw.text();
  value.at = draw.time();
  value.tool = draw.perhaps([&] { return draw.text(); });
  value.call_id = draw.perhaps([&] { return draw.text(); });
  value.data = draw.perhaps([&] { return draw.json(); });
  return value;
}

party random_party(random_values& draw) {
  switch (draw.up_to(3)) {
    case 0:
      return party::everyone();
    case 1:
      return party::user();
    case 2:
      return party::system();
    default:
      return party::of(draw.id<agent_id>());
  }
}

message random_message(random_values& draw) {
  message value;
  value.id = draw.id<message_id>();
  value.seq = draw.number();
  value.type = draw.text();
  value.from = random_party(draw);
  value.to = random_party(draw);
  value.task_id = draw.perhaps([&] { return draw.id<task_id>(); });
  value.epic_id = draw.perhaps([&] { return draw.id<epic_id>(); });
  value.text = draw.text();
  value.data = draw.perhaps([&] { return draw.json(); });
  value.created_at = draw.time();
  return value;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json)

BOOST_AUTO_TEST_CASE(strings_are_escaped) {
  BOOST_TEST(string_of("") == R"("")");
  BOOST_TEST(string_of("plain / text") == R"("plain / text")");
  BOOST_TEST(string_of("\"\\\b\f\n\r\t") == R"("\"\\\b\f\n\r\t")");
  BOOST_TEST(string_of(std::string_view("\0\x01\x1F\x7F", 4)) == "\"\\u0000\\u0001\\u001f\x7F\"");
  BOOST_TEST(string_of("é字😀") == "\"é字😀\"");
}

BOOST_AUTO_TEST_CASE(what_is_not_utf8_is_replaced) {
  const std::string fffd = "\xEF\xBF\xBD";
  BOOST_TEST(string_of("\xFF") == "\"" + fffd + "\"");
  BOOST_TEST(string_of("a\x80z") == "\"a" + fffd + "z\"");
  BOOST_TEST(string_of("\xE2\x82\"") == "\"" + fffd + "\\\"\"");
  BOOST_TEST(string_of("\xC0\x80") == "\"" + fffd + fffd + "\"");
  BOOST_TEST(string_of("\xED\xA0\x80") == "\"" + fffd + fffd + fffd + "\"");
  BOOST_TEST(string_of("\xF0\x9F\x98") == "\"" + fffd + "\"");
  BOOST_TEST(string_of("\xF0\x9F\x98"
                       "é") == "\"" + fffd + "é\"");
}

BOOST_AUTO_TEST_CASE(strings_agree_with_the_library) {
  std::mt19937 random(11);
  std::uniform_int_distribution<int> byte(0, 255);
  std::uniform_int_distribution<int> length(0, 20);
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (auto size = length(random); size > 0; --size) text += static_cast<char>(byte(random));
    const auto expected = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    BOOST_REQUIRE(string_of(text) == expected);
  }
}

BOOST_AUTO_TEST_CASE(an_event) {
  event value{.seq = 3,
              .type = event_type::output,
              .text = "Hi \"you\"",
              .at = at_ms(0),
              .tool = {},
              .call_id = {},
              .data = {}};
  BOOST_TEST(to_json(value) == R"({"seq":3,"type":"output","text":"Hi \"you\"","at":"1970-01-01T00:00:00.000Z"})");
  value.type = event_type::tool_call;
  value.tool = "look";
  value.call_id = "c1";
  value.data = R"({"a": 1.0})";
  BOOST_TEST(to_json(value) == R"({"seq":3,"type":"tool_call","text":"Hi \"you\"","at":"1970-01-01T00:00:00.000Z",)"
                               R"("tool":"look","callId":"c1","data":{"a": 1.0}})");
}

BOOST_AUTO_TEST_CASE(an_events_data_stays_on_its_line) {
  event value;
  value.data = "{\r\n  \"a\": [1,\n2]\n}";
  BOOST_TEST(to_json(value).ends_with(R"("data":{  "a": [1,2]}})"));
}

BOOST_AUTO_TEST_CASE(a_message) {
  message value;
  value.id = fixed_id<message_id>("A");
  value.seq = std::numeric_limits<std::uint64_t>::max();
  value.type = "task.created";
  value.from = party::of(fixed_id<agent_id>("B"));
  BOOST_TEST(to_json(value) ==
             R"({"id":"msg_01ARZ3NDEKTSV4RRFFQ69G5FAA","seq":18446744073709551615,"type":"task.created",)"
             R"("from":"agt_01ARZ3NDEKTSV4RRFFQ69G5FAB","to":null,"task_id":null,"epic_id":null,"text":"",)"
             R"("data":null,"createdAt":"1970-01-01T00:00:00.000Z"})");
  value.from = party::user();
  value.to = party::system();
  value.task_id = fixed_id<task_id>("C");
  value.epic_id = fixed_id<epic_id>("D");
  value.data = "[]";
  BOOST_TEST(to_json(value).find(R"("from":"user","to":"system","task_id":"tsk_01ARZ3NDEKTSV4RRFFQ69G5FAC",)"
                                 R"("epic_id":"epc_01ARZ3NDEKTSV4RRFFQ69G5FAD","text":"","data":[],)") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_agent) {
  agent value;
  value.id = fixed_id<agent_id>("A");
  value.name = "Ada";
  value.role = "Careful";
  value.model = "m";
  value.provider = "rehearsal";
  value.glyph = "🦊";
  BOOST_TEST(to_json(value) ==
             R"({"id":"agt_01ARZ3NDEKTSV4RRFFQ69G5FAA","name":"Ada","role":"Careful","model":"m",)"
             R"("provider":"rehearsal","glyph":"🦊","manager":null,"team":null,"status":"active","mcps":[],)"
             R"("approvals":[],"maxTurns":32,"budget":null,"memoryTokens":8000,"memorySince":null,)"
             R"("createdAt":"1970-01-01T00:00:00.000Z","updatedAt":"1970-01-01T00:00:00.000Z"})");
  value.mcps = {"a", "b\""};
  value.budget = token_budget{5, budget_period::week};
  value.memory_tokens = 0;
  value.memory_since = at_ms(1);
  BOOST_TEST(
      to_json(value).find(R"("mcps":["a","b\""],"approvals":[],"maxTurns":32,"budget":{"tokens":5,"period":"week"},)"
                          R"("memoryTokens":0,"memorySince":"1970-01-01T00:00:00.001Z",)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_agent_of_an_older_version_has_the_usual_memory) {
  random_values draw(5);
  auto value = random_agent(draw);
  value.memory_tokens = 1;
  value.memory_since = at_ms(1);
  auto text = nlohmann::json::parse(to_json(value));
  text.erase("memoryTokens");
  text.erase("memorySince");
  const auto back = agent_from_json(text.dump());
  BOOST_REQUIRE(back.has_value());
  value.memory_tokens = default_memory_tokens;
  value.memory_since.reset();
  BOOST_TEST((*back == value));
  text["memoryTokens"] = 4'294'967'296;
  BOOST_TEST(!agent_from_json(text.dump()).has_value());
}

BOOST_AUTO_TEST_CASE(a_task) {
  task value;
  value.id = fixed_id<task_id>("A");
  value.title = "T";
  value.input = "I";
  value.assignee = fixed_id<agent_id>("B");
  const std::string expected =
      R"({"id":"tsk_01ARZ3NDEKTSV4RRFFQ69G5FAA","title":"T","input":"I","outputSchema":null,)"
      R"("assignee":"agt_01ARZ3NDEKTSV4RRFFQ69G5FAB","requester":null,"parent":null,"priority":"normal","epic_id":null,)"
      R"("status":"pending","output":null,"error":null,"attempt":1,)"
      R"("usage":{"input_tokens":0,"output_tokens":0,"total_tokens":0},"createdAt":"1970-01-01T00:00:00.000Z",)"
      R"("startedAt":null,"finishedAt":null,"updatedAt":"1970-01-01T00:00:00.000Z")";
  BOOST_TEST(to_json(value) == expected + "}");
  task_detail detail{value, {}, {}, {}};
  const auto total = [](int in, int out) {
    return R"("totalUsage":{"input_tokens":)" + std::to_string(in) + R"(,"output_tokens":)" + std::to_string(out) +
           R"(,"total_tokens":)" + std::to_string(in + out) + "}}";
  };
  BOOST_TEST(to_json(detail) == expected + R"(,"log":[],"children":[],)" + total(0, 0));
  const event first{
      .seq = 1, .type = event_type::status, .text = "running", .at = at_ms(0), .tool = {}, .call_id = {}, .data = {}};
  const auto line = std::make_shared<const std::string>(to_json(first));
  detail.log = {{1, line}, {2, line}};
  detail.children = {fixed_id<task_id>("C"), fixed_id<task_id>("D")};
  detail.total_usage = {3, 4};
  BOOST_TEST(to_json(detail) ==
             expected + R"(,"log":[)" + *line + "," + *line +
                 R"(],"children":["tsk_01ARZ3NDEKTSV4RRFFQ69G5FAC","tsk_01ARZ3NDEKTSV4RRFFQ69G5FAD"],)" +
                 total(3, 4));

  value.error = task_error{"cancelled", "stopped"};
  value.usage = {2, 3};
  BOOST_TEST(to_json(value).find(R"("error":{"code":"cancelled","message":"stopped"},"attempt":1,)"
                                 R"("usage":{"input_tokens":2,"output_tokens":3,"total_tokens":5})") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(me_errors_and_lists) {
  identity me;
  me.user = {fixed_id<user_id>("A"), "Owner", role::operator_};
  me.org = {fixed_id<org_id>("B"), "default", at_ms(0)};
  BOOST_TEST(to_json(me) ==
             R"({"user":{"id":"usr_01ARZ3NDEKTSV4RRFFQ69G5FAA","name":"Owner","role":"operator"},)"
             R"("org":{"id":"org_01ARZ3NDEKTSV4RRFFQ69G5FAB","name":"default"},)"
             R"("plan":{"name":"self-hosted","limits":{"agents":null,"tasksPerMonth":null,"tokensPerMonth":null,)"
             R"("concurrentRuns":null}},"features":{}})");
  BOOST_TEST(to_json(error{errc::invalid, "name: \"\"", std::nullopt}) == R"({"error":"name: \"\""})");
  BOOST_TEST(to_json(std::vector<error>{}) == "[]");
  BOOST_TEST(to_json(std::vector<error>(2)) == R"([{"error":""},{"error":""}])");
}

BOOST_AUTO_TEST_CASE(random_values_come_back) {
  check_round_trips(random_agent, agent_from_json);
  check_round_trips(random_task, task_from_json);
  check_round_trips(random_event, event_from_json);
  check_round_trips([](auto& draw) { return random_message(draw); }, message_from_json);
}

BOOST_AUTO_TEST_CASE(null_data_of_a_message_is_none) {
  message value;
  value.data = "null";
  const auto back = message_from_json(to_json(value));
  BOOST_REQUIRE(back.has_value());
  BOOST_TEST(!back->data.has_value());
  event happened;
  happened.data = "null";
  BOOST_TEST((event_from_json(to_json(happened)) == happened));
}

BOOST_AUTO_TEST_CASE(damage_is_told) {
  random_values draw(3);
  const std::vector<std::string> optional_ones{"tool", "callId", "data"};
  check_damage(to_json(random_agent(draw)), agent_from_json, {}, {"memoryTokens", "memorySince"});
  check_damage(to_json(random_task(draw)), task_from_json, {}, {"outputSchema", "parent"});
  check_damage(to_json(random_event(draw)), event_from_json, optional_ones);
  check_damage(to_json(random_message(draw)), message_from_json, {"data"});
}

BOOST_AUTO_TEST_CASE(damage_inside_a_field_is_told) {
  const auto refused = [](std::string text, std::string_view what, std::string_view by) {
    const auto at = text.find(what);
    BOOST_REQUIRE(at != std::string::npos);
    text.replace(at, what.size(), by);
    return !task_from_json(text).has_value();
  };
  task value;
  value.error = task_error{"c", "m"};
  const auto text = to_json(value);
  BOOST_TEST(!refused(text, R"("pending")", R"("done")"));
  BOOST_TEST(refused(text, R"("pending")", R"("Pending")"));
  BOOST_TEST(refused(text, R"("attempt":1)", R"("attempt":-1)"));
  BOOST_TEST(refused(text, R"("attempt":1)", R"("attempt":1.0)"));
  BOOST_TEST(refused(text, R"("attempt":1)", R"("attempt":4294967296)"));
  BOOST_TEST(refused(text, R"("input_tokens":0)", R"("input_tokens":18446744073709551616)"));
  BOOST_TEST(refused(text, R"("code":"c")", R"("code":null)"));
  BOOST_TEST(refused(text, "tsk_", "agt_"));
  BOOST_TEST(refused(text, "1970-01-01T", "1970-01-32T"));
  BOOST_TEST(refused(text, "\"usage\":{", "\"usage\":[{"));
}

BOOST_AUTO_TEST_CASE(an_errors_message_names_the_field_and_no_value) {
  task value;
  value.title = "secret title";
  auto text = to_json(value);
  text.replace(text.find("\"pending\""), 9, "\"xyz\"");
  const auto back = task_from_json(text);
  BOOST_REQUIRE(!back.has_value());
  BOOST_TEST(back.error().message == "a stored task cannot be read: field status");
}

BOOST_AUTO_TEST_SUITE_END()
