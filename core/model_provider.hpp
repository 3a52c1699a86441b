// The port behind which the model vendors stand.
//
// A run asks for one model call at a time and is told of it in pieces. Retries are not the provider's: it says
// what happened, and core/retry_policy.hpp decides.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/secret_text.hpp"
#include "flotilla/result.hpp"
#include "flotilla/task.hpp"

namespace flotilla {

/// A tool as a model is told of it.
struct tool_spec {
  std::string name;  ///< [a-zA-Z0-9_-]{1,64}, what every vendor accepts
  std::string description;
  std::string input_schema;  ///< a JSON Schema object, as JSON text
  bool read_only = false;    ///< changes nothing: may be called again after a crash
  bool idempotent = false;   ///< calling again with the same arguments changes nothing more: likewise

  friend bool operator==(const tool_spec&, const tool_spec&) = default;
};

/// A call that a model asks for.
struct tool_request {
  std::string call_id;    ///< the vendor's id of the call; unique within a conversation
  std::string tool;       ///< the tool's name
  std::string arguments;  ///< a JSON object, as JSON text; what a vendor sends that is none becomes {} upstream

  friend bool operator==(const tool_request&, const tool_request&) = default;
};

/// A stretch of a model's thinking that must go back to it unchanged with the next turn.
struct thinking_block {
  std::string text;
  std::string
      opaque;  ///< what the vendor needs to recognise it (signature, encrypted form), as JSON text; may be empty

  friend bool operator==(const thinking_block&, const thinking_block&) = default;
};

/// What a human or the runtime says to the model.
struct user_turn {
  std::string text;
  bool rejects = false;     ///< it sends the answer before it back: what follows is another answer
  bool background = false;  ///< it asks for nothing: what the agent remembers, or was told meanwhile
  friend bool operator==(const user_turn&, const user_turn&) = default;
};

/// What the model said.
struct assistant_turn {
  std::vector<thinking_block> thinking;
  std::string text;
  std::vector<tool_request> calls;
  friend bool operator==(const assistant_turn&, const assistant_turn&) = default;
};

/// One tool's answer.
struct tool_outcome {
  std::string call_id;
  std::string text;
  bool is_error = false;
  friend bool operator==(const tool_outcome&, const tool_outcome&) = default;
};

/// The answers to all calls of the assistant turn before it, in the order of its calls.
struct tool_turn {
  std::vector<tool_outcome> outcomes;
  friend bool operator==(const tool_turn&, const tool_turn&) = default;
};

using conversation_turn = std::variant<user_turn, assistant_turn, tool_turn>;

/// The longest answer of a call for which nothing else is said, where a bound is needed.
inline constexpr std::uint32_t default_max_output_tokens = 8192;

/// Everything that a model call needs.
struct model_request {
  std::string model;
  std::string system;  ///< the agent's role
  std::vector<conversation_turn> turns;
  std::vector<tool_spec> tools;
  std::uint32_t attempt = 1;  ///< which try of this turn it is, from 1; only `rehearsal` looks at it
  /// The vendor is to cut the answer, thinking included, after so many tokens. Nothing: as the vendor does by itself,
  /// or at `default_max_output_tokens` where it wants to be told.
  std::optional<std::uint32_t> max_output_tokens;
  /// The key to call with; nothing: the provider's own. Wiped when the call has ended.
  credential_ptr key;
};

/// A piece of visible text.
struct text_delta {
  std::string text;  ///< UTF-8, not empty
};
/// A piece of thinking.
struct thinking_delta {
  std::string text;  ///< UTF-8, not empty
};
/// The thinking block that the pieces before it made up is complete.
struct thinking_end {
  std::string opaque;  ///< see `thinking_block::opaque`
};
using model_delta = std::variant<text_delta, thinking_delta, thinking_end>;

/// Why a model stopped.
enum class stop_reason : std::uint8_t {
  end_turn,    ///< it has said what it had to say (also: a stop sequence was met)
  tool_use,    ///< it waits for tools
  max_tokens,  ///< its answer was cut at a length limit
  refusal,     ///< it, or a filter of the vendor, refused
  pause,       ///< it wants to be called again with what it said so far (Anthropic's pause_turn)
};
[[nodiscard]] std::string_view to_string(stop_reason reason) noexcept;
[[nodiscard]] std::optional<stop_reason> parse_stop_reason(std::string_view text) noexcept;

/// The end of a model call that succeeded. Its text and thinking have been told as deltas before.
struct model_answer {
  stop_reason stop = stop_reason::end_turn;
  std::vector<tool_request> calls;
  token_usage usage;
};

/// The end of a model call that failed.
struct model_failure {
  std::string code;  ///< stable: "missing_key", "provider_rejected", "provider_overloaded", "provider_timeout", …
  std::string message;  ///< for people, with the vendor's own words where there are any; never the key
  bool retryable = false;
  std::optional<std::chrono::milliseconds> retry_after;  ///< what the vendor asked for
  token_usage usage;                                     ///< what the vendor said it counted before it failed
};

/// Is told how a model call goes. Calls come one after another, from a thread of the provider; they must not
/// block. After `on_answer` or `on_failure`, of which exactly one comes (none once the call was destroyed),
/// nothing more comes.
class model_sink {
 public:
  virtual ~model_sink() = default;
  virtual void on_delta(model_delta delta) = 0;
  virtual void on_answer(model_answer answer) = 0;
  virtual void on_failure(model_failure failure) = 0;
};

/// A model call under way. Destroying it aborts it: its socket is closed without waiting, and soon after the
/// destructor returns the sink hears nothing more (a call into the sink that had begun may still be going on).
class model_call {
 public:
  virtual ~model_call() = default;
};

/// A vendor. `start` may be called from any thread, does not block, and never throws; it may call the sink
/// from within itself.
class model_provider {
 public:
  virtual ~model_provider() = default;
  [[nodiscard]] virtual std::unique_ptr<model_call> start(model_request request,
                                                          std::shared_ptr<model_sink> sink) = 0;
  /// The most input tokens that it will count for a request, as far as that can be told in advance. Any thread; does
  /// not block. By itself `estimate_input_tokens` (core/token_estimate.hpp).
  [[nodiscard]] virtual std::uint64_t most_input_tokens(const model_request& request) const;
};

}  // namespace flotilla
