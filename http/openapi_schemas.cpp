// The schemas of fields follow their kind; those of answers say again what to_json (flotilla/json.hpp) writes.
#include "http/openapi_schemas.hpp"

#include <string>
#include <utility>
#include <vector>

#include "flotilla/limits.hpp"
#include "http/contract_fields.hpp"

namespace flotilla::http {
namespace {

using json = nlohmann::ordered_json;

constexpr const char* line_pattern = R"(^[^\u0000-\u001F\u007F-\u009F]*$)";
constexpr const char* text_pattern = R"(^[^\u0000]*$)";
constexpr const char* time_pattern = R"(^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$)";
constexpr const char* ulid_pattern = "[0-7][0-9A-HJKMNP-TV-Z]{25}";

// --- what is taken ----------------------------------------------------------------------------------------------

std::string id_pattern(id_kind kind) {
  return "^" + std::string(prefix_of(kind)) + ulid_pattern + "$";
}

json text_schema(const field& wanted, const char* pattern) {
  json schema{{"type", "string"}};
  if (wanted.least > 0) schema["minLength"] = wanted.least;
  // A text of so many bytes has at most as many characters.
  schema["maxLength"] = wanted.most;
  schema["pattern"] = wanted.form != nullptr ? std::string(wanted.form->pattern) : pattern;
  schema["x-max-bytes"] = wanted.most;
  return schema;
}

json variables_schema(const field& wanted) {
  return {{"type", "object"},
          {"maxProperties", wanted.max_items},
          {"propertyNames", {{"minLength", 1}, {"maxLength", wanted.most}, {"pattern", line_pattern}}},
          {"additionalProperties", text_schema(wanted, text_pattern)}};
}

json plain_schema(const field& wanted) {
  switch (wanted.kind) {
    case field_kind::line:
      return text_schema(wanted, line_pattern);
    case field_kind::text:
      return text_schema(wanted, text_pattern);
    case field_kind::word:
      return {{"type", "string"}, {"enum", wanted.words}};
    case field_kind::id:
      return schema_of_id(wanted.names);
    case field_kind::time:
      return {{"type", "string"}, {"format", "date-time"}};
    case field_kind::whole:
      return {{"type", "integer"}, {"minimum", wanted.least}, {"maximum", wanted.most}};
    case field_kind::flag:
      return {{"type", "boolean"}};
    case field_kind::lines:
      return {{"type", "array"}, {"maxItems", wanted.max_items}, {"items", text_schema(wanted, line_pattern)}};
    case field_kind::texts:
      return {{"type", "array"}, {"maxItems", wanted.max_items}, {"items", text_schema(wanted, text_pattern)}};
    case field_kind::variables:
      return variables_schema(wanted);
    case field_kind::json:
      return {{"type", "object"}, {"x-max-bytes", wanted.most}};
    case field_kind::object:
      break;
  }
  return schema_of_body(fields_of(wanted));
}

// --- what is answered -------------------------------------------------------------------------------------------

using properties = std::vector<std::pair<const char*, json>>;

/// An object with exactly these fields; those in `may` need not be there.
json object_of(const properties& must, const properties& may = {}) {
  json schema{{"type", "object"}, {"properties", json::object()}, {"required", json::array()}};
  for (const auto& [name, value] : must) {
    schema["properties"][name] = value;
    schema["required"].push_back(name);
  }
  for (const auto& [name, value] : may) schema["properties"][name] = value;
  schema["additionalProperties"] = false;
  return schema;
}

json or_null(json schema) {
  schema["type"] = json::array({schema["type"], "null"});
  return schema;
}

json text() {
  return {{"type", "string"}};
}
json some_text() {
  return {{"type", "string"}, {"minLength", 1}};
}
json count() {
  return {{"type", "integer"}, {"minimum", 0}};
}
json position() {
  return {{"type", "integer"}, {"minimum", 1}};
}
json moment() {
  return {{"type", "string"}, {"format", "date-time"}, {"pattern", time_pattern}};
}
json any_value(const char* about) {
  return {{"description", about}};
}
json word_of(std::span<const std::string_view> words) {
  return {{"type", "string"}, {"enum", words}};
}
json list_of(json items) {
  return {{"type", "array"}, {"items", std::move(items)}};
}
json map_of(json values) {
  return {{"type", "object"}, {"additionalProperties", std::move(values)}};
}
json schema(std::string_view name) {
  return reference_to("schemas", name);
}

constexpr std::array<std::string_view, 6> event_types{"thinking", "tool_call", "tool_result",
                                                      "output",   "error",     "status"};
constexpr std::array<std::string_view, 4> mcp_statuses{"disconnected", "connecting", "connected", "failed"};
constexpr std::array<std::string_view, 4> live_states{"idle", "running", "restarting", "failed"};

properties agent_properties() {
  const auto budget = object_of({{"tokens", position()}, {"period", word_of(takes::periods)}});
  return {{"id", schema_of_id(id_kind::agent)},
          {"name", some_text()},
          {"role", some_text()},
          {"model", some_text()},
          {"provider", word_of(takes::providers)},
          {"glyph", some_text()},
          {"manager", or_null(schema_of_id(id_kind::agent))},
          {"team", or_null(some_text())},
          {"status", word_of(takes::agent_statuses)},
          {"mcps", list_of(some_text())},
          {"approvals", list_of(some_text())},
          {"maxTurns", {{"type", "integer"}, {"minimum", 1}, {"maximum", highest_max_turns}}},
          {"budget", or_null(budget)},
          {"memoryTokens", {{"type", "integer"}, {"minimum", 0}, {"maximum", highest_memory_tokens}}},
          {"memorySince", or_null(moment())},
          {"createdAt", moment()},
          {"updatedAt", moment()}};
}

properties task_properties() {
  return {{"id", schema_of_id(id_kind::task)},
          {"title", some_text()},
          {"input", some_text()},
          {"outputSchema", {{"type", json::array({"object", "null"})}}},
          {"assignee", schema_of_id(id_kind::agent)},
          {"requester", or_null(schema_of_id(id_kind::agent))},
          {"parent", or_null(schema_of_id(id_kind::task))},
          {"priority", word_of(takes::priorities)},
          {"epic_id", or_null(schema_of_id(id_kind::epic))},
          {"status", word_of(takes::task_statuses)},
          {"output", or_null(text())},
          {"error", or_null(object_of({{"code", some_text()}, {"message", text()}}))},
          {"attempt", position()},
          {"usage", schema("TokenUsage")},
          {"createdAt", moment()},
          {"startedAt", or_null(moment())},
          {"finishedAt", or_null(moment())},
          {"updatedAt", moment()}};
}

properties epic_properties() {
  return {{"id", schema_of_id(id_kind::epic)},
          {"name", some_text()},
          {"type", word_of(takes::epic_types)},
          {"status", word_of(takes::epic_statuses)},
          {"progress", {{"type", "integer"}, {"minimum", 0}, {"maximum", 100}}},
          {"createdAt", moment()},
          {"updatedAt", moment()}};
}

properties token_properties() {
  return {{"id", schema_of_id(id_kind::token)},
          {"name", some_text()},
          {"role", word_of(takes::roles)},
          {"createdAt", moment()},
          {"lastUsedAt", or_null(moment())}};
}

/// The totals of a usage answer, after what they are the totals of.
properties totals_after(properties first) {
  for (const auto* name : {"input_tokens", "output_tokens", "total_tokens", "task_count"}) {
    first.emplace_back(name, count());
  }
  return first;
}

properties joined(properties first, properties more) {
  for (auto& one : more) first.push_back(std::move(one));
  return first;
}

json event_schema() {
  return object_of({{"seq", position()}, {"type", word_of(event_types)}, {"text", text()}, {"at", moment()}},
                   {{"tool", some_text()},
                    {"callId", some_text()},
                    {"data", any_value("More of it; what there is depends on the type and the text.")}});
}

json recovery_schema() {
  return object_of({{"state", {{"type", "string"}, {"enum", {"running", "done"}}}},
                    {"agents", {{"type", "integer"}, {"minimum", 0}}},
                    {"done", {{"type", "integer"}, {"minimum", 0}}}});
}

json message_schema() {
  json party{{"type", json::array({"string", "null"})},
             {"pattern", std::string("^(user|system|agt_") + ulid_pattern + ")$"},
             {"description", "An agent, user, system, or null for all."}};
  return object_of({{"id", schema_of_id(id_kind::message)},
                    {"seq", position()},
                    {"type", {{"type", "string"}, {"pattern", R"(^[a-z]+\.[a-z]+$)"}}},
                    {"from", party},
                    {"to", party},
                    {"task_id", or_null(schema_of_id(id_kind::task))},
                    {"epic_id", or_null(schema_of_id(id_kind::epic))},
                    {"text", text()},
                    {"data", any_value("More of it, or null.")},
                    {"createdAt", moment()}});
}

json secret_schema() {
  return object_of({{"key", {{"type", "string"}, {"pattern", std::string(takes::secret_key_form.pattern)}}},
                    {"scope", word_of(takes::scopes)},
                    {"agentId", or_null(schema_of_id(id_kind::agent))},
                    {"updatedAt", moment()}});
}

json mcp_schema() {
  return object_of({{"id", schema_of_id(id_kind::mcp)},
                    {"name", {{"type", "string"}, {"pattern", std::string(takes::mcp_name_form.pattern)}}},
                    {"transport", word_of(takes::transports)},
                    {"command", or_null(some_text())},
                    {"args", list_of(text())},
                    {"url", or_null(some_text())},
                    {"env", map_of(text())},
                    {"headers", map_of(text())},
                    {"status", word_of(mcp_statuses)},
                    {"tools", list_of(some_text())},
                    {"createdAt", moment()}});
}

json usage_schema() {
  const json day{{"type", "string"}, {"format", "date"}};
  return object_of(joined(totals_after({}),
                          {{"by_agent", list_of(object_of(totals_after({{"agent", schema_of_id(id_kind::agent)}})))},
                           {"by_model", list_of(object_of(totals_after({{"model", some_text()}})))},
                           {"daily_breakdown", list_of(object_of(totals_after({{"date", day}})))}}));
}

json me_schema() {
  const auto user =
      object_of({{"id", schema_of_id(id_kind::user)}, {"name", text()}, {"role", word_of(takes::roles)}});
  const auto limits = object_of({{"agents", or_null(count())},
                                 {"tasksPerMonth", or_null(count())},
                                 {"tokensPerMonth", or_null(count())},
                                 {"concurrentRuns", or_null(count())}});
  return object_of({{"user", user},
                    {"org", object_of({{"id", schema_of_id(id_kind::org)}, {"name", text()}})},
                    {"plan", object_of({{"name", text()}, {"limits", limits}})},
                    {"features", map_of({{"type", "boolean"}})}});
}

json node_schema() {
  return object_of(joined(agent_properties(), {{"live", word_of(live_states)},
                                               {"queueLength", count()},
                                               {"restarts", count()},
                                               {"reports", list_of(schema("AgentNode"))}}));
}

json memory_schema() {
  const auto entry =
      object_of({{"at", moment()}, {"text", some_text()}, {"tokens", count()}},
                {{"taskId", schema_of_id(id_kind::task)}, {"messageId", schema_of_id(id_kind::message)}});
  const auto omitted = object_of({{"tasks", count()}, {"messages", count()}, {"more", {{"type", "boolean"}}}});
  return object_of({{"allowance", count()},
                    {"tokens", count()},
                    {"since", or_null(moment())},
                    {"entries", list_of(entry)},
                    {"omitted", omitted},
                    {"text", text()},
                    {"unread", list_of(schema("Message"))}});
}

json index_schema() {
  return object_of({{"name", text()}, {"api", text()}, {"document", text()}, {"health", text()}, {"ready", text()}});
}

json document_schema() {
  return {{"type", "object"},
          {"properties",
           {{"openapi", {{"type", "string"}, {"pattern", R"(^3\.1\.[0-9]+$)"}}},
            {"info", {{"type", "object"}}},
            {"paths", {{"type", "object"}}}}},
          {"required", {"openapi", "info", "paths"}}};
}

}  // namespace

json reference_to(std::string_view section, std::string_view name) {
  return {{"$ref", "#/components/" + std::string(section) + "/" + std::string(name)}};
}

json schema_of_id(id_kind kind) {
  return {{"type", "string"}, {"pattern", id_pattern(kind)}};
}

json schema_of(const field& wanted) {
  auto schema = plain_schema(wanted);
  if (wanted.nullable) schema = or_null(std::move(schema));
  if (!wanted.fallback.empty()) schema["default"] = json::parse(wanted.fallback);
  return schema;
}

json schema_of_body(std::span<const field> fields) {
  json schema{{"type", "object"}, {"properties", json::object()}};
  auto required = json::array();
  for (const auto& one : fields) {
    auto property = schema_of(one);
    property["description"] = one.about;
    schema["properties"][std::string(one.name)] = std::move(property);
    if (one.required) required.push_back(one.name);
  }
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

json answer_schemas() {
  const auto task_usage =
      object_of({{"input_tokens", count()}, {"output_tokens", count()}, {"total_tokens", count()}});
  const auto detail = joined(task_properties(), {{"log", list_of(schema("Event"))},
                                                 {"children", list_of(schema_of_id(id_kind::task))},
                                                 {"totalUsage", schema("TokenUsage")}});
  const auto new_token =
      joined(token_properties(), {{"token", {{"type", "string"}, {"pattern", "^fr_live_[A-Za-z0-9_-]{43}$"}}}});
  const auto epic_detail =
      joined(epic_properties(), {{"tasks", list_of(schema("Task"))}, {"timeline", list_of(schema("Message"))}});
  return {
      {"Agent", object_of(agent_properties())},
      {"AgentNode", node_schema()},
      {"AgentTree", list_of(schema("AgentNode"))},
      {"Memory", memory_schema()},
      {"Task", object_of(task_properties())},
      {"TaskDetail", object_of(detail)},
      {"TokenUsage", task_usage},
      {"Event", event_schema()},
      {"Message", message_schema()},
      {"Epic", object_of(epic_properties())},
      {"EpicDetail", object_of(epic_detail)},
      {"Secret", secret_schema()},
      {"McpServer", mcp_schema()},
      {"Usage", usage_schema()},
      {"Me", me_schema()},
      {"Token", object_of(token_properties())},
      {"NewToken", object_of(new_token)},
      {"Backup", object_of({{"takenAt", moment()},
                            {"storeFormat", count()},
                            {"files", count()},
                            {"bytes", count()},
                            {"masterKey", {{"type", "boolean"}}}})},
      {"Ok", object_of({{"ok", {{"type", "boolean"}, {"const", true}}}})},
      {"Error", object_of({{"error", some_text()}})},
      {"Probe", object_of({{"status", some_text()}})},
      {"Readiness", object_of({{"status", some_text()}, {"recovery", recovery_schema()}})},
      {"Index", index_schema()},
      {"OpenApi", document_schema()},
  };
}

}  // namespace flotilla::http
