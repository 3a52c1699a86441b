// The names of the enumerations as the API and the store spell them.
#include "core/name_table.hpp"

#include "core/model_provider.hpp"
#include "flotilla/access.hpp"
#include "flotilla/agent.hpp"
#include "flotilla/event.hpp"
#include "flotilla/result.hpp"
#include "flotilla/task.hpp"

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

}  // namespace flotilla
