// The types of the bus's messages, and the texts of a run's status events: every one that exists.
#pragma once

#include <string_view>

namespace flotilla::bus {

inline constexpr std::string_view task_created = "task.created";
inline constexpr std::string_view task_started = "task.started";
inline constexpr std::string_view task_waiting = "task.waiting";
inline constexpr std::string_view task_done = "task.done";
inline constexpr std::string_view task_error = "task.error";
inline constexpr std::string_view task_cancelled = "task.cancelled";
inline constexpr std::string_view agent_created = "agent.created";
inline constexpr std::string_view agent_updated = "agent.updated";
inline constexpr std::string_view agent_archived = "agent.archived";
inline constexpr std::string_view agent_crashed = "agent.crashed";
inline constexpr std::string_view agent_restarted = "agent.restarted";
inline constexpr std::string_view agent_failed = "agent.failed";
inline constexpr std::string_view agent_message = "agent.message";
inline constexpr std::string_view tool_call = "tool.call";
inline constexpr std::string_view tool_result = "tool.result";
inline constexpr std::string_view approval_requested = "approval.requested";
inline constexpr std::string_view approval_granted = "approval.granted";
inline constexpr std::string_view approval_rejected = "approval.rejected";
inline constexpr std::string_view usage_limit = "usage.limit";
/// What was running when the server ended is brought back. data: {agents, tasks, done}
inline constexpr std::string_view recovery_started = "recovery.started";
inline constexpr std::string_view recovery_progress = "recovery.progress";
inline constexpr std::string_view recovery_done = "recovery.done";

}  // namespace flotilla::bus

namespace flotilla::run_status {

/// The run was asked for while its agent was busy (or is to be taken up again); it lies in the queue.
inline constexpr std::string_view queued = "queued";
/// An attempt begins. data: {attempt, model, provider}
inline constexpr std::string_view running = "running";
/// What stands before the task is settled; said right behind `running`, where it is not empty. data: {tokens, tasks,
/// messages, omittedTasks, omittedMessages}
inline constexpr std::string_view memory = "memory";
/// What others have said to the agent is given to the model with its next turn.
/// data: {messages: [{id, seq, from, name, team?, text, at}]}
inline constexpr std::string_view mail = "mail";
/// What budgets leave is reserved by other runs: the next model call waits for it.
inline constexpr std::string_view budget_wait = "budget_wait";
/// A model call starts. data: {turn, try, maxOutputTokens?}: the last where a budget leaves no room for a longer
/// answer
inline constexpr std::string_view model_call = "model_call";
/// A model call succeeded. data: {stopReason, usage, calls}
inline constexpr std::string_view model_answer = "model_answer";
/// A model call failed and is made again. data: {code, message, try, delayMs}
inline constexpr std::string_view retrying = "retrying";
/// A piece of what the model says, in a task that has an output schema: there only an answer that fits is output.
/// data: {text}
inline constexpr std::string_view draft = "draft";
/// An answer did not fit the output schema, and goes back to the model. data: {errors, try}
inline constexpr std::string_view output_rejected = "output_rejected";
/// A tool call needs a human. callId, tool; data: {reason, arguments}
inline constexpr std::string_view approval_requested = "approval_requested";
/// A human decided, or nobody did in time. callId, tool; data: {comment?, expired?}
inline constexpr std::string_view approved = "approved";
inline constexpr std::string_view rejected = "rejected";
/// A tool call has made a task for another agent. callId, tool; data: {taskId, assignee, wait}
inline constexpr std::string_view delegated = "delegated";
/// Nothing goes on but delegated tasks. The task's status is `waiting`; it needs nobody, and streams go on.
inline constexpr std::string_view parked = "parked";
/// The oldest tool results were left out of the conversation, which had grown too large. data: {results, bytes}
inline constexpr std::string_view context_trimmed = "context_trimmed";
/// The server shuts down, or came back: the run goes on from its journal.
inline constexpr std::string_view suspended = "suspended";
inline constexpr std::string_view resumed = "resumed";
/// The run's actor failed; the run goes on from its journal. data: {try}
inline constexpr std::string_view crashed = "crashed";
/// The last event of a stream is one of these three.
inline constexpr std::string_view waiting = "waiting";
inline constexpr std::string_view done = "done";
inline constexpr std::string_view error = "error";

/// Does a stream end after a status event of this text?
[[nodiscard]] constexpr bool is_last(std::string_view text) noexcept {
  return text == waiting || text == done || text == error;
}

}  // namespace flotilla::run_status
