// Reads back what flotilla/json.hpp wrote: the store keeps objects in the form that the API shows. Pure; any thread.
//
// For every `x` whose texts are UTF-8 and whose `data` is JSON text without line breaks, x_from_json(to_json(x))
// equals x, and writing that again gives the same bytes. One exception: a message's `data` of "null" reads as
// nothing. Fields that are not known are ignored, a missing or ill-typed one is an error.
//
// Errors: internal; the message names the kind and the field, never a value.
#pragma once

#include <string_view>

#include "flotilla/agent.hpp"
#include "flotilla/backup.hpp"
#include "flotilla/epic.hpp"
#include "flotilla/event.hpp"
#include "flotilla/mcp_server.hpp"
#include "flotilla/message.hpp"
#include "flotilla/result.hpp"
#include "flotilla/task.hpp"

namespace flotilla {

[[nodiscard]] result<agent> agent_from_json(std::string_view json);
[[nodiscard]] result<task> task_from_json(std::string_view json);
[[nodiscard]] result<event> event_from_json(std::string_view json);
[[nodiscard]] result<message> message_from_json(std::string_view json);
[[nodiscard]] result<epic> epic_from_json(std::string_view json);
[[nodiscard]] result<mcp_server> mcp_server_from_json(std::string_view json);
[[nodiscard]] result<backup_report> backup_report_from_json(std::string_view json);

}  // namespace flotilla
