// How a run proceeds: the journal in, the next actions out. Pure: no clock, no I/O, no randomness.
//
// The journal of an attempt is the sequence of its events. `apply` folds one event into the machine; `next` says
// what is to be done now. Whoever carries an action out journals its outcome and applies that event, so that a
// machine which is given the same journal after a crash stands where the old one stood.
//
// The grammar of an attempt's journal (s:x is a status event of text x; see core/bus_types.hpp for their data):
//
//   attempt   = [s:queued] s:running turn* ending
//   turn      = call+ tools*                         call = s:model_call increment* (s:model_answer | s:retrying | cut)
//   increment = thinking | output                    cut  = nothing: the process ended; s:resumed follows
//   tools     = [s:approval_requested s:waiting … (s:approved | s:rejected)] tool_call tool_result
//   ending    = s:done | error s:error
//
// s:suspended and s:resumed may stand anywhere between them. The calls of a turn run side by side: their events
// interleave. An answer's tool calls stand in the data of s:model_answer; `tool_call` says that one has begun.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/model_provider.hpp"
#include "flotilla/agent.hpp"
#include "flotilla/event.hpp"
#include "flotilla/result.hpp"
#include "flotilla/task.hpp"

namespace flotilla {

inline constexpr std::size_t max_output_bytes = 8U << 20U;        ///< of a task's output
inline constexpr std::size_t max_tool_result_bytes = 64U << 10U;  ///< more is cut, and the cut is said

/// What a run needs to know besides its journal.
struct run_spec {
  std::string title;
  std::string input;
  std::vector<std::string> approvals;  ///< globs of tool names
  std::uint32_t max_turns = default_max_turns;
  std::vector<tool_spec> tools;
};

/// Call the model with `run_machine::request()`.
struct call_model {
  std::uint32_t turn = 1;   ///< from 1
  std::uint32_t attempt = 1;  ///< the try of this turn, from 1
  friend bool operator==(const call_model&, const call_model&) = default;
};
/// Call a tool; journal `tool_call` first.
struct call_tool {
  tool_request request;
  bool again = false;  ///< it had begun before a crash and is safe to repeat: `tool_call` stands already
  friend bool operator==(const call_tool&, const call_tool&) = default;
};
/// Why a human is asked.
enum class approval_reason : std::uint8_t {
  policy,           ///< the agent's `approvals` name the tool
  unknown_outcome,  ///< it had begun before a crash, and may or may not have happened
};
[[nodiscard]] std::string_view to_string(approval_reason reason) noexcept;
/// Ask a human about a tool call. The task waits once nothing else is going on.
struct ask_approval {
  tool_request request;
  approval_reason reason = approval_reason::policy;
  friend bool operator==(const ask_approval&, const ask_approval&) = default;
};
/// Answer a call without carrying it out: it was rejected, or names no tool. Journal `tool_result` with this.
struct answer_tool {
  tool_outcome outcome;
  std::string tool;
  friend bool operator==(const answer_tool&, const answer_tool&) = default;
};
/// The run waits for humans and nothing else: journal s:waiting.
struct park {
  friend bool operator==(const park&, const park&) = default;
};
/// The run is over.
struct finish {
  std::optional<task_error> error;  ///< nothing: done
  friend bool operator==(const finish&, const finish&) = default;
};
using run_action = std::variant<call_model, call_tool, ask_approval, answer_tool, park, finish>;

/// The state of one attempt.
class run_machine {
 public:
  explicit run_machine(run_spec spec);

  /// Folds the next event of the journal in. Errors: internal (an event that the grammar does not allow here, or
  /// whose data cannot be read); the machine is then unchanged.
  [[nodiscard]] result<void> apply(const event& happened);

  /// Says that the events so far are all there is, and nobody carries anything out: what had begun is lost and must
  /// be done again or asked about. Called once after a replay.
  void recover();

  /// What is to be done now. Actions stay in the answer until an event shows their outcome; whoever carries them
  /// out must not begin one twice. Empty: wait for what is going on, or nothing more to do.
  [[nodiscard]] std::vector<run_action> next() const;

  /// The model request for the turn that `call_model` asks for. Precondition: `next` asks for one. `model` and
  /// `system` are the caller's to set.
  [[nodiscard]] model_request request() const;

  /// The events that a model answer becomes, positions and times left to the caller.
  [[nodiscard]] static event answer_event(const model_answer& answer);

  [[nodiscard]] bool started() const noexcept { return started_; }
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] bool waiting() const noexcept { return parked_; }
  /// The joined texts of the output events.
  [[nodiscard]] const std::string& output() const noexcept { return output_; }
  /// Of this attempt.
  [[nodiscard]] const token_usage& usage() const noexcept { return usage_; }
  /// Tries made of the current turn's model call.
  [[nodiscard]] std::uint32_t tries() const noexcept { return tries_; }
  /// The calls that wait for a human: oldest first.
  [[nodiscard]] std::vector<std::string> awaiting_approval() const;

 private:
  enum class call_state : std::uint8_t { asked, awaiting, approved, rejected, begun, lost, answered };
  struct pending_call {
    tool_request request;
    call_state state = call_state::asked;
    bool began_before = false;      ///< a `tool_call` event stands in the journal
    std::string comment;            ///< of the human who decided
    std::optional<tool_outcome> outcome;
  };
  struct open_call {
    bool open = false;       ///< a model call is going on
    std::string text;        ///< what it said so far (over all tries of this turn)
    std::vector<thinking_block> thinking;
    std::string thinking_text;
  };

  [[nodiscard]] result<void> apply_status(const event& happened);
  [[nodiscard]] const tool_spec* find_tool(std::string_view name) const;
  [[nodiscard]] bool needs_approval(std::string_view tool) const;
  [[nodiscard]] pending_call* find_call(const event& happened);
  [[nodiscard]] std::optional<run_action> action_for(const pending_call& call) const;
  void close_turn();

  run_spec spec_;
  bool started_ = false;
  bool ended_ = false;
  bool parked_ = false;
  std::string output_;
  token_usage usage_;
  std::vector<conversation_turn> turns_;  ///< closed turns; the last may be the assistant's with calls pending
  std::uint32_t turn_ = 0;                ///< model turns answered
  std::uint32_t tries_ = 0;
  open_call call_;
  std::optional<stop_reason> stop_;       ///< of the last answer, until it is acted on
  std::vector<pending_call> calls_;       ///< of the last answer, in its order
};

}  // namespace flotilla
