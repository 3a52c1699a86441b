// The tools that the runtime itself offers to a run: what a model is told of them, and how their arguments are read.
// Pure. The run machine (core/run_machine.hpp) knows them by their names, and no toolset can offer another by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model_provider.hpp"
#include "flotilla/id.hpp"
#include "flotilla/result.hpp"
#include "flotilla/task.hpp"

namespace flotilla::builtin {

inline constexpr std::string_view delegate = "delegate";
inline constexpr std::string_view ask_approval = "ask_approval";
inline constexpr std::string_view send_message = "send_message";

inline constexpr std::uint32_t max_delegation_depth = 8;       ///< of tasks that delegate, one from another
inline constexpr std::size_t max_children_per_attempt = 64;    ///< tasks that one attempt of a task may delegate
inline constexpr std::size_t max_named_reports = 50;           ///< reports that a model is told of; others go by id
inline constexpr std::size_t max_told_role_bytes = 200;        ///< of a report's role
inline constexpr std::size_t max_question_bytes = 16U << 10U;  ///< of `ask_approval`

/// One who may be given a task.
struct report {
  agent_id id;
  std::string name;
  std::string role;
};

/// Has the runtime a tool of this name?
[[nodiscard]] bool is_builtin(std::string_view tool) noexcept;

/// Lets the model ask a human. Every run has it.
[[nodiscard]] tool_spec ask_approval_tool();
/// Lets the model give a task to one of the agent's reports, direct or further down; it is told of the first
/// `max_named_reports` of the direct ones.
[[nodiscard]] tool_spec delegate_tool(const std::vector<report>& reports);

/// The arguments of `delegate`.
struct delegate_arguments {
  std::string to;  ///< a report's id or name
  std::string title;
  std::string input;
  std::optional<task_priority> priority;  ///< nothing: the delegating task's
  bool wait = true;
};
/// Errors: invalid; the message names the field and is for the model.
[[nodiscard]] result<delegate_arguments> read_delegate_arguments(std::string_view json);

/// What the model is told of a delegated task: it was made (`wait` false), or it has ended.
[[nodiscard]] tool_outcome delegated_outcome(std::string call_id, task_id made);
[[nodiscard]] tool_outcome ended_outcome(std::string call_id, const task& ended);

/// Lets the model say something to another agent of its org, or to a team.
[[nodiscard]] tool_spec send_message_tool();

/// The arguments of `send_message`. Exactly one of `to` and `team` is set.
struct send_message_arguments {
  std::optional<std::string> to;    ///< an agent's id or name
  std::optional<std::string> team;  ///< the name of a team
  std::string text;                 ///< at most `max_message_bytes`
  bool wake = false;                ///< where the receiver is idle, a task is made of it
};
/// Errors: invalid; the message names the field and is for the model.
[[nodiscard]] result<send_message_arguments> read_send_message_arguments(std::string_view json);

/// What the model is told of a message that was sent: who has it in the mailbox now, by id and name.
[[nodiscard]] tool_outcome sent_outcome(std::string call_id,
                                        const std::vector<std::pair<agent_id, std::string>>& receivers);

}  // namespace flotilla::builtin
