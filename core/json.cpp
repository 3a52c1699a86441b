// The API's objects as JSON text, written straight into one string: events and messages are written on the hot path,
// and the same value must always become the same bytes.
#include "flotilla/json.hpp"

#include <charconv>
#include <limits>

#include "core/json_writer.hpp"

namespace flotilla {
namespace {

constexpr std::size_t usual_event_bytes = 160;  ///< besides its text and data
constexpr std::size_t usual_object_bytes = 640;

// --- values -----------------------------------------------------------------------------------------------------

void append(std::string& out, std::string_view text) {
  append_json_string(out, text);
}

void append(std::string& out, std::uint64_t number) {
  std::array<char, std::numeric_limits<std::uint64_t>::digits10 + 1> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

/// Ids and times hold nothing that needs escaping.
void append_quoted(std::string& out, std::string_view plain) {
  out += '"';
  out += plain;
  out += '"';
}

template <id_kind Kind>
void append(std::string& out, const id<Kind>& which) {
  append_quoted(out, which.to_string());
}

void append(std::string& out, timestamp when) {
  append_quoted(out, to_string(when));
}

void append(std::string& out, const party& who) {
  switch (who.is) {
    case party::kind::everyone:
      out += "null";
      return;
    case party::kind::user:
      out += R"("user")";
      return;
    case party::kind::system:
      out += R"("system")";
      return;
    case party::kind::agent:
      append(out, who.agent);
      return;
  }
}

void append(std::string& out, const token_budget& budget);
void append(std::string& out, const task_error& reason);
void append(std::string& out, const token_usage& usage);

/// Writes one object's fields, in the order of the calls.
class object_writer {
 public:
  explicit object_writer(std::string& out) : out_(out) { out_ += '{'; }

  template <class T>
  object_writer& field(std::string_view key, const T& value) {
    append(open(key), value);
    return *this;
  }
  /// null where there is nothing.
  template <class T>
  object_writer& field(std::string_view key, const std::optional<T>& value) {
    if (value) return field(key, *value);
    return json(key, "null");
  }
  /// A value that is JSON text already.
  object_writer& json(std::string_view key, std::string_view value) {
    append_json_value(open(key), value);
    return *this;
  }
  object_writer& fields(std::string_view key, const std::vector<std::string>& texts) {
    auto& out = open(key);
    out += '[';
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (i > 0) out += ',';
      append_json_string(out, texts[i]);
    }
    out += ']';
    return *this;
  }
  /// Begins a field; the caller appends its value.
  std::string& open(std::string_view key) {
    if (!first_) out_ += ',';
    first_ = false;
    append_quoted(out_, key);
    out_ += ':';
    return out_;
  }
  void close() { out_ += '}'; }

 private:
  std::string& out_;
  bool first_ = true;
};

void append(std::string& out, const token_budget& budget) {
  object_writer(out).field("tokens", budget.tokens).field("period", to_string(budget.period)).close();
}

void append(std::string& out, const task_error& reason) {
  object_writer(out).field("code", reason.code).field("message", reason.message).close();
}

void append(std::string& out, const token_usage& usage) {
  object_writer(out)
      .field("input_tokens", usage.input_tokens)
      .field("output_tokens", usage.output_tokens)
      .field("total_tokens", usage.total())
      .close();
}

// --- objects ----------------------------------------------------------------------------------------------------

/// All of a task's own fields; the caller closes the object.
object_writer open_task(std::string& out, const task& value) {
  object_writer object(out);
  object.field("id", value.id)
      .field("title", value.title)
      .field("input", value.input)
      .field("assignee", value.assignee)
      .field("requester", value.requester)
      .field("priority", to_string(value.priority))
      .field("epic_id", value.epic_id)
      .field("status", to_string(value.status))
      .field("output", value.output)
      .field("error", value.error)
      .field("attempt", std::uint64_t{value.attempt})
      .field("usage", value.usage)
      .field("createdAt", value.created_at)
      .field("startedAt", value.started_at)
      .field("finishedAt", value.finished_at)
      .field("updatedAt", value.updated_at);
  return object;
}

std::size_t usual_size(const task& value) {
  return usual_object_bytes + value.title.size() + value.input.size() + value.output.value_or("").size();
}

}  // namespace

std::string to_json(const agent& value) {
  std::string out;
  out.reserve(usual_object_bytes + value.role.size());
  object_writer object(out);
  object.field("id", value.id)
      .field("name", value.name)
      .field("role", value.role)
      .field("model", value.model)
      .field("provider", value.provider)
      .field("glyph", value.glyph)
      .field("manager", value.manager)
      .field("team", value.team)
      .field("status", to_string(value.status))
      .fields("mcps", value.mcps)
      .fields("approvals", value.approvals)
      .field("maxTurns", std::uint64_t{value.max_turns})
      .field("budget", value.budget)
      .field("createdAt", value.created_at)
      .field("updatedAt", value.updated_at)
      .close();
  return out;
}

std::string to_json(const task& value) {
  std::string out;
  out.reserve(usual_size(value));
  open_task(out, value).close();
  return out;
}

std::string to_json(const task_detail& value) {
  auto size = usual_size(value.task);
  for (const auto& entry : value.log) size += entry.json->size() + 1;
  std::string out;
  out.reserve(size);
  auto object = open_task(out, value.task);
  object.open("log") += '[';
  for (std::size_t i = 0; i < value.log.size(); ++i) {
    if (i > 0) out += ',';
    out += *value.log[i].json;
  }
  out += ']';
  object.open("children") += '[';
  for (std::size_t i = 0; i < value.children.size(); ++i) {
    if (i > 0) out += ',';
    append(out, value.children[i]);
  }
  out += ']';
  object.close();
  return out;
}

std::string to_json(const event& value) {
  std::string out;
  out.reserve(usual_event_bytes + value.text.size() + (value.data ? value.data->size() : 0));
  object_writer object(out);
  object.field("seq", value.seq).field("type", to_string(value.type)).field("text", value.text).field("at", value.at);
  if (value.tool) object.field("tool", *value.tool);
  if (value.call_id) object.field("callId", *value.call_id);
  if (value.data) object.json("data", *value.data);
  object.close();
  return out;
}

std::string to_json(const message& value) {
  std::string out;
  out.reserve(usual_object_bytes + value.text.size() + (value.data ? value.data->size() : 0));
  object_writer(out)
      .field("id", value.id)
      .field("seq", value.seq)
      .field("type", value.type)
      .field("from", value.from)
      .field("to", value.to)
      .field("task_id", value.task_id)
      .field("epic_id", value.epic_id)
      .field("text", value.text)
      .json("data", value.data ? std::string_view(*value.data) : "null")
      .field("createdAt", value.created_at)
      .close();
  return out;
}

std::string to_json(const identity& value) {
  std::string out;
  object_writer object(out);
  object_writer(object.open("user"))
      .field("id", value.user.id)
      .field("name", value.user.name)
      .field("role", to_string(value.user.role))
      .close();
  object_writer(object.open("org")).field("id", value.org.id).field("name", value.org.name).close();
  object_writer(object.open("plan")).field("name", value.plan).json("limits", "{}").close();
  object.json("features", "{}").close();
  return out;
}

std::string to_json(const error& value) {
  std::string out;
  object_writer(out).field("error", value.message).close();
  return out;
}

}  // namespace flotilla
