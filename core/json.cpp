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

void append(std::string& out, bool value) {
  out += value ? "true" : "false";
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
  /// The same for a key that may need escaping.
  std::string& open_any(std::string_view key) {
    if (!first_) out_ += ',';
    first_ = false;
    append_json_string(out_, key);
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

/// The items that `each` appends, with commas between them.
template <class Items, class Each>
void append_list(std::string& out, const Items& items, Each each) {
  out += '[';
  for (auto item = items.begin(); item != items.end(); ++item) {
    if (item != items.begin()) out += ',';
    each(*item);
  }
  out += ']';
}

template <class Map>
void append_map(std::string& out, const Map& values) {
  object_writer object(out);
  for (const auto& [name, value] : values) {
    // A name from outside may hold anything.
    append(object.open_any(name), value);
  }
  object.close();
}

// --- objects ----------------------------------------------------------------------------------------------------

/// All of a task's own fields; the caller closes the object.
object_writer open_task(std::string& out, const task& value) {
  object_writer object(out);
  object.field("id", value.id)
      .field("title", value.title)
      .field("input", value.input)
      .json("outputSchema", value.output_schema ? *value.output_schema : "null")
      .field("assignee", value.assignee)
      .field("requester", value.requester)
      .field("parent", value.parent)
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

/// All of an agent's own fields; the caller closes the object.
object_writer open_agent(std::string& out, const agent& value) {
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
      .field("memoryTokens", std::uint64_t{value.memory_tokens})
      .field("memorySince", value.memory_since)
      .field("createdAt", value.created_at)
      .field("updatedAt", value.updated_at);
  return object;
}

void append(std::string& out, const memory_entry& entry) {
  object_writer object(out);
  if (entry.task) object.field("taskId", *entry.task);
  if (entry.message) object.field("messageId", *entry.message);
  object.field("at", entry.at).field("text", entry.text).field("tokens", entry.tokens).close();
}

object_writer open_epic(std::string& out, const epic& value) {
  object_writer object(out);
  object.field("id", value.id)
      .field("name", value.name)
      .field("type", to_string(value.type))
      .field("status", to_string(value.status))
      .field("progress", std::uint64_t{value.progress})
      .field("createdAt", value.created_at)
      .field("updatedAt", value.updated_at);
  return object;
}

object_writer open_token(std::string& out, const api_token& value) {
  object_writer object(out);
  object.field("id", value.id)
      .field("name", value.name)
      .field("role", to_string(value.role))
      .field("createdAt", value.created_at)
      .field("lastUsedAt", value.last_used_at);
  return object;
}

/// Totals in the names of a usage answer; the caller closes the object.
void write_totals(object_writer& object, const usage_totals& totals) {
  object.field("input_tokens", totals.tokens.input_tokens)
      .field("output_tokens", totals.tokens.output_tokens)
      .field("total_tokens", totals.tokens.total())
      .field("task_count", totals.task_count);
}

std::size_t usual_size(const task& value) {
  return usual_object_bytes + value.title.size() + value.input.size() + value.output.value_or("").size();
}

}  // namespace

std::string to_json(const agent& value) {
  std::string out;
  out.reserve(usual_object_bytes + value.role.size());
  open_agent(out, value).close();
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
  object.field("totalUsage", value.total_usage).close();
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
  object_writer plan(object.open("plan"));
  plan.field("name", value.plan.name);
  object_writer(plan.open("limits"))
      .field("agents", value.plan.limits.agents)
      .field("tasksPerMonth", value.plan.limits.tasks_per_month)
      .field("tokensPerMonth", value.plan.limits.tokens_per_month)
      .field("concurrentRuns", value.plan.limits.concurrent_runs)
      .close();
  plan.close();
  append_map(object.open("features"), value.features);
  object.close();
  return out;
}

std::string to_json(const api_token& value) {
  std::string out;
  open_token(out, value).close();
  return out;
}

std::string to_json(const new_token& value) {
  std::string out;
  open_token(out, value.token).field("token", value.text).close();
  return out;
}

std::string to_json(const backup_report& value) {
  std::string out;
  object_writer(out)
      .field("takenAt", value.taken_at)
      .field("storeFormat", std::uint64_t{value.format})
      .field("files", value.files)
      .field("bytes", value.bytes)
      .field("masterKey", value.has_master_key)
      .close();
  return out;
}

std::string to_json(const epic& value) {
  std::string out;
  open_epic(out, value).close();
  return out;
}

std::string to_json(const epic_detail& value) {
  std::string out;
  auto object = open_epic(out, value.epic);
  append_list(object.open("tasks"), value.tasks, [&out](const task& each) { open_task(out, each).close(); });
  append_list(object.open("timeline"), value.timeline, [&out](const message& each) { out += to_json(each); });
  object.close();
  return out;
}

std::string to_json(const secret& value) {
  std::string out;
  object_writer(out)
      .field("key", value.name.key)
      .field("scope", to_string(value.name.scope))
      .field("agentId", value.name.agent)
      .field("updatedAt", value.updated_at)
      .close();
  return out;
}

std::string to_json(const mcp_server& value) {
  std::string out;
  object_writer object(out);
  object.field("id", value.id)
      .field("name", value.name)
      .field("transport", to_string(value.transport))
      .field("command", value.command)
      .fields("args", value.args)
      .field("url", value.url);
  append_map(object.open("env"), value.env);
  append_map(object.open("headers"), value.headers);
  object.field("status", to_string(value.status))
      .fields("tools", value.tools)
      .field("createdAt", value.created_at)
      .close();
  return out;
}

std::string to_json(const usage_summary& value) {
  std::string out;
  object_writer object(out);
  write_totals(object, value.totals);
  append_list(object.open("by_agent"), value.by_agent, [&out](const usage_summary::of_agent& each) {
    object_writer row(out);
    row.field("agent", each.agent);
    write_totals(row, each.totals);
    row.close();
  });
  append_list(object.open("by_model"), value.by_model, [&out](const usage_summary::of_model& each) {
    object_writer row(out);
    row.field("model", each.model);
    write_totals(row, each.totals);
    row.close();
  });
  append_list(object.open("daily_breakdown"), value.by_day, [&out](const usage_summary::of_day& each) {
    object_writer row(out);
    row.field("date", each.date);
    write_totals(row, each.totals);
    row.close();
  });
  object.close();
  return out;
}

std::string to_json(const agent_node& value) {
  std::string out;
  auto object = open_agent(out, value.agent);
  object.field("live", to_string(value.state))
      .field("queueLength", value.queue_length)
      .field("restarts", std::uint64_t{value.restarts});
  append_list(object.open("reports"), value.reports, [&out](const agent_node& each) { out += to_json(each); });
  object.close();
  return out;
}

std::string to_json(const agent_memory& value) {
  std::string out;
  object_writer object(out);
  object.field("allowance", std::uint64_t{value.allowance}).field("tokens", value.tokens).field("since", value.since);
  append_list(object.open("entries"), value.entries, [&out](const memory_entry& each) { append(out, each); });
  object_writer(object.open("omitted"))
      .field("tasks", value.omitted_tasks)
      .field("messages", value.omitted_messages)
      .field("more", value.omitted_more)
      .close();
  object.field("text", value.text);
  append_list(object.open("unread"), value.unread, [&out](const message& each) { out += to_json(each); });
  object.close();
  return out;
}

std::string to_json(const error& value) {
  std::string out;
  object_writer(out).field("error", value.message).close();
  return out;
}

}  // namespace flotilla
