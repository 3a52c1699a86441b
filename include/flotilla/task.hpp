// A task: work given to an agent, and how it went.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/id.hpp"
#include "flotilla/page.hpp"
#include "flotilla/time.hpp"

namespace flotilla {

/// The life cycle of a task; which step may follow which is one table in core/life_cycle.hpp.
enum class task_status : std::uint8_t { pending, running, waiting, done, error };
[[nodiscard]] std::string_view to_string(task_status status) noexcept;
[[nodiscard]] std::optional<task_status> parse_task_status(std::string_view text) noexcept;

/// In the order in which a queue is served.
enum class task_priority : std::uint8_t { high, normal, low };
[[nodiscard]] std::string_view to_string(task_priority priority) noexcept;
[[nodiscard]] std::optional<task_priority> parse_task_priority(std::string_view text) noexcept;

/// Why a task ended in `error`.
struct task_error {
  std::string code;     ///< stable, for programs: "cancelled", "provider_error", "refusal", …
  std::string message;  ///< for people
  friend bool operator==(const task_error&, const task_error&) = default;
};

/// Tokens, as the vendor counted them.
struct token_usage {
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;

  [[nodiscard]] std::uint64_t total() const noexcept { return input_tokens + output_tokens; }
  token_usage& operator+=(const token_usage& other) noexcept {
    input_tokens += other.input_tokens;
    output_tokens += other.output_tokens;
    return *this;
  }
  friend bool operator==(const token_usage&, const token_usage&) = default;
};

struct task {
  task_id id;
  std::string title;
  std::string input;  ///< the full prompt
  agent_id assignee;
  std::optional<agent_id> requester;
  std::optional<task_id> parent;  ///< the task that delegated it
  task_priority priority = task_priority::normal;
  std::optional<flotilla::epic_id> epic_id;
  task_status status = task_status::pending;
  /// The texts of the current attempt's `output` events, joined; nothing before the first of them.
  std::optional<std::string> output;
  std::optional<task_error> error;
  std::uint32_t attempt = 1;
  token_usage usage;  ///< of all attempts
  timestamp created_at;
  std::optional<timestamp> started_at;   ///< of the current attempt
  std::optional<timestamp> finished_at;  ///< of the current attempt
  timestamp updated_at;

  friend bool operator==(const task&, const task&) = default;
};

/// What is needed to make a task.
struct task_draft {
  std::string title;
  std::string input;
  agent_id assignee;
  std::optional<agent_id> requester;
  task_priority priority = task_priority::normal;
  std::optional<flotilla::epic_id> epic_id;
};

/// A change of a task: only what is set changes. A status means the action that leads there (core/life_cycle.hpp).
struct task_patch {
  std::optional<std::string> title;       ///< at any time
  std::optional<std::string> input;       ///< while pending and not queued
  std::optional<agent_id> assignee;       ///< while pending
  std::optional<task_priority> priority;  ///< while pending
  std::optional<std::optional<flotilla::epic_id>> epic_id;
  std::optional<task_status> status;
};

/// A human's word on a waiting task.
struct approval_decision {
  bool granted = false;
  std::optional<std::string> call_id;  ///< which call; nothing: all that wait
  std::optional<std::string> comment;  ///< what the model is told
};

/// Which tasks to list. All that are set must hold.
struct task_query {
  std::optional<task_status> status;
  std::optional<agent_id> assignee;
  std::optional<task_priority> priority;
  std::optional<flotilla::epic_id> epic_id;
  page_request page;
};

}  // namespace flotilla
