// How a run proceeds: the journal in, the next actions out. Pure: no clock, no I/O, no randomness.
//
// The journal of an attempt is the sequence of its events. `apply` folds one event into the machine; `next` says
// what is to be done now. Whoever carries an action out journals its outcome and applies that event, so that a
// machine which is given the same journal after a crash stands where the old one stood.
//
// The grammar of an attempt's journal (s:x is a status event of text x; see core/bus_types.hpp for their data):
//
//   attempt   = [s:queued] s:running [s:memory] turn* ending
//   turn      = s:mail* ([s:budget_wait] call)+ (tool* | verdict)
//   call      = s:model_call increment* (s:model_answer | s:retrying | cut)
//   increment = thinking | output | s:draft
//   verdict   = output | s:output_rejected
//   cut       = nothing: the process ended; s:resumed follows
//   tool      = [decision] (tool_result | tool_call [s:delegated] [tool_result | cut again])
//   again     = tool_result | decision (tool_result | tool_call [tool_result | cut again])
//   decision  = s:approval_requested … (s:approved | s:rejected)
//   ending    = s:done | error s:error
//
// Where the task has an output schema, what the model says is s:draft, and its final answer has a verdict: the one
// `output` is the answer that fits. Elsewhere there is neither draft nor verdict.
//
// s:mail stands where no call of the turn has failed or said anything yet (also behind its s:budget_wait), and not
// behind an answer that has paused, which is continued.
//
// s:waiting stands where nothing goes on but approvals are open, s:parked where nothing goes on but delegated tasks
// that are waited for; s:suspended, s:resumed and s:crashed may stand anywhere, s:context_trimmed between two turns.
// The calls of a turn run side by side: their events interleave. An answer's tool calls stand in the data of
// s:model_answer; `tool_call` says that one has begun. A delegated task is not cut by a crash: it is a task of its
// own. A message that was sent is not cut either: its `tool_call` and its `tool_result` are in one batch with it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/model_provider.hpp"
#include "core/output_schema.hpp"
#include "core/run_events.hpp"
#include "core/structured_output.hpp"
#include "flotilla/agent.hpp"
#include "flotilla/event.hpp"
#include "flotilla/result.hpp"
#include "flotilla/task.hpp"

namespace flotilla {

inline constexpr std::size_t max_output_bytes = 8U << 20U;  ///< of an attempt's output

/// What a run needs to know besides its journal.
struct run_spec {
  std::string input;
  std::vector<std::string> approvals;  ///< globs of tool names
  std::uint32_t max_turns = default_max_turns;
  std::vector<tool_spec> tools;
  /// Of the conversation's text, the memory and the input included: above it the oldest tool results are left out.
  std::size_t max_context_bytes = std::numeric_limits<std::size_t>::max();
  std::optional<flotilla::output_schema> output_schema{};  ///< what the output must be
  std::string memory{};  ///< what stands before the input: what the agent remembers; may be empty
};

/// Call the model with `run_machine::request()`.
struct call_model {
  std::uint32_t turn = 1;     ///< from 1
  std::uint32_t attempt = 1;  ///< the try of this turn, from 1
  friend bool operator==(const call_model&, const call_model&) = default;
};
/// Call a tool; journal `tool_call` first, unless `again`.
struct call_tool {
  tool_request request;
  /// It had begun before a crash and may be repeated without harm: its `tool_call` stands already. One that a human
  /// has let go ahead a second time is not `again`: that beginning is journaled too.
  bool again = false;
  friend bool operator==(const call_tool&, const call_tool&) = default;
};
/// Ask a human about a tool call: journal s:approval_requested.
struct ask_approval {
  tool_request request;
  approval_reason reason = approval_reason::policy;
  friend bool operator==(const ask_approval&, const ask_approval&) = default;
};
/// Answer a call without carrying it out (a human rejected it, or there is no such tool): journal `tool_result`.
struct answer_tool {
  tool_outcome outcome;
  std::string tool;
  friend bool operator==(const answer_tool&, const answer_tool&) = default;
};
/// The answer fits the output schema: journal `output` with it.
struct tell_output {
  std::string text;
  friend bool operator==(const tell_output&, const tell_output&) = default;
};
/// The answer does not fit it, and goes back to the model: journal s:output_rejected.
struct reject_output {
  std::vector<std::string> errors;
  std::uint32_t number = 1;  ///< of the rejection, from 1
  friend bool operator==(const reject_output&, const reject_output&) = default;
};
/// Make a task for another agent: journal `tool_call` and s:delegated, or `tool_call` and a `tool_result` that says
/// why not. Precondition for s:delegated with `wait` false: a `tool_result` follows at once.
struct delegate_task {
  tool_request request;
  friend bool operator==(const delegate_task&, const delegate_task&) = default;
};
/// Send a message to another agent or a team: journal `tool_call` and `tool_result`, in one batch with the messages.
struct post_mail {
  tool_request request;
  friend bool operator==(const post_mail&, const post_mail&) = default;
};
/// The conversation is too large for the next call: journal s:context_trimmed.
struct trim_context {
  std::size_t results = 0;  ///< tool results to leave out, oldest first
  std::size_t bytes = 0;    ///< what they hold
  friend bool operator==(const trim_context&, const trim_context&) = default;
};
/// Nothing goes on: journal s:waiting where humans are waited for (perhaps delegated tasks too), else s:parked.
struct park {
  bool for_humans = true;
  friend bool operator==(const park&, const park&) = default;
};
/// The run is over: journal s:done, or `error` and s:error.
struct finish {
  std::optional<task_error> error;  ///< nothing: done
  friend bool operator==(const finish&, const finish&) = default;
};
using run_action = std::variant<call_model, call_tool, ask_approval, answer_tool, delegate_task, post_mail,
                                trim_context, tell_output, reject_output, park, finish>;

/// The state of one attempt. One thread at a time.
class run_machine {
 public:
  explicit run_machine(run_spec spec);

  /// Folds the next event of the journal in. s:resumed says that what had begun before it is lost and must be done
  /// again or asked about. Errors: internal (an event that the grammar does not allow here, or whose data cannot
  /// be read); the machine is then unchanged.
  [[nodiscard]] result<void> apply(const event& happened);

  /// What is to be done now, until an event shows its beginning or its outcome. Empty: wait for what is going on,
  /// or nothing more to do.
  [[nodiscard]] std::vector<run_action> next() const;

  /// The model request for the turn that `call_model` asks for; `model` and `system` are the caller's to set.
  /// Where a call was cut after it had said something, what it said goes back to the model with the request to
  /// go on from there, so that nothing that was shown is unsaid.
  [[nodiscard]] model_request request() const;

  [[nodiscard]] bool started() const noexcept { return started_; }
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] bool waiting() const noexcept { return parked_; }
  /// The joined texts of the output events.
  [[nodiscard]] const std::string& output() const noexcept { return output_; }
  /// Does what the model says go to drafts, because the output must fit a schema?
  [[nodiscard]] bool drafts() const noexcept { return judge_.is_wanted(); }
  /// All that the model has said in this attempt: the drafts joined, or the output.
  [[nodiscard]] const std::string& said() const noexcept { return drafts() ? drafted_ : output_; }
  /// What the current turn's model call has said so far, over all its tries.
  [[nodiscard]] const std::string& partial() const noexcept { return call_.text; }
  /// Of this attempt.
  [[nodiscard]] const token_usage& usage() const noexcept { return usage_; }
  /// Failed tries of the current turn's model call.
  [[nodiscard]] std::uint32_t failed_tries() const noexcept { return failed_tries_; }
  /// The turn whose answer came last, from 1; 0 before the first.
  [[nodiscard]] std::uint32_t turn() const noexcept { return answered_turns_; }
  /// The calls that wait for a human, in the order in which the model made them.
  [[nodiscard]] std::vector<tool_request> awaiting_approval() const;
  /// The tasks that this attempt has delegated, oldest first.
  [[nodiscard]] const std::vector<delegated_task>& delegated() const noexcept { return delegated_; }
  /// The call that waits for a delegated task; nothing where none does.
  [[nodiscard]] std::optional<tool_request> call_waiting_for(task_id child) const;
  /// Is the next action the first model call of a turn? Then s:mail may stand before it.
  [[nodiscard]] bool takes_mail() const noexcept;
  /// For how long the attempt has been going on, by the times of its events: neither waiting, nor while the server
  /// was down.
  [[nodiscard]] std::chrono::milliseconds active_time() const noexcept { return active_; }

 private:
  enum class call_state : std::uint8_t { asked, awaiting, approved, rejected, begun, delegated, lost, answered };
  struct pending_call {
    tool_request request;
    call_state state = call_state::asked;
    bool began = false;      ///< its `tool_call` stands in the journal
    call_decision decision;  ///< of a human, where there was one
    std::size_t child = 0;   ///< which of `delegated_`, in the state `delegated`
    tool_outcome outcome;
  };
  struct open_call {
    bool open = false;                    ///< a model call is going on
    std::optional<std::uint32_t> cut_at;  ///< tokens of its answer, where a budget leaves no more
    std::string text;
    std::vector<thinking_block> thinking;
    std::string thinking_text;
  };

  [[nodiscard]] result<void> apply_any(const event& happened);
  [[nodiscard]] result<void> apply_increment(const event& happened);
  [[nodiscard]] result<void> apply_draft(const event& happened);
  [[nodiscard]] result<void> apply_verdict(const event& happened);
  [[nodiscard]] result<void> apply_status(const event& happened);
  [[nodiscard]] result<void> apply_parked(const event& happened);
  [[nodiscard]] result<void> apply_mail(const event& happened);
  [[nodiscard]] result<void> apply_model_call(const event& happened);
  [[nodiscard]] result<void> apply_retrying(const event& happened);
  [[nodiscard]] result<void> apply_delegated(const event& happened);
  [[nodiscard]] result<void> apply_trimmed(const event& happened);
  void pass_time(const event& happened);
  [[nodiscard]] result<void> apply_answer(const event& happened);
  [[nodiscard]] result<void> apply_tool(const event& happened);
  [[nodiscard]] result<void> apply_decision(const event& happened);
  void resume();
  void close_tools();
  [[nodiscard]] bool goes_on() const;
  [[nodiscard]] bool may_call() const;
  [[nodiscard]] bool at_fresh_turn() const noexcept;
  void append(conversation_turn turn);
  [[nodiscard]] bool waits_for_tasks() const;
  [[nodiscard]] std::size_t context_bytes() const noexcept;
  [[nodiscard]] std::optional<trim_context> needed_trim() const;

  [[nodiscard]] const tool_spec* find_tool(std::string_view name) const;
  [[nodiscard]] pending_call* find_call(const event& happened);
  [[nodiscard]] bool needs_approval(const pending_call& call) const;
  [[nodiscard]] run_action begin_of(const pending_call& call) const;
  [[nodiscard]] std::optional<run_action> action_for(const pending_call& call) const;
  [[nodiscard]] std::vector<run_action> tool_actions() const;
  [[nodiscard]] run_action turn_action() const;
  [[nodiscard]] run_action verdict_action() const;

  run_spec spec_;
  answer_judge judge_;
  std::string drafted_;  ///< the joined texts of the drafts
  bool started_ = false;
  bool just_began_ = false;  ///< nothing stands behind s:running but what may stand anywhere
  bool ended_ = false;
  bool parked_ = false;
  std::string output_;
  token_usage usage_;
  std::vector<conversation_turn> turns_;
  std::uint32_t answered_turns_ = 0;
  std::uint32_t failed_tries_ = 0;
  open_call call_;
  std::optional<stop_reason> stop_;      ///< of the last answer
  std::optional<std::uint32_t> cut_at_;  ///< of the last answer's call
  std::vector<pending_call> calls_;      ///< of the last answer, until all are answered
  std::vector<delegated_task> delegated_;
  std::size_t conversation_bytes_ = 0;  ///< of `turns_`
  std::size_t trimmed_results_ = 0;     ///< tool results that are left out, from the oldest on
  std::chrono::milliseconds active_{0};
  std::optional<timestamp> counts_from_;  ///< the last event's time while the attempt goes on
};

/// Keeps a continued answer from saying again what stands already: where it begins with all of `said`, that much is
/// dropped. Pure.
class repeat_filter {
 public:
  explicit repeat_filter(std::string said) : said_(std::move(said)), deciding_(!said_.empty()) {}
  /// The part of the answer that is new, as far as it can be told yet.
  [[nodiscard]] std::string pass(std::string_view piece);
  /// The answer is over: what was held back.
  [[nodiscard]] std::string flush();

 private:
  std::string said_;
  std::string held_;  ///< what has come so far, while it still looks like a repetition
  bool deciding_;
};

}  // namespace flotilla
