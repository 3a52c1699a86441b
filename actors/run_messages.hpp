// The bus messages that tell of tasks and their tools. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/model_provider.hpp"
#include "core/run_events.hpp"
#include "flotilla/task.hpp"
#include "storage/records.hpp"

namespace flotilla::actors {

/// A message of the given type (core/bus_types.hpp) about a task: from its agent to all. The text is the title; the
/// data holds status and attempt, and where they apply the error and the usage.
[[nodiscard]] storage::message_draft task_message(std::string_view type, const task& about);
/// That a tool is called, or needs a human first.
[[nodiscard]] storage::message_draft call_message(std::string_view type, const task& about, const tool_request& call);
/// What a tool answered.
[[nodiscard]] storage::message_draft result_message(const task& about, std::string_view tool,
                                                    const tool_outcome& outcome);
/// That a human decided, or nobody did in time.
[[nodiscard]] storage::message_draft decision_message(const call_decision& word, const task& about,
                                                      const tool_request& call);
/// How far an org's recovery is, from the system to all.
[[nodiscard]] storage::message_draft recovery_message(std::string_view type, std::string text, std::uint64_t agents,
                                                      std::uint64_t done);
/// Something about an agent, from the system to all.
[[nodiscard]] storage::message_draft agent_message(std::string_view type, agent_id about, std::string text);

}  // namespace flotilla::actors
