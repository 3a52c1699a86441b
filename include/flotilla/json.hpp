// The API's objects as JSON text, in the field names of the API. All pure; any thread.
//
// Text that is not UTF-8 is written with U+FFFD in place of what is wrong; the runtime lets none in.
#pragma once

#include <string>
#include <string_view>

#include "flotilla/access.hpp"
#include "flotilla/agent.hpp"
#include "flotilla/backup.hpp"
#include "flotilla/epic.hpp"
#include "flotilla/event.hpp"
#include "flotilla/fleet.hpp"
#include "flotilla/mcp_server.hpp"
#include "flotilla/memory.hpp"
#include "flotilla/message.hpp"
#include "flotilla/secret.hpp"
#include "flotilla/task.hpp"
#include "flotilla/tree.hpp"
#include "flotilla/usage.hpp"

namespace flotilla {

[[nodiscard]] std::string to_json(const agent& value);
[[nodiscard]] std::string to_json(const task& value);
/// The task with `log`, `children` and `totalUsage`.
[[nodiscard]] std::string to_json(const task_detail& value);
[[nodiscard]] std::string to_json(const event& value);
[[nodiscard]] std::string to_json(const message& value);
[[nodiscard]] std::string to_json(const identity& value);
[[nodiscard]] std::string to_json(const api_token& value);
/// The token with its text as `token`.
[[nodiscard]] std::string to_json(const new_token& value);
[[nodiscard]] std::string to_json(const epic& value);
/// The epic with `tasks` and `timeline`.
[[nodiscard]] std::string to_json(const epic_detail& value);
[[nodiscard]] std::string to_json(const secret& value);
[[nodiscard]] std::string to_json(const mcp_server& value);
[[nodiscard]] std::string to_json(const usage_summary& value);
/// Times and sizes; no path.
[[nodiscard]] std::string to_json(const backup_report& value);
/// The agent with `live`, `queueLength`, `restarts` and `reports`.
[[nodiscard]] std::string to_json(const agent_node& value);
[[nodiscard]] std::string to_json(const agent_memory& value);
/// { "error": message }, the shape of every error answer.
[[nodiscard]] std::string to_json(const error& value);

/// A JSON array of a list's items.
template <class T>
[[nodiscard]] std::string to_json(const std::vector<T>& items) {
  std::string text = "[";
  for (const auto& item : items) {
    if (text.size() > 1) text += ',';
    text += to_json(item);
  }
  text += ']';
  return text;
}

}  // namespace flotilla
