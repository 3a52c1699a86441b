// The rules of the life of tasks and agents, each as one table. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "flotilla/agent.hpp"
#include "flotilla/result.hpp"
#include "flotilla/task.hpp"

namespace flotilla {

/// What moves a task from one status to another.
enum class task_step : std::uint8_t {
  start,    ///< its agent takes it up
  ask,      ///< it needs a human
  approve,  ///< the human said yes
  reject,   ///< the human said no
  finish,   ///< the model has answered
  fail,     ///< it ended without an answer
  cancel,   ///< someone stopped it
  restart,  ///< a new attempt is queued
};
[[nodiscard]] std::string_view to_string(task_step step) noexcept;

/// Where a step leads from a status; nothing where it is illegal there.
[[nodiscard]] std::optional<task_status> after(task_status from, task_step step) noexcept;

/// The step that a client means who sets `to` on a task that is `from` (PATCH). Setting the status that it has
/// already is no step. Errors: invalid; the message names the legal ones.
[[nodiscard]] result<std::optional<task_step>> requested_step(task_status from, task_status to);

/// May a client change an agent's status so? Setting what it is already is legal. Errors: invalid; the message
/// names the legal ones.
[[nodiscard]] result<void> check_agent_transition(agent_status from, agent_status to);

}  // namespace flotilla
