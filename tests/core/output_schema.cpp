// Output schemas: which are taken, what each keyword asks, what errors say, and that neither runs away.
#include "core/output_schema.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/schema_check.hpp"
#include "core/strict_json.hpp"
#include "core/validation.hpp"
#include "flotilla/limits.hpp"

namespace {

using namespace flotilla;

output_schema read(std::string_view text) {
  auto schema = output_schema::parse(text);
  BOOST_REQUIRE_MESSAGE(schema.has_value(), text.substr(0, 200) << (schema ? "" : ": " + schema.error().message));
  return *schema;
}

/// The errors of an answer, a line each.
std::string errors(std::string_view schema, std::string_view answer) {
  std::string all;
  for (const auto& each : read(schema).errors_of(answer)) all += (all.empty() ? "" : "\n") + each;
  return all;
}

/// A schema with answers that fit it and answers that do not.
void check(std::string_view schema, const std::vector<std::string>& good, const std::vector<std::string>& bad) {
  const auto parsed = read(schema);
  for (const auto& answer : good) {
    BOOST_TEST(parsed.errors_of(answer).empty(), schema << " refuses " << answer);
  }
  for (const auto& answer : bad) {
    BOOST_TEST(!parsed.errors_of(answer).empty(), schema << " takes " << answer);
  }
}

std::string refusal(std::string_view text) {
  const auto schema = output_schema::parse(text);
  if (schema) return "taken";
  BOOST_TEST((schema.error().code == errc::invalid));
  return schema.error().message;
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(output_schema)

BOOST_AUTO_TEST_CASE(types) {
  check(R"({"type":"integer"})", {"1", "-7", "1.0", "1e3", "18446744073709551615"}, {"1.5", "\"1\"", "null", "true"});
  check(R"({"type":"number"})", {"1", "1.5"}, {"\"1\"", "[1]"});
  check(R"({"type":"string"})", {"\"\""}, {"1", "null"});
  check(R"({"type":"boolean"})", {"true", "false"}, {"0", "\"true\""});
  check(R"({"type":"null"})", {"null"}, {"0", "\"\"", "false"});
  check(R"({"type":"array"})", {"[]"}, {"{}", "\"[]\""});
  check(R"({"type":"object"})", {"{}"}, {"[]", "null"});
  check(R"({"type":["string","null"]})", {"\"a\"", "null"}, {"1"});
  check("{}", {"1", "null", "{\"a\":[]}"}, {"", "{", "1 2", "nothing"});
}

BOOST_AUTO_TEST_CASE(values) {
  check(R"({"enum":["red",1,null,{"a":[1,2]}]})", {"\"red\"", "1", "1.0", "null", R"({"a":[1.0,2]})"},
        {"\"Red\"", "2", "false", R"({"a":[2,1]})", R"({"a":[1,2],"b":1})"});
  check(R"({"const":{"a":1,"b":2}})", {R"({"b":2,"a":1})"}, {R"({"a":1})", "[]"});
  check(R"({"const":false})", {"false"}, {"0", "[]", "null"});
  // Whole numbers are compared exactly, also where doubles are the same.
  check(R"({"const":9007199254740992})", {"9007199254740992", "9007199254740992.0"}, {"9007199254740993"});
}

BOOST_AUTO_TEST_CASE(numbers) {
  check(R"({"minimum":0,"maximum":10})", {"0", "-0.0", "10", "10.0", "\"text\""}, {"-1", "-0.001", "10.001"});
  check(R"({"exclusiveMinimum":0,"exclusiveMaximum":10})", {"0.001", "9"}, {"0", "10"});
  check(R"({"maximum":9007199254740992})", {"9007199254740992"}, {"9007199254740993"});
  check(R"({"maximum":18446744073709551615})", {"18446744073709551615", "-9223372036854775808"}, {"2e19"});
  check(R"({"multipleOf":3})", {"9", "-9", "0", "9.0"}, {"10", "-10", "9.5", "10000000000000.5"});
  check(R"({"multipleOf":0.01})", {"19.99", "0.07", "4.35", "-0.29"}, {"19.995", "0.0001"});
  check(R"({"multipleOf":0.123456789})", {}, {"1e308"});
}

BOOST_AUTO_TEST_CASE(texts_count_in_characters) {
  check(R"({"minLength":2,"maxLength":3})", {"\"ab\"", "\"äöü\"", "\"⛵⛵\"", "7"}, {"\"a\"", "\"abcd\"", "\"⛵\""});
  check(R"({"maxLength":1e300})", {"\"abcd\""}, {});
  check(R"({"minLength":1e300})", {}, {"\"abcd\""});
}

BOOST_AUTO_TEST_CASE(lists) {
  check(R"({"items":{"type":"integer"},"minItems":1,"maxItems":3})", {"[1]", "[1,2,3]", "{}"},
        {"[]", "[1,2,3,4]", "[1,\"2\"]"});
  check(R"({"prefixItems":[{"type":"string"},{"type":"integer"}],"items":false})", {"[]", "[\"a\"]", "[\"a\",1]"},
        {"[1]", "[\"a\",1,2]"});
  check(R"({"contains":{"const":1}})", {"[2,1]", "[1,1]"}, {"[]", "[2]"});
  check(R"({"contains":{"const":1},"minContains":2,"maxContains":3})", {"[1,1]", "[1,1,1,2]"}, {"[1]", "[1,1,1,1]"});
  check(R"({"contains":{"const":1},"minContains":0})", {"[]", "[2]"}, {});
  check(R"({"uniqueItems":true})", {"[]", "[1,\"1\",[1],{\"a\":1}]", "[9007199254740992,9007199254740993]"},
        {"[1,2,1.0]", R"([{"a":1,"b":2},{"b":2,"a":1}])", "[[],[]]"});
  check(R"({"uniqueItems":false})", {"[1,1]"}, {});
}

BOOST_AUTO_TEST_CASE(objects) {
  check(R"({"properties":{"a":{"type":"integer"},"b":false},"required":["a"]})",
        {R"({"a":1})", R"({"a":1,"c":2})", "[]"}, {"{}", R"({"a":"1"})", R"({"a":1,"b":2})"});
  check(R"({"properties":{"a":{}},"additionalProperties":{"type":"string"}})", {R"({"a":1,"b":"x"})"},
        {R"({"b":1})"});
  check(R"({"properties":{"a\u0000b":{"type":"integer"}}})", {R"({"a\u0000b":1})"}, {R"({"a\u0000b":"1"})"});
  check(R"({"minProperties":1,"maxProperties":2})", {R"({"a":1})"}, {"{}", R"({"a":1,"b":2,"c":3})"});
  check(R"({"propertyNames":{"maxLength":2}})", {R"({"ab":1})"}, {R"({"abc":1})"});
  check(R"({"dependentRequired":{"a":["b"]}})", {"{}", R"({"b":1})", R"({"a":1,"b":1})"}, {R"({"a":1})"});
  check(R"({"dependentSchemas":{"a":{"required":["b"]}}})", {"{}", R"({"a":1,"b":1})"}, {R"({"a":1})"});
}

BOOST_AUTO_TEST_CASE(schemas_together) {
  check(R"({"allOf":[{"minimum":1},{"maximum":3}]})", {"2"}, {"0", "4"});
  check(R"({"anyOf":[{"type":"null"},{"type":"integer"}]})", {"null", "1"}, {"\"a\""});
  check(R"({"oneOf":[{"minimum":1},{"maximum":3}]})", {"0", "4"}, {"2"});
  check(R"({"not":{"type":"null"}})", {"1"}, {"null"});
  check(R"({"if":{"minimum":10},"then":{"multipleOf":10},"else":{"maximum":5}})", {"20", "5", "\"a\""}, {"25", "6"});
  check(R"({"then":false,"else":false})", {"1"}, {});
}

BOOST_AUTO_TEST_CASE(references) {
  check(R"({"$defs":{"a/b~c":{"type":"integer"}},"items":{"$ref":"#/$defs/a~1b~0c","minimum":2}})", {"[2]"},
        {"[\"2\"]", "[1]"});
  check(R"({"properties":{"next":{"$ref":"#"},"value":{"type":"integer"}},"additionalProperties":false})",
        {R"({"value":1,"next":{"value":2,"next":{}}})"}, {R"({"next":{"next":{"value":"2"}}})", R"({"other":1})"});
}

BOOST_AUTO_TEST_CASE(what_is_not_supported_is_refused_by_name) {
  BOOST_TEST(refusal("[]") == "outputSchema: must be a JSON object");
  BOOST_TEST(refusal("true") == "outputSchema: must be a JSON object");
  BOOST_TEST(refusal("{") == "outputSchema: is not valid JSON, at byte 2");
  BOOST_TEST(refusal(R"({"title":"a","title":"b"})") == R"(outputSchema: has the name "title" twice in one object)");
  for (const auto* keyword : {"pattern", "patternProperties", "format", "$id", "$anchor", "$dynamicRef",
                              "$dynamicAnchor", "unevaluatedItems", "unevaluatedProperties", "contentMediaType",
                              "definitions", "additionalItems", "dependencies", "x-mine", "nullable"}) {
    const auto name = nlohmann::json(keyword).dump();
    BOOST_TEST(refusal(R"({"properties":{"a/b":{)" + name + ":{}}}}") ==
               "outputSchema: at /properties/a~1b: " + name + " is not a keyword that is supported here");
  }
  BOOST_TEST(refusal(R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object"})") == "taken");
  BOOST_TEST(refusal(R"({"$schema":"http://json-schema.org/draft-07/schema#"})").find("$schema must be") !=
             std::string::npos);
  BOOST_TEST(refusal(R"({"items":{"$defs":{}}})").find("at /items: $defs may stand only at the top") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(forms_of_keywords) {
  for (const auto* wrong : {
           R"({"type":"float"})",
           R"({"type":[]})",
           R"({"type":["null","null"]})",
           R"({"enum":[]})",
           R"({"enum":"a"})",
           R"({"minimum":"1"})",
           R"({"multipleOf":0})",
           R"({"multipleOf":-1})",
           R"({"minLength":-1})",
           R"({"minLength":1.5})",
           R"({"maxItems":"1"})",
           R"({"required":"a"})",
           R"({"required":["a","a"]})",
           R"({"required":[1]})",
           R"({"properties":[]})",
           R"({"properties":{"a":1}})",
           R"({"items":[{}]})",
           R"({"items":null})",
           R"({"allOf":[]})",
           R"({"anyOf":{}})",
           R"({"oneOf":[1]})",
           R"({"not":"x"})",
           R"({"uniqueItems":1})",
           R"({"title":1})",
           R"({"examples":{}})",
           R"({"deprecated":"no"})",
           R"({"dependentRequired":[]})",
           R"({"dependentRequired":{"a":"b"}})",
           R"({"$defs":[]})",
           R"({"$defs":{"a":1}})",
           R"({"additionalProperties":0})",
       }) {
    const auto said = refusal(wrong);
    const auto keyword = nlohmann::json::parse(wrong).begin().key();
    BOOST_TEST(said.starts_with("outputSchema: at "), wrong << ": " << said);
    BOOST_TEST(said.find(keyword) != std::string::npos, wrong << ": " << said);
  }
}

BOOST_AUTO_TEST_CASE(references_that_lead_nowhere_or_in_circles) {
  for (const auto* to : {"", "other.json", "https://example.com/schema", "#/$defs/b", "#/properties/a", "#/$defs/a/x",
                         "#/$defs/%61", "#/$defs/~2", "#a", "##", "#/$defs/"}) {
    const auto schema = nlohmann::json{{"$defs", {{"a", true}}}, {"items", {{"$ref", to}}}}.dump();
    BOOST_TEST(refusal(schema).starts_with("outputSchema: at /items: $ref must be"), schema);
  }
  for (const auto* circle : {
           R"({"$ref":"#"})",
           R"({"anyOf":[{"type":"null"},{"$ref":"#"}]})",
           R"({"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"not":{"$ref":"#/$defs/a"}}}})",
           R"({"items":{"$ref":"#/$defs/a"},"$defs":{"a":{"if":true,"then":{"$ref":"#/$defs/a"}}}})",
           R"({"dependentSchemas":{"a":{"$ref":"#"}}})",
       }) {
    BOOST_TEST(refusal(circle) == "outputSchema: $ref goes in a circle that never enters the value", circle);
  }
  // Two ways to the same place are no circle.
  BOOST_TEST(refusal(R"({"$defs":{"a":{}},"allOf":[{"$ref":"#/$defs/a"},{"$ref":"#/$defs/a"}]})") == "taken");
}

BOOST_AUTO_TEST_CASE(errors_name_the_place_and_what_is_expected) {
  constexpr auto schema = R"({"type":"object","required":["name","crew"],"additionalProperties":false,
    "properties":{"name":{"type":"string","minLength":1},"crew":{"items":{"type":"object","properties":{
    "rank":{"enum":["mate","cook"]},"age":{"type":"integer","minimum":16}}}}}})";
  BOOST_TEST(errors(schema, R"({"name":"Ada","crew":[{"rank":"cook","age":20}]})").empty());
  BOOST_TEST(errors(schema, "[]") == "at the top: must be of the type object, not array");
  BOOST_TEST(errors(schema, R"({"name":""})") ==
             "at /name: must have at least 1 characters, not 0\n"
             "at the top: must have the property \"crew\"");
  BOOST_TEST(errors(schema, R"({"name":"A","crew":[{},{"rank":"boy","age":12}],"a/b":1})") ==
             "at /a~1b: must not be there\n"
             "at /crew/1/age: must be at least 16\n"
             "at /crew/1/rank: must be one of [\"mate\",\"cook\"]");
  BOOST_TEST(errors(schema, "I am done.") == "the answer is not valid JSON, at byte 1");
  BOOST_TEST(errors(schema, R"({"name":"A","name":"B","crew":[]})") ==
             "the answer has the name \"name\" twice in one object");
}

BOOST_AUTO_TEST_CASE(errors_of_alternatives_are_those_of_the_nearest) {
  constexpr auto schema =
      R"({"properties":{"a":{"anyOf":[{"type":"null"},{"type":"object","properties":{"b":{"type":"integer"}}}]}}})";
  BOOST_TEST(errors(schema, R"({"a":{"b":"x"}})") ==
             "at /a: must fit at least one of the 2 schemas of anyOf; of the nearest:\n"
             "at /a/b: must be of the type integer, not string");
  BOOST_TEST(errors(R"({"oneOf":[{"minimum":1},{"maximum":3}]})", "2") ==
             "at the top: must fit exactly one of the 2 schemas of oneOf, not 2");
}

BOOST_AUTO_TEST_CASE(errors_have_bounds) {
  const auto many = read(R"({"items":{"type":"string"}})").errors_of("[" + repeated("1,", 5000) + "1]");
  BOOST_TEST(many.size() == max_schema_errors);
  const auto name = "\"" + repeated("n", 10'000) + "\"";
  const auto long_ones =
      read(R"({"required":[)" + name + R"(],"enum":[")" + name.substr(5000) + "]}").errors_of("{" + name + ":1}");
  for (const auto& each : read(R"({"additionalProperties":{"type":"null"}})").errors_of("{" + name + ":1}")) {
    BOOST_TEST(each.size() <= max_schema_error_bytes + 3);
    BOOST_TEST(each.find("must be of the type null") != std::string::npos);
  }
  BOOST_TEST(!long_ones.empty());
  for (const auto& each : long_ones) BOOST_TEST(each.size() <= max_schema_error_bytes + 3);
  // A cut never parts a character.
  const auto emoji = "\"" + repeated("⛵", 2000) + "\"";
  for (const auto& each : read(R"({"const":)" + emoji + "}").errors_of("1")) BOOST_TEST(is_utf8(each));
}

BOOST_AUTO_TEST_CASE(what_is_deep_or_large_is_refused) {
  const auto nested = [](std::size_t depth) { return repeated("[", depth) + repeated("]", depth); };
  check("{}", {nested(max_strict_depth)},
        {nested(max_strict_depth + 1), nested(1'000'000), repeated("[", 1'000'000)});
  const auto schema = [](std::size_t depth) { return repeated(R"({"not":)", depth) + "{}" + repeated("}", depth); };
  BOOST_TEST(refusal(schema(max_strict_depth - 1)) == "taken");
  BOOST_TEST(refusal(schema(max_strict_depth)) == "outputSchema: nests more than 64 arrays and objects");
  const auto padded = [](std::size_t size) { return R"({"title":")" + std::string(size - 12, 't') + "\"}"; };
  BOOST_TEST(refusal(padded(max_output_schema_bytes)) == "taken");
  BOOST_TEST(errors("{}", std::string(max_checked_answer_bytes - 1, ' ') + "1").empty());
  BOOST_TEST(errors("{}", std::string(max_checked_answer_bytes, ' ') + "1") ==
             "the answer is longer than 262144 bytes");
  BOOST_TEST(refusal(padded(max_output_schema_bytes + 1)) == "outputSchema: must not be longer than 16384 bytes");
}

BOOST_AUTO_TEST_CASE(what_costs_too_much_is_given_up) {
  // Each definition asks for the one before it twice: 2^40 checks of one number.
  nlohmann::json doubling{{"$ref", "#/$defs/d40"}, {"$defs", {{"d0", {{"type", "integer"}}}}}};
  for (int i = 1; i <= 40; ++i) {
    const nlohmann::json before{{"$ref", "#/$defs/d" + std::to_string(i - 1)}};
    doubling["$defs"]["d" + std::to_string(i)] = {{"allOf", {before, before}}};
  }
  const auto gives_up = [](const std::string& schema, const std::string& answer) {
    const auto said = errors(schema, answer);
    BOOST_TEST(said == "the answer is too large or too intricate to be held against the schema");
  };
  gives_up(doubling.dump(), "1");
  gives_up(R"({"not":)" + doubling["$defs"]["d0"].dump() + "," + doubling.dump().substr(1), "1");
  // A chain that is deeper than the stack is let grow, though it goes in no circle.
  nlohmann::json chain{{"$ref", "#/$defs/c0"}, {"$defs", {{"c500", true}}}};
  for (int i = 0; i < 500; ++i) {
    chain["$defs"]["c" + std::to_string(i)] = {{"$ref", "#/$defs/c" + std::to_string(i + 1)}};
  }
  BOOST_REQUIRE_LT(chain.dump().size(), max_output_schema_bytes);
  gives_up(chain.dump(), "1");
  gives_up(R"({"items":{"allOf":[{},{},{},{},{},{},{},{},{},{}]}})", "[" + repeated("1,", 120'000) + "1]");
  // Many different items are no reason to.
  std::string numbers = "[0";
  for (int i = 1; i < 40'000; ++i) numbers += "," + std::to_string(i);
  check(R"({"uniqueItems":true})", {numbers + "]"}, {numbers + ",7]"});
}

BOOST_AUTO_TEST_CASE(the_text_is_as_given_without_spaces) {
  const auto schema = read("{ \"title\" : \"a \\\" b\\\\\" ,\n\t\"minimum\" : 1.50 , \"const\" : 1e2 }\r\n");
  BOOST_TEST(schema.text() == R"({"title":"a \" b\\","minimum":1.50,"const":1e2})");
  const auto copy = schema;  // NOLINT(performance-unnecessary-copy-initialization): what is tested
  BOOST_TEST(copy.errors_of("100").empty());
}

BOOST_AUTO_TEST_SUITE_END()
