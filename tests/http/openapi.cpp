// The document is whole: each route is in it, what it refers to is there, and its examples are what its schemas say.
#include "http/openapi.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "http/openapi_examples.hpp"
#include "http/routes.hpp"
#include "tests/http/serving.hpp"

namespace {

using namespace flotilla;
using namespace flotilla::http;
using nlohmann::json;

json document_of(const server_options& options = {}) {
  return json::parse(openapi_document(options));
}

std::string lower(std::string_view verb) {
  std::string text(verb);
  for (auto& c : text) c = static_cast<char>(std::tolower(c));
  return text;
}

/// Calls `see` with every reference of a document.
template <class See>
void each_reference(const json& part, See see) {
  if (part.is_object() && part.contains("$ref")) see(part.at("$ref").get<std::string>());
  if (part.is_structured()) {
    for (const auto& one : part) each_reference(one, see);
  }
}

/// The fields that an object's schema asks for and allows against those that an example has.
void check_fields_of(const json& document, const json& schema, const json& value, const std::string& where) {
  if (schema.contains("$ref")) {
    const auto at = json::json_pointer(schema.at("$ref").get<std::string>().substr(1));
    return check_fields_of(document, document.at(at), value, where);
  }
  if (value.is_array() && schema.contains("items")) {
    for (const auto& item : value) check_fields_of(document, schema.at("items"), item, where + "[]");
  }
  if (!value.is_object() || !schema.contains("properties")) return;
  for (const auto& name : schema.at("required")) BOOST_TEST(value.contains(name), where << " lacks " << name);
  for (const auto& [name, inner] : value.items()) {
    BOOST_TEST(schema.at("properties").contains(name), where << " has " << name);
    check_fields_of(document, schema.at("properties").value(name, json::object()), inner, where + "." + name);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(openapi)

BOOST_AUTO_TEST_CASE(has_every_route_and_no_other) {
  const auto document = document_of();
  std::set<std::string> described;
  for (const auto& [path, item] : document.at("paths").items()) {
    for (const auto& [verb, operation] : item.items()) described.insert(verb + " " + path);
  }
  std::set<std::string> served;
  for (const auto& one : http::routes()) served.insert(lower(to_string(one.verb)) + " " + std::string(one.pattern));
  BOOST_TEST(described == served, boost::test_tools::per_element());
  BOOST_TEST(served.size() == http::routes().size());
}

BOOST_AUTO_TEST_CASE(says_of_each_route_what_the_table_says) {
  const auto document = document_of();
  for (const auto& one : http::routes()) {
    BOOST_TEST_CONTEXT(one.operation) {
      const auto& described = document["paths"][std::string(one.pattern)][lower(to_string(one.verb))];
      BOOST_TEST(described.at("operationId") == one.operation);
      BOOST_TEST(described.at("security").empty() == !one.least.has_value());
      if (one.least) BOOST_TEST(described.at("x-least-role") == std::string(to_string(*one.least)));
      BOOST_TEST(described.contains("requestBody") == !one.takes.body_name.empty());
      std::set<std::string> statuses;
      for (const auto& [status, response] : described.at("responses").items()) statuses.insert(status);
      std::set<std::string> expected{std::to_string(one.gives.status)};
      for (const auto status : error_statuses(one, {})) expected.insert(std::to_string(status));
      BOOST_TEST(statuses == expected, boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(refers_to_what_is_there_and_has_nothing_that_is_not_referred_to) {
  const auto document = document_of();
  std::set<std::string> referred;
  each_reference(document, [&](const std::string& to) {
    referred.insert(to);
    BOOST_TEST(document.contains(json::json_pointer(to.substr(1))), to);
  });
  // An answer to a method that a path does not take belongs to no operation.
  referred.insert("#/components/responses/MethodNotAllowed");
  for (const auto& [section, parts] : document.at("components").items()) {
    if (section == "securitySchemes") continue;
    for (const auto& [name, part] : parts.items()) {
      BOOST_TEST(referred.contains("#/components/" + section + "/" + name), section << " " << name);
    }
  }
}

BOOST_AUTO_TEST_CASE(has_examples_with_the_fields_of_their_schemas) {
  const auto document = document_of();
  const auto examples = json::parse(answer_examples().dump());
  for (const auto& [name, example] : examples.items()) {
    check_fields_of(document, document["components"]["schemas"].at(name), example, name);
  }
  std::set<std::string> shown;
  for (const auto& one : http::routes()) shown.insert(std::string(one.gives.schema));
  for (const std::string without : {"", "Index", "OpenApi"}) shown.erase(without);
  for (const auto& name : shown) BOOST_TEST(examples.contains(name), name);
}

BOOST_AUTO_TEST_CASE(says_that_a_message_is_to_an_agent_or_to_a_team) {
  const auto document = document_of();
  const auto& body = document["components"]["schemas"]["MessageDraft"];
  BOOST_TEST((body.at("oneOf") == json{{{"required", {"to"}}}, {{"required", {"team"}}}}));
  BOOST_TEST((body.at("required") == json{"text"}));
  const auto& answer = document["paths"]["/api/messages"]["post"]["responses"]["201"]["content"]["application/json"];
  const json one{{"$ref", "#/components/schemas/Message"}};
  BOOST_TEST((answer.at("schema") == json{{"oneOf", {one, {{"type", "array"}, {"items", one}}}}}));
}

BOOST_AUTO_TEST_CASE(has_exact_schemas_of_answers) {
  const auto document = document_of();
  const auto& schemas = document["components"]["schemas"];
  for (const auto* name : {"Agent", "Task", "TaskDetail", "Event", "Message", "Epic", "EpicDetail", "Secret",
                           "McpServer", "Usage", "Me", "Token", "NewToken", "AgentNode", "Memory", "Ok", "Error"}) {
    BOOST_TEST(schemas.at(name).at("additionalProperties") == false, name);
    BOOST_TEST(!schemas.at(name).at("required").empty(), name);
  }
  BOOST_TEST(!schemas["Secret"]["properties"].contains("value"));
  BOOST_TEST(!schemas["Token"]["properties"].contains("token"));
}

BOOST_AUTO_TEST_CASE(follows_the_settings_of_the_metrics) {
  server_options options;
  options.metrics = metrics_access::off;
  BOOST_TEST(!document_of(options).at("paths").contains("/metrics"));
  options.metrics = metrics_access::token;
  const auto guarded = document_of(options)["paths"]["/metrics"]["get"];
  BOOST_TEST(guarded.at("security").size() == 1U);
  BOOST_TEST(guarded.at("responses").contains("401"));
}

BOOST_AUTO_TEST_CASE(is_served_without_a_token) {
  const test::serving one;
  const auto given = test::fetch(one.server->port(), "GET", "/api/openapi.json");
  BOOST_TEST(given.status == 200);
  BOOST_TEST(given.at("content-type") == json_content_type);
  BOOST_TEST(given.at("cache-control").starts_with("public"));
  BOOST_TEST((json::parse(given.body) == document_of()));
}

BOOST_AUTO_TEST_SUITE_END()
