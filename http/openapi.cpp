// One operation a route; what all of them share stands in components.
#include "http/openapi.hpp"

#include <map>
#include <string_view>
#include <utility>

#include "http/openapi_examples.hpp"
#include "http/openapi_responses.hpp"
#include "http/openapi_schemas.hpp"
#include "http/routes.hpp"

namespace flotilla::http {
namespace {

using json = nlohmann::ordered_json;

constexpr const char* about =
    "The API of Flotilla, a self-hosted runtime for fleets of AI agents.\n\n"
    "Bodies are JSON in UTF-8; fields that are not named here are passed over. Query parameters of a GET or DELETE "
    "may "
    "also stand in a JSON body; the query wins. Lists are newest first, in pages: where more follows, the `Link` "
    "header "
    "says where. Every GET that does not stream also answers HEAD. A known path that does not take a method is "
    "answered 405 with `Allow`, an unknown path 404. `x-least-role` is the least role that may make a call; "
    "`x-max-bytes` bounds a text in "
    "bytes of UTF-8.";

json tags() {
  const std::pair<const char*, const char*> all[] = {
      {"agents", "Who works: agents in their org chart."},
      {"tasks", "What is to be done, and runs of it."},
      {"messages", "The bus: what happened, and what was said."},
      {"epics", "Work that many tasks share."},
      {"secrets", "Values that agents use and nobody is shown."},
      {"mcps", "MCP servers: where agents get tools from."},
      {"org", "Usage and API tokens."},
      {"service", "The server itself."},
  };
  auto list = json::array();
  for (const auto& [name, description] : all) list.push_back({{"name", name}, {"description", description}});
  return list;
}

json parameters_of(const route& one) {
  auto list = json::array();
  if (one.id) {
    list.push_back({{"name", "id"}, {"in", "path"}, {"required", true}, {"schema", schema_of_id(*one.id)}});
  }
  for (const auto& wanted : one.takes.query) {
    list.push_back({{"name", wanted.name},
                    {"in", "query"},
                    {"required", wanted.required},
                    {"description", wanted.about},
                    {"schema", schema_of(wanted)}});
  }
  if (one.kind == answers::stream) list.push_back(reference_to("parameters", "LastEventId"));
  if (takes_idempotency_key(one)) list.push_back(reference_to("parameters", "IdempotencyKey"));
  return list;
}

json request_body_of(const route& one) {
  const json media{{"schema", reference_to("schemas", one.takes.body_name)},
                   {"example", json::parse(one.takes.body_example)}};
  return {{"required", one.takes.body_required}, {"content", {{"application/json", media}}}};
}

std::string description_of(const route& one, const std::optional<role>& least) {
  std::string text(one.detail);
  if (!text.empty()) text += "\n\n";
  return text + (least ? "Least role: " + std::string(to_string(*least)) + "." : "Needs no token.");
}

json operation_of(const route& one, const server_options& options) {
  const auto least = least_role(one, options);
  json operation{{"operationId", one.operation},
                 {"tags", json::array({one.tag})},
                 {"summary", one.summary},
                 {"description", description_of(one, least)}};
  operation["x-least-role"] = least ? json(to_string(*least)) : json(nullptr);
  operation["security"] = least ? json::array({{{"bearer", json::array()}}}) : json::array();
  if (auto parameters = parameters_of(one); !parameters.empty()) operation["parameters"] = std::move(parameters);
  if (!one.takes.body_name.empty()) operation["requestBody"] = request_body_of(one);
  operation["responses"] = responses_of(one, options);
  return operation;
}

std::string lower(std::string_view verb) {
  std::string text(verb);
  for (auto& c : text) c = static_cast<char>(c - 'A' + 'a');
  return text;
}

json paths(const server_options& options) {
  auto all = json::object();
  for (const auto& one : routes()) {
    if (is_served(one, options))
      all[std::string(one.pattern)][lower(to_string(one.verb))] = operation_of(one, options);
  }
  return all;
}

json schemas() {
  auto all = answer_schemas();
  for (const auto& one : routes()) {
    if (one.takes.body_name.empty()) continue;
    auto body = schema_of_body(one.takes.body);
    for (const auto name : one.takes.exactly_one) body["oneOf"].push_back({{"required", json::array({name})}});
    all[std::string(one.takes.body_name)] = std::move(body);
  }
  return all;
}

json info() {
  return {{"title", "Flotilla"},
          {"version", "1"},
          {"description", about},
          {"license", {{"name", "Apache 2.0"}, {"identifier", "Apache-2.0"}}}};
}

json components() {
  const json bearer{{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "fr_live_…"}};
  return {{"securitySchemes", {{"bearer", bearer}}},
          {"parameters", shared_parameters()},
          {"headers", shared_headers()},
          {"responses", shared_responses()},
          {"schemas", schemas()}};
}

}  // namespace

std::string openapi_document(const server_options& options) {
  const json whole{{"openapi", "3.1.0"}, {"info", info()},          {"servers", json::array({{{"url", "/"}}})},
                   {"tags", tags()},     {"paths", paths(options)}, {"components", components()}};
  return whole.dump();
}

}  // namespace flotilla::http
