// The events of a run's journal: how each is made, and how what it carries is read back. Pure.
//
// Positions and times are the caller's to set. The texts of status events stand in core/bus_types.hpp; the order
// in which events may follow each other is the grammar in core/run_machine.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model_provider.hpp"
#include "flotilla/event.hpp"
#include "flotilla/id.hpp"
#include "flotilla/memory.hpp"
#include "flotilla/message.hpp"
#include "flotilla/result.hpp"
#include "flotilla/task.hpp"

namespace flotilla {

/// Why a human is asked about a tool call.
enum class approval_reason : std::uint8_t {
  policy,           ///< the agent's `approvals` name the tool
  unknown_outcome,  ///< it had begun before a crash, and may or may not have happened
  asked,            ///< the model asks by itself (the tool `ask_approval`)
};
[[nodiscard]] std::string_view to_string(approval_reason reason) noexcept;

/// A status event without data.
[[nodiscard]] event status_event(std::string_view text);
/// An attempt begins.
[[nodiscard]] event running_event(std::uint32_t attempt, std::string_view provider, std::string_view model);
/// What the agent remembers, which stands before the task.
[[nodiscard]] event memory_event(const agent_memory& what);
/// A message as the model is given it.
struct told_message {
  message_id id;
  message_seq seq = 0;
  party from;                       ///< not everyone
  std::string name;                 ///< the sender's, where it is an agent; empty: not known
  std::optional<std::string> team;  ///< where it was said to all of a team
  std::string text;
  timestamp at;
  friend bool operator==(const told_message&, const told_message&) = default;
};
/// What others have said to the agent goes to the model with its next turn, in this order.
[[nodiscard]] event mail_event(const std::vector<told_message>& messages);
/// A model call starts: which turn, and which try of it, both from 1. `cut_at`: the tokens of the answer that a
/// budget has left room for, where it would have been allowed more.
[[nodiscard]] event model_call_event(std::uint32_t turn, std::uint32_t attempt,
                                     std::optional<std::uint32_t> cut_at = std::nullopt);
/// A piece of what the model says. A `thinking_end` with nothing opaque makes no event.
[[nodiscard]] std::optional<event> delta_event(const model_delta& delta);
/// The same where the task has an output schema: what the model says is a status event of the text `draft`.
[[nodiscard]] event draft_event(std::string_view text);
/// An answer does not fit the task's output schema. `number`: of the rejection, from 1.
[[nodiscard]] event output_rejected_event(const std::vector<std::string>& errors, std::uint32_t number);
/// A call's id that is empty, or that of an earlier call of this answer, is replaced by one that is neither.
[[nodiscard]] event model_answer_event(const model_answer& answer);
/// A model call failed and is made again after `delay`. `tries_made` counts the failed one.
[[nodiscard]] event retrying_event(const model_failure& failure, std::uint32_t tries_made,
                                   std::chrono::milliseconds delay);
[[nodiscard]] event tool_call_event(const tool_request& request);
/// The text is cut at `max_tool_result_bytes`, and the cut is said in it.
[[nodiscard]] event tool_result_event(std::string_view tool, const tool_outcome& outcome);
[[nodiscard]] event approval_requested_event(const tool_request& request, approval_reason reason);
/// What was decided about a call.
struct call_decision {
  bool granted = false;
  bool expired = false;  ///< nobody decided in time; never together with `granted`
  std::string comment;   ///< what the human said; may be empty
  friend bool operator==(const call_decision&, const call_decision&) = default;
};
/// `approved` or `rejected`.
[[nodiscard]] event decision_event(const call_decision& word, std::string_view tool, std::string_view call_id);
/// What a call of `delegate` has come to.
struct delegated_task {
  task_id task;
  agent_id assignee;
  bool wait = true;    ///< the run goes on with the task's result
  bool ended = false;  ///< known to have ended; only of those that are waited for
  friend bool operator==(const delegated_task&, const delegated_task&) = default;
};
[[nodiscard]] event delegated_event(const tool_request& request, const delegated_task& made);
/// `results` tool results of `bytes` bytes were left out of the conversation.
[[nodiscard]] event context_trimmed_event(std::size_t results, std::size_t bytes);
/// The run's actor has failed for the `tries`th time in a row.
[[nodiscard]] event crashed_event(std::uint32_t tries);
[[nodiscard]] event error_event(const task_error& why);

inline constexpr std::size_t max_tool_result_bytes = 64U << 10U;

// What an event carries, read back. Errors: internal (not what the maker above writes).
/// `cut_at` of a model call's event.
[[nodiscard]] result<std::optional<std::uint32_t>> read_cut_at(const event& from);
/// At least one message.
[[nodiscard]] result<std::vector<told_message>> read_mail(const event& from);
[[nodiscard]] result<model_answer> read_model_answer(const event& from);
[[nodiscard]] result<std::string> read_draft(const event& from);
[[nodiscard]] result<std::vector<std::string>> read_rejection(const event& from);
[[nodiscard]] result<token_usage> read_retry_usage(const event& from);
[[nodiscard]] result<tool_outcome> read_tool_outcome(const event& from);
/// The opaque part of a thinking event, as JSON text.
[[nodiscard]] std::string read_opaque(const event& from);
/// Of an `approved` or `rejected`.
[[nodiscard]] call_decision read_decision(const event& from);
/// Of a `delegated`. Errors: internal.
[[nodiscard]] result<delegated_task> read_delegated(const event& from);
/// How many results a `context_trimmed` leaves out. Errors: internal.
[[nodiscard]] result<std::size_t> read_trimmed_results(const event& from);
[[nodiscard]] std::optional<approval_reason> read_approval_reason(const event& from);

/// How often the run's actor has failed, and how often the server has come back to the run, since it last got on: the
/// events of the attempt are looked at from their end.
struct futile_tries {
  std::uint32_t crashes = 0;
  std::uint32_t resumes = 0;
};
[[nodiscard]] futile_tries count_futile_tries(const std::vector<event>& attempt);

}  // namespace flotilla
