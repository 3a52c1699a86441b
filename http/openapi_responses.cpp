// Successes are described where they are; an error is the same everywhere.
#include "http/openapi_responses.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "flotilla/limits.hpp"
#include "http/handlers.hpp"
#include "http/openapi_examples.hpp"
#include "http/openapi_schemas.hpp"

namespace flotilla::http {
namespace {

using json = nlohmann::ordered_json;

struct error_kind {
  int status;
  const char* name;
  const char* about;
  const char* example;
  const char* header = nullptr;  ///< one that always comes with it
};

constexpr std::array error_kinds{
    error_kind{400, "BadRequest", "Something that was sent is missing or wrong; the message names it.",
               "name: is required"},
    error_kind{401, "Unauthorized", "No token, or one that is not valid.", "the token is not valid",
               "WWW-Authenticate"},
    error_kind{403, "Forbidden", "The role does not allow it, or a limit of the plan is reached.",
               "this needs the role operator or above"},
    error_kind{404, "NotFound", "There is no such object in the org.", "no such agent"},
    error_kind{405, "MethodNotAllowed", "The path is known, but not with this method.",
               "this endpoint takes GET, HEAD, POST, OPTIONS", "Allow"},
    error_kind{409, "Conflict", "What it is about changed at the same time, again and again; nothing was done.",
               "the object has changed: try again"},
    error_kind{413, "TooLarge", "Something is larger than its limit.", "the body is too large: at most 1024 KiB"},
    error_kind{415, "UnsupportedType", "The body is not JSON.",
               "the body must be JSON: send it with Content-Type: application/json"},
    error_kind{429, "RateLimited", "Too many requests: back off and retry.",
               "too many requests with this token: at most 120 a minute", "Retry-After"},
    error_kind{431, "HeadersTooLarge", "The request's headers are too large.",
               "the headers are too large: at most 16 KiB in 100 fields"},
    error_kind{500, "InternalError", "Something went wrong on our end.", "something went wrong on our end"},
    error_kind{503, "Unavailable", "Shutting down, or the store cannot be used at the moment.",
               "the server is shutting down", "Retry-After"},
};

const error_kind& kind_of(int status) {
  const auto found = std::ranges::find(error_kinds, status, &error_kind::status);
  return found == error_kinds.end() ? kind_of(500) : *found;
}

/// The headers that every answer carries where they are known.
json common_headers(bool rated) {
  json headers{{"X-Request-Id", reference_to("headers", "X-Request-Id")}};
  if (!rated) return headers;
  for (const auto* name : {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}) {
    headers[name] = reference_to("headers", name);
  }
  return headers;
}

json success_headers(const route& one, const server_options& options) {
  auto headers = common_headers(least_role(one, options).has_value());
  const auto add = [&headers](const char* name) { headers[name] = reference_to("headers", name); };
  if (one.gives.located) add("Location");
  if (one.gives.list) add("Link");
  if (takes_idempotency_key(one)) add("Idempotency-Replayed");
  return headers;
}

/// An event stream is text to JSON Schema; "x-sse-data" says what each data line holds.
json stream_content(const route& one, const json& examples) {
  const auto& entry = examples.at(std::string(one.gives.schema));
  const auto text = "id: " + entry.at("seq").dump() + "\ndata: " + entry.dump() + "\n\n";
  return {{"text/event-stream",
           {{"schema", {{"type", "string"}, {"x-sse-data", reference_to("schemas", one.gives.schema)}}},
            {"example", text}}}};
}

json success_content(const route& one) {
  const auto examples = answer_examples();
  if (one.kind == answers::stream) return stream_content(one, examples);
  const std::string type(one.gives.content_type);
  if (one.gives.schema.empty()) return {{type, {{"schema", {{"type", "string"}}}}}};
  const std::string name(one.gives.schema);
  const auto shape = reference_to("schemas", name);
  const json many{{"type", "array"}, {"items", shape}};
  json media{{"schema", one.gives.list ? many : shape}};
  if (one.gives.or_many) media["schema"] = {{"oneOf", json::array({shape, many})}};
  if (const auto example = examples.find(name); example != examples.end()) {
    media["example"] = one.gives.list ? json::array({*example}) : *example;
  }
  return {{type, std::move(media)}};
}

/// The one route whose 503 is no error: it tells what it was asked.
json not_ready() {
  const json media{
      {"schema", reference_to("schemas", "Readiness")},
      {"example", {{"status", "draining"}, {"recovery", {{"state", "done"}, {"agents", 3}, {"done", 3}}}}}};
  return {{"description", "The server cannot serve, and why."},
          {"headers", common_headers(false)},
          {"content", {{"application/json", media}}}};
}

}  // namespace

json responses_of(const route& one, const server_options& options) {
  auto all = json::object();
  all[std::to_string(one.gives.status)] = {{"description", one.gives.status == 201 ? "Made." : "Done."},
                                           {"headers", success_headers(one, options)},
                                           {"content", success_content(one)}};
  for (const auto status : error_statuses(one, options)) {
    const auto probed = status == 503 && one.handle == show_readiness;
    all[std::to_string(status)] = probed ? not_ready() : reference_to("responses", kind_of(status).name);
  }
  return all;
}

json shared_responses() {
  auto all = json::object();
  for (const auto& kind : error_kinds) {
    auto headers = common_headers(true);
    if (kind.header != nullptr) headers[kind.header] = reference_to("headers", kind.header);
    const json media{{"schema", reference_to("schemas", "Error")}, {"example", {{"error", kind.example}}}};
    all[kind.name] = {
        {"description", kind.about}, {"headers", std::move(headers)}, {"content", {{"application/json", media}}}};
  }
  return all;
}

json shared_headers() {
  const json number{{"type", "integer"}, {"minimum", 0}};
  const json text{{"type", "string"}, {"minLength", 1}};
  const auto header = [](const char* about, bool always, const json& schema) {
    return json{{"description", about}, {"required", always}, {"schema", schema}};
  };
  return {
      {"X-Request-Id", header("The client's, or one that was made; it is in the server's log line.", true, text)},
      {"RateLimit-Limit", header("Requests a minute; where there is a limit.", false, number)},
      {"RateLimit-Remaining", header("Requests that may be made now.", false, number)},
      {"RateLimit-Reset", header("Seconds until all of them may be made again.", false, number)},
      {"Retry-After", header("Seconds to wait.", true, {{"type", "integer"}, {"minimum", 1}})},
      {"WWW-Authenticate", header("How to authenticate.", true, {{"type", "string"}, {"const", "Bearer"}})},
      {"Allow", header("The methods that the path takes.", true, text)},
      {"Location", header("Where what was made is.", true, text)},
      {"Link", header("The next page, with rel=\"next\"; where more follows.", false, text)},
      {"Idempotency-Replayed", header("Where the answer is that to an earlier request with the same key.", false,
                                      {{"type", "boolean"}, {"const", true}})},
  };
}

json shared_parameters() {
  const json key{
      {"name", "Idempotency-Key"},
      {"in", "header"},
      {"required", false},
      {"description",
       "Sent again with the same key and the same request within 24 hours, it is answered the same again and "
       "nothing is done twice. With another request the key is refused."},
      {"schema",
       {{"type", "string"}, {"minLength", 1}, {"maxLength", max_idempotency_key_bytes}, {"pattern", "^[!-~]+$"}}}};
  const json last{{"name", "Last-Event-ID"},
                  {"in", "header"},
                  {"required", false},
                  {"description", "The last position that was seen: the stream goes on behind it."},
                  {"schema", {{"type", "integer"}, {"minimum", 0}}}};
  return {{"IdempotencyKey", key}, {"LastEventId", last}};
}

}  // namespace flotilla::http
