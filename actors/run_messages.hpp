// The bus messages that tell of tasks, their tools, and agents. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model_provider.hpp"
#include "core/run_events.hpp"
#include "flotilla/agent.hpp"
#include "flotilla/task.hpp"
#include "storage/budget_records.hpp"
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
/// `usage.limit`: a limit is reached; from the system to all.
[[nodiscard]] storage::message_draft limit_message(std::string text);
/// The same about a task that ends with it. The data holds the error's code and, where it is known, the limit
/// (`tokens`, `period`) and the agent whose budget it is (`agent`; null: the plan's).
[[nodiscard]] storage::message_draft limit_message(const task& about, const storage::budget* reached);
/// Something about an agent, from the system to all.
[[nodiscard]] storage::message_draft agent_message(std::string_view type, agent_id about, std::string text);
/// `agent.crashed`: its actor has crashed, after so many restarts, and is restarted in so many ms.
[[nodiscard]] storage::message_draft crash_message(agent_id about, std::uint32_t restarts, std::uint64_t delay_ms);
/// `agent.failed`: it has crashed too often and is paused; to its manager, or to all where it has none. A manager is
/// also told in words, which lie in its mailbox.
[[nodiscard]] std::vector<storage::message_draft> failure_messages(const agent& failed);

}  // namespace flotilla::actors
