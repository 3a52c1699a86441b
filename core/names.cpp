// The names of the enumerations as the API and the store spell them.
#include "core/name_table.hpp"

#include <algorithm>

#include "core/model_provider.hpp"
#include "flotilla/access.hpp"
#include "flotilla/agent.hpp"
#include "flotilla/epic.hpp"
#include "flotilla/event.hpp"
#include "flotilla/limits.hpp"
#include "flotilla/mcp_server.hpp"
#include "flotilla/result.hpp"
#include "flotilla/secret.hpp"
#include "flotilla/task.hpp"
#include "flotilla/tree.hpp"

namespace flotilla {
namespace {

constexpr name_table<errc, 9> errors{{"invalid", "unauthorized", "forbidden", "not_found", "conflict", "too_large",
                                      "rate_limited", "unavailable", "internal"}};
constexpr name_table<role, 3> roles{{"viewer", "operator", "admin"}};
constexpr name_table<agent_status, 4> agent_statuses{{"active", "running", "paused", "archived"}};
constexpr name_table<budget_period, 3> periods{{"day", "week", "month"}};
constexpr name_table<task_status, 5> task_statuses{{"pending", "running", "waiting", "done", "error"}};
constexpr name_table<task_priority, 3> priorities{{"high", "normal", "low"}};
constexpr name_table<event_type, 6> event_types{
    {"thinking", "tool_call", "tool_result", "output", "error", "status"}};
constexpr name_table<stop_reason, 5> stop_reasons{{"end_turn", "tool_use", "max_tokens", "refusal", "pause"}};
constexpr name_table<epic_type, 5> epic_types{{"feature", "marketing", "qa", "research", "ops"}};
constexpr name_table<epic_status, 3> epic_statuses{{"active", "done", "archived"}};
constexpr name_table<secret_scope, 2> scopes{{"org", "agent"}};
constexpr name_table<mcp_transport, 2> transports{{"stdio", "http"}};
constexpr name_table<mcp_status, 4> mcp_statuses{{"disconnected", "connecting", "connected", "failed"}};
constexpr name_table<live_state, 4> live_states{{"idle", "running", "restarting", "failed"}};

}  // namespace

std::string_view to_string(errc code) noexcept {
  return errors.name(code);
}

std::string_view to_string(role value) noexcept {
  return roles.name(value);
}
std::optional<role> parse_role(std::string_view text) noexcept {
  return roles.parse(text);
}

std::string_view to_string(agent_status status) noexcept {
  return agent_statuses.name(status);
}
std::optional<agent_status> parse_agent_status(std::string_view text) noexcept {
  return agent_statuses.parse(text);
}

std::string_view to_string(budget_period period) noexcept {
  return periods.name(period);
}
std::optional<budget_period> parse_budget_period(std::string_view text) noexcept {
  return periods.parse(text);
}

std::string_view to_string(task_status status) noexcept {
  return task_statuses.name(status);
}
std::optional<task_status> parse_task_status(std::string_view text) noexcept {
  return task_statuses.parse(text);
}

std::string_view to_string(task_priority priority) noexcept {
  return priorities.name(priority);
}
std::optional<task_priority> parse_task_priority(std::string_view text) noexcept {
  return priorities.parse(text);
}

std::string_view to_string(event_type type) noexcept {
  return event_types.name(type);
}
std::optional<event_type> parse_event_type(std::string_view text) noexcept {
  return event_types.parse(text);
}

std::string_view to_string(stop_reason reason) noexcept {
  return stop_reasons.name(reason);
}
std::optional<stop_reason> parse_stop_reason(std::string_view text) noexcept {
  return stop_reasons.parse(text);
}

std::string_view to_string(epic_type type) noexcept {
  return epic_types.name(type);
}
std::optional<epic_type> parse_epic_type(std::string_view text) noexcept {
  return epic_types.parse(text);
}

std::string_view to_string(epic_status status) noexcept {
  return epic_statuses.name(status);
}
std::optional<epic_status> parse_epic_status(std::string_view text) noexcept {
  return epic_statuses.parse(text);
}

std::string_view to_string(secret_scope scope) noexcept {
  return scopes.name(scope);
}
std::optional<secret_scope> parse_secret_scope(std::string_view text) noexcept {
  return scopes.parse(text);
}

std::string_view to_string(mcp_transport transport) noexcept {
  return transports.name(transport);
}
std::optional<mcp_transport> parse_mcp_transport(std::string_view text) noexcept {
  return transports.parse(text);
}

std::string_view to_string(mcp_status status) noexcept {
  return mcp_statuses.name(status);
}
std::optional<mcp_status> parse_mcp_status(std::string_view text) noexcept {
  return mcp_statuses.parse(text);
}

std::string_view to_string(live_state state) noexcept {
  return live_states.name(state);
}

bool is_secret_key(std::string_view text) noexcept {
  const auto fits = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; };
  return !text.empty() && text.size() <= max_secret_key_bytes && std::all_of(text.begin(), text.end(), fits);
}

}  // namespace flotilla
