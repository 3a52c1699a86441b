// Every kind of wrong value for every kind of field, and for every field that any route takes.
#include "http/contract_check.hpp"

#include <boost/test/unit_test.hpp>

#include "flotilla/agent.hpp"
#include "flotilla/epic.hpp"
#include "flotilla/secret.hpp"
#include "http/contract_fields.hpp"
#include "http/routes.hpp"

namespace {

using namespace flotilla;
using namespace flotilla::http;
using nlohmann::json;

constexpr std::size_t longest = 5;
constexpr std::array<std::string_view, 2> colours{"red", "blue"};
constexpr std::array inner{a_whole("size", 1, 9, "").must(), a_word("colour", colours, "")};

struct wrong_value {
  field wanted;
  json value;
  std::string complaint;
};

const std::string an_agent = "agt_01JDCB2Y00E9Q4WNKHRSV5X7ZM";

/// A value that a field takes.
json right_value(const field& one) {
  if (one.form == &takes::secret_key_form) return "A_KEY";
  switch (one.kind) {
    case field_kind::line:
    case field_kind::text:
      return "a";
    case field_kind::word:
      return std::string(one.words.front());
    case field_kind::id:
      return std::string(prefix_of(one.names)) + an_agent.substr(4);
    case field_kind::time:
      return "2026-11-23T09:30:00Z";
    case field_kind::whole:
      return one.least;
    case field_kind::flag:
      return true;
    case field_kind::lines:
    case field_kind::texts:
      return {"a", "b"};
    case field_kind::variables:
      return {{"A", "b"}};
    case field_kind::json:
      return {{"type", "object"}};
    case field_kind::object:
      break;
  }
  auto value = json::object();
  for (const auto& each : fields_of(one)) value[std::string(each.name)] = right_value(each);
  return value;
}

/// Values that it does not take, whatever its bounds.
std::vector<json> wrong_values(const field& one) {
  std::vector<json> wrong{1.5, -1, json::array({1}), json::array({json::object()})};
  if (one.kind != field_kind::json) wrong.push_back({{"a", 1}});
  if (!one.nullable) wrong.emplace_back(nullptr);
  if (one.kind != field_kind::flag) wrong.emplace_back(false);
  const auto is_list = one.kind == field_kind::lines || one.kind == field_kind::texts;
  if (!is_list) wrong.push_back(json::array());
  if (one.kind != field_kind::variables && one.kind != field_kind::json) wrong.push_back(json::object());
  if (one.kind == field_kind::json) wrong.push_back({{"a", std::string(one.most, 'a')}});
  if (one.kind != field_kind::whole) wrong.emplace_back(7);
  if (one.kind != field_kind::line && one.kind != field_kind::text) wrong.emplace_back("no such value");
  if (one.least > 0) wrong.emplace_back("");
  if (one.kind == field_kind::line) wrong.emplace_back("a\nb");
  if (one.kind == field_kind::line || one.kind == field_kind::text) {
    wrong.emplace_back(std::string("a\0b", 3));
    wrong.emplace_back(std::string(one.most + 1, 'A'));
  }
  if (is_list) {
    wrong.push_back(json::array({std::string(one.most + 1, 'a')}));
    wrong.push_back(json(one.max_items + 1, "a"));
  }
  if (one.kind == field_kind::whole) {
    wrong.emplace_back(one.most + 1);
    if (one.least > 0) wrong.emplace_back(one.least - 1);
  }
  return wrong;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(contract_check)

BOOST_AUTO_TEST_CASE(says_what_is_wrong_with_a_value) {
  const auto line = a_line("f", longest, "");
  const auto text = a_text("f", longest, "");
  const auto id = an_id("f", id_kind::agent, "");
  const auto whole = a_whole("f", 2, 9, "");
  const auto lines = some_lines("f", 2, longest, "");
  const auto variables = some_variables("f", 2, longest, "");
  const std::vector<wrong_value> wrong{
      {line, nullptr, "must be a string"},
      {line, 5, "must be a string"},
      {line, "", "must not be empty"},
      {line, "123456", "must not be longer than 5 bytes"},
      {line, "\xC3\xA9\xC3\xA9\xC3\xA9", "must not be longer than 5 bytes"},
      {line, "a\tb", "must not hold control characters"},
      {line, "a\x7F", "must not hold control characters"},
      {line, "a\xC2\x85", "must not hold control characters"},
      {text, std::string("a\0", 2), "must not hold control characters"},
      {a_line("f", 9, "").formed(takes::secret_key_form), "low",
       "must be made of uppercase letters, digits and underscores"},
      {a_line("f", 9, "").formed(takes::mcp_name_form), "-a",
       "must begin with a letter or a digit and hold only letters, digits, - and _"},
      {a_word("f", colours, ""), "green", "must be one of red, blue"},
      {a_word("f", colours, ""), "", "must not be empty"},
      {id, "", "must not be empty"},
      {id, "agt_1", "must be an id that begins with agt_"},
      {id, "tsk_01JDCB2Y00E9Q4WNKHRSV5X7ZM", "must be an id that begins with agt_"},
      {id, an_agent + "\n", "must be an id that begins with agt_"},
      {a_time("f", ""), "2026-02-30T00:00:00Z", "must be a time as in RFC 3339, such as 2026-11-23T09:30:00Z"},
      {whole, 1, "must be a whole number from 2 to 9"},
      {whole, 10, "must be a whole number from 2 to 9"},
      {whole, 2.5, "must be a whole number from 2 to 9"},
      {whole, "2", "must be a whole number from 2 to 9"},
      {whole, 1e300, "must be a whole number from 2 to 9"},
      {a_flag("f", ""), "true", "must be true or false"},
      {a_flag("f", ""), 1, "must be true or false"},
      {lines, "a", "must be a list of strings"},
      {lines, {"a", 1}, "must be a list of strings"},
      {lines, {"a", ""}, "each of its items must not be empty"},
      {lines, {"a", "b", "c"}, "must not have more than 2 items"},
      {some_texts("f", 2, longest, ""), {std::string("\0", 1)}, "each of its items must not hold control characters"},
      {variables, {"a"}, "must be an object of strings"},
      {variables, {{"a", 1}}, "must be an object of strings"},
      {variables, {{"", "a"}}, "each of its names must not be empty"},
      {variables, {{"a\n", "a"}}, "each of its names must not hold control characters"},
      {variables, {{"a", "123456"}}, "each of its values must not be longer than 5 bytes"},
      {variables, {{"a", ""}, {"b", ""}, {"c", ""}}, "must not have more than 2 entries"},
      {an_object("f", inner, ""), 5, "must be an object with size and colour"},
      {an_object("f", inner, ""), json::object(), ".size: is required"},
      {an_object("f", inner, ""), {{"size", 1}, {"colour", "green"}}, ".colour: must be one of red, blue"},
  };
  for (const auto& one : wrong) BOOST_TEST(fault_of(one.wanted, one.value) == one.complaint, one.value);
}

BOOST_AUTO_TEST_CASE(lets_right_values_pass) {
  BOOST_TEST(fault_of(a_text("f", longest, ""), json("a\n\tb")).empty());
  BOOST_TEST(fault_of(a_text("f", longest, "", 0), json("")).empty());
  BOOST_TEST(fault_of(a_line("f", longest, "").or_null(), json(nullptr)).empty());
  BOOST_TEST(fault_of(a_whole("f", 1, 9, ""), json(5.0)).empty());
  BOOST_TEST(fault_of(a_whole("f", 0, max_whole_number, ""), json(max_whole_number)).empty());
  BOOST_TEST(fault_of(some_texts("f", 2, longest, ""), json{"", "a\nb"}).empty());
  BOOST_TEST(fault_of(an_object("f", inner, ""), json{{"size", 1}, {"more", 1}}).empty());
}

BOOST_AUTO_TEST_CASE(reads_a_query_like_a_body) {
  const auto fault = [](const field& one, std::string_view text) { return fault_of(one, text); };
  const auto whole = a_whole("f", 2, 9, "");
  BOOST_TEST(fault(whole, "9").empty());
  for (const auto* wrong : {"", "1", "10", "2.5", " 3", "3 ", "0x3", "1e0", "-3", "+3"}) {
    BOOST_TEST(!fault(whole, wrong).empty(), wrong);
  }
  BOOST_TEST(fault(a_line("f", longest, ""), "\xFF") == "must be valid UTF-8");
  BOOST_TEST(fault(a_line("f", longest, ""), "\xED\xA0\x80") == "must be valid UTF-8");
  BOOST_TEST(fault(a_flag("f", ""), "true").empty());
  BOOST_TEST(!fault(a_flag("f", ""), "yes").empty());
}

BOOST_AUTO_TEST_CASE(takes_parameters_from_the_query_first) {
  const std::array wanted{a_whole("n", 1, 9, "").must(), a_word("colour", colours, "")};
  const auto message = [&](const query_parameters& query, const json& body) {
    const auto checked = check_parameters(wanted, query, body);
    return checked ? std::string() : checked.error().message;
  };
  BOOST_TEST(message({{"n", "3"}}, json::object()).empty());
  BOOST_TEST(message({}, {{"n", 3}}).empty());
  BOOST_TEST(message({{"n", "3"}}, {{"n", "wrong"}}).empty());
  BOOST_TEST(message({{"n", "x"}}, {{"n", 3}}).starts_with("n: must be a whole"));
  BOOST_TEST(message({}, json::object()) == "n: is required");
  BOOST_TEST(message({{"n", "3"}, {"colour", "green"}, {"other", ""}}, json::object()).starts_with("colour: "));
  BOOST_TEST((check_fields(wanted, json::object()).error().code == errc::invalid));
}

BOOST_AUTO_TEST_CASE(finds_every_kind_of_wrong_value_in_every_field_of_every_route) {
  std::size_t checked = 0;
  for (const auto& route : http::routes()) {
    for (const auto& fields : {route.takes.query, route.takes.body}) {
      for (const auto& one : fields) {
        BOOST_TEST_CONTEXT(route.operation << " " << one.name) {
          BOOST_TEST(fault_of(one, right_value(one)).empty());
          for (const auto& wrong : wrong_values(one)) {
            BOOST_TEST(!fault_of(one, wrong).empty(), wrong.dump().substr(0, 80));
            ++checked;
          }
        }
      }
    }
  }
  BOOST_TEST(checked > 500U);
}

BOOST_AUTO_TEST_CASE(knows_the_words_that_the_runtime_knows) {
  const auto all_read = [](auto words, auto parse) {
    return std::ranges::all_of(words, [&](std::string_view word) { return parse(word).has_value(); });
  };
  BOOST_TEST(all_read(takes::agent_statuses, parse_agent_status));
  BOOST_TEST(all_read(takes::settable_agent_statuses, parse_agent_status));
  BOOST_TEST(all_read(takes::periods, parse_budget_period));
  BOOST_TEST(all_read(takes::task_statuses, parse_task_status));
  BOOST_TEST(all_read(takes::priorities, parse_task_priority));
  BOOST_TEST(all_read(takes::epic_types, parse_epic_type));
  BOOST_TEST(all_read(takes::epic_statuses, parse_epic_status));
  BOOST_TEST(all_read(takes::scopes, parse_secret_scope));
  BOOST_TEST(all_read(takes::transports, parse_mcp_transport));
  BOOST_TEST(all_read(takes::roles, parse_role));
}

BOOST_AUTO_TEST_SUITE_END()
