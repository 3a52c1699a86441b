// Reads objects from their JSON form, field by field, and keeps the first thing that is wrong.
#include "core/json_decode.hpp"

#include <limits>

#include <nlohmann/json.hpp>

#include "core/message_text.hpp"

namespace flotilla {
namespace {

using nlohmann::json;

// --- values: each is read or is not what it should be ----------------------------------------------------------

bool read(const json& from, std::string& into) {
  if (!from.is_string()) return false;
  into = from.get_ref<const std::string&>();
  return true;
}

bool read(const json& from, bool& into) {
  if (!from.is_boolean()) return false;
  into = from.get<bool>();
  return true;
}

bool read(const json& from, std::uint64_t& into) {
  if (!from.is_number_unsigned()) return false;
  into = from.get<std::uint64_t>();
  return true;
}

bool read(const json& from, std::uint32_t& into) {
  std::uint64_t wide = 0;
  if (!read(from, wide) || wide > std::numeric_limits<std::uint32_t>::max()) return false;
  into = static_cast<std::uint32_t>(wide);
  return true;
}

/// What a function reads from a text.
template <class T, class Parse>
bool read_parsed(const json& from, T& into, Parse parse) {
  if (!from.is_string()) return false;
  const std::optional<T> value = parse(std::string_view(from.get_ref<const std::string&>()));
  if (value) into = *value;
  return value.has_value();
}

template <id_kind Kind>
bool read(const json& from, id<Kind>& into) {
  return read_parsed(from, into, id<Kind>::parse);
}
bool read(const json& from, timestamp& into) {
  return read_parsed(from, into, parse_timestamp);
}
bool read(const json& from, agent_status& into) {
  return read_parsed(from, into, parse_agent_status);
}
bool read(const json& from, budget_period& into) {
  return read_parsed(from, into, parse_budget_period);
}
bool read(const json& from, task_status& into) {
  return read_parsed(from, into, parse_task_status);
}
bool read(const json& from, task_priority& into) {
  return read_parsed(from, into, parse_task_priority);
}
bool read(const json& from, event_type& into) {
  return read_parsed(from, into, parse_event_type);
}

bool read(const json& from, epic_type& into) {
  return read_parsed(from, into, parse_epic_type);
}
bool read(const json& from, epic_status& into) {
  return read_parsed(from, into, parse_epic_status);
}
bool read(const json& from, mcp_transport& into) {
  return read_parsed(from, into, parse_mcp_transport);
}
bool read(const json& from, mcp_status& into) {
  return read_parsed(from, into, parse_mcp_status);
}

bool read(const json& from, party& into) {
  if (from.is_null()) {
    into = party::everyone();
    return true;
  }
  return read_parsed(from, into, parse_party);
}

bool read(const json& from, std::vector<std::string>& into) {
  if (!from.is_array()) return false;
  into.resize(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (!read(from[i], into[i])) return false;
  }
  return true;
}

bool read(const json& from, mcp_variables& into) {
  if (!from.is_object()) return false;
  for (const auto& [name, value] : from.items()) {
    if (!read(value, into[name])) return false;
  }
  return true;
}

bool read(const json& from, token_budget& into);
bool read(const json& from, task_error& into);
bool read(const json& from, token_usage& into);
template <class T>
bool read(const json& from, std::optional<T>& into);

template <class T>
bool read_field(const json& object, const char* key, T& into) {
  if (!object.is_object()) return false;
  const auto found = object.find(key);
  return found != object.end() && read(*found, into);
}

bool read(const json& from, token_budget& into) {
  return read_field(from, "tokens", into.tokens) && read_field(from, "period", into.period);
}
bool read(const json& from, task_error& into) {
  return read_field(from, "code", into.code) && read_field(from, "message", into.message);
}
bool read(const json& from, token_usage& into) {
  return read_field(from, "input_tokens", into.input_tokens) && read_field(from, "output_tokens", into.output_tokens);
}

/// null is nothing.
template <class T>
bool read(const json& from, std::optional<T>& into) {
  if (from.is_null()) {
    into.reset();
    return true;
  }
  return read(from, into.emplace());
}

// --- objects ----------------------------------------------------------------------------------------------------

/// Reads the fields of one object; after the first that is wrong it reads no more.
class object_reader {
 public:
  object_reader(const char* kind, std::string_view text) : kind_(kind), object_(json::parse(text, nullptr, false)) {
    if (!object_.is_object()) problem_ = "not a JSON object";
  }

  template <class T>
  object_reader& field(const char* key, T& into) {
    if (problem_.empty() && !read_field(object_, key, into)) problem_ = std::string("field ") + key;
    return *this;
  }
  /// A field that is left out where there is nothing.
  template <class T>
  object_reader& field_if_any(const char* key, std::optional<T>& into) {
    if (problem_.empty() && object_.contains(key)) field(key, into.emplace());
    return *this;
  }
  /// A field that objects written by an older version do not have: what it is read into stays as it is then.
  template <class T>
  object_reader& later_field(const char* key, T& into) {
    if (problem_.empty() && object_.contains(key)) field(key, into);
    return *this;
  }
  /// Is there an object? For a field that may be null, and that objects written by an older version do not have.
  [[nodiscard]] bool has_later_object(const char* key) {
    if (!ok()) return false;
    const auto found = object_.find(key);
    if (found == object_.end() || found->is_null()) return false;
    if (!found->is_object()) problem_ = std::string("field ") + key;
    return ok();
  }
  [[nodiscard]] bool ok() const { return problem_.empty(); }

  template <class T>
  [[nodiscard]] result<T> finish(T value) const {
    if (ok()) return value;
    return fail(errc::internal, std::string("a stored ") + kind_ + " cannot be read: " + problem_);
  }

 private:
  const char* kind_;
  json object_;
  std::string problem_;
};

// --- `data` and `outputSchema`, kept as they were written: parsing and writing it again could change its numbers
// ----------------------

/// Behind the string that begins at `at` (a quote).
std::size_t skip_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return at + 1;
}

/// Behind the field's value that begins at `at`: at the comma or brace that ends it.
std::size_t skip_value(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = skip_string(text, at);
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}')) break;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at;
  }
  return at;
}

/// The text of an object's field; nothing where it has none. Precondition: the text is a valid JSON object as
/// `to_json` writes it, without spaces between its own tokens.
std::optional<std::string> raw_field(std::string_view text, std::string_view quoted_key) {
  std::size_t at = 1;  // behind the brace
  while (at < text.size() && text[at] == '"') {
    const auto key_end = skip_string(text, at);
    const auto value_end = std::min(skip_value(text, key_end + 1), text.size());
    if (text.substr(at, key_end - at) == quoted_key) {
      return std::string(text.substr(key_end + 1, value_end - key_end - 1));
    }
    at = value_end + 1;
  }
  return std::nullopt;
}

constexpr std::string_view data_key = "\"data\"";
constexpr std::string_view output_schema_key = "\"outputSchema\"";

}  // namespace

result<agent> agent_from_json(std::string_view json) {
  agent value;
  object_reader object("agent", json);
  object.field("id", value.id)
      .field("name", value.name)
      .field("role", value.role)
      .field("model", value.model)
      .field("provider", value.provider)
      .field("glyph", value.glyph)
      .field("manager", value.manager)
      .field("team", value.team)
      .field("status", value.status)
      .field("mcps", value.mcps)
      .field("approvals", value.approvals)
      .field("maxTurns", value.max_turns)
      .field("budget", value.budget)
      .later_field("memoryTokens", value.memory_tokens)
      .later_field("memorySince", value.memory_since)
      .field("createdAt", value.created_at)
      .field("updatedAt", value.updated_at);
  return object.finish(std::move(value));
}

result<task> task_from_json(std::string_view json) {
  task value;
  object_reader object("task", json);
  object.field("id", value.id)
      .field("title", value.title)
      .field("input", value.input)
      .field("assignee", value.assignee)
      .field("requester", value.requester)
      .later_field("parent", value.parent)
      .field("priority", value.priority)
      .field("epic_id", value.epic_id)
      .field("status", value.status)
      .field("output", value.output)
      .field("error", value.error)
      .field("attempt", value.attempt)
      .field("usage", value.usage)
      .field("createdAt", value.created_at)
      .field("startedAt", value.started_at)
      .field("finishedAt", value.finished_at)
      .field("updatedAt", value.updated_at);
  if (object.has_later_object("outputSchema")) value.output_schema = raw_field(json, output_schema_key);
  return object.finish(std::move(value));
}

result<event> event_from_json(std::string_view json) {
  event value;
  object_reader object("event", json);
  object.field("seq", value.seq)
      .field("type", value.type)
      .field("text", value.text)
      .field("at", value.at)
      .field_if_any("tool", value.tool)
      .field_if_any("callId", value.call_id);
  if (object.ok()) value.data = raw_field(json, data_key);
  return object.finish(std::move(value));
}

result<message> message_from_json(std::string_view json) {
  message value;
  object_reader object("message", json);
  object.field("id", value.id)
      .field("seq", value.seq)
      .field("type", value.type)
      .field("from", value.from)
      .field("to", value.to)
      .field("task_id", value.task_id)
      .field("epic_id", value.epic_id)
      .field("text", value.text)
      .field("createdAt", value.created_at);
  if (object.ok()) value.data = raw_field(json, data_key);
  if (value.data == "null") value.data.reset();
  return object.finish(std::move(value));
}

result<backup_report> backup_report_from_json(std::string_view json) {
  backup_report value;
  object_reader object("backup", json);
  object.field("takenAt", value.taken_at)
      .field("storeFormat", value.format)
      .field("files", value.files)
      .field("bytes", value.bytes)
      .field("masterKey", value.has_master_key);
  return object.finish(std::move(value));
}

result<epic> epic_from_json(std::string_view json) {
  epic value;
  object_reader object("epic", json);
  object.field("id", value.id)
      .field("name", value.name)
      .field("type", value.type)
      .field("status", value.status)
      .field("progress", value.progress)
      .field("createdAt", value.created_at)
      .field("updatedAt", value.updated_at);
  return object.finish(std::move(value));
}

result<mcp_server> mcp_server_from_json(std::string_view json) {
  mcp_server value;
  object_reader object("MCP server", json);
  object.field("id", value.id)
      .field("name", value.name)
      .field("transport", value.transport)
      .field("command", value.command)
      .field("args", value.args)
      .field("url", value.url)
      .field("env", value.env)
      .field("headers", value.headers)
      .field("status", value.status)
      .field("tools", value.tools)
      .field("createdAt", value.created_at);
  return object.finish(std::move(value));
}

}  // namespace flotilla
