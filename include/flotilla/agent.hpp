// An agent: a name, a role, a model to think with, and its place in the org chart.
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

/// Where an agent stands. `running` is derived and never stored: it is executing a task.
enum class agent_status : std::uint8_t { active, running, paused, archived };
[[nodiscard]] std::string_view to_string(agent_status status) noexcept;
[[nodiscard]] std::optional<agent_status> parse_agent_status(std::string_view text) noexcept;

/// Over what time a budget counts.
enum class budget_period : std::uint8_t { day, week, month };
[[nodiscard]] std::string_view to_string(budget_period period) noexcept;
[[nodiscard]] std::optional<budget_period> parse_budget_period(std::string_view text) noexcept;

/// The tokens, in and out together, that an agent with its subtree may use in a period.
struct token_budget {
  std::uint64_t tokens = 0;
  budget_period period = budget_period::month;
  friend bool operator==(const token_budget&, const token_budget&) = default;
};

inline constexpr std::uint32_t default_max_turns = 32;  ///< model calls in a run
inline constexpr std::uint32_t highest_max_turns = 1000;
/// Of earlier tasks and messages, before a new task; as `estimate_tokens` (core/token_estimate.hpp) counts.
inline constexpr std::uint32_t default_memory_tokens = 8000;
inline constexpr std::uint32_t highest_memory_tokens = 200'000;

struct agent {
  agent_id id;
  std::string name;
  std::string role;      ///< the system prompt
  std::string model;     ///< the vendor's model id
  std::string provider;  ///< anthropic | openai | openrouter | rehearsal
  std::string glyph;     ///< one emoji (one extended grapheme cluster)
  std::optional<agent_id> manager;
  std::optional<std::string> team;
  agent_status status = agent_status::active;
  std::vector<std::string> mcps;       ///< names of the MCP servers it may use
  std::vector<std::string> approvals;  ///< globs of tool names that a human must approve first
  std::uint32_t max_turns = default_max_turns;
  std::optional<token_budget> budget;
  std::uint32_t memory_tokens =
      default_memory_tokens;              ///< that its memory may take before a new task; 0: it has none
  std::optional<timestamp> memory_since;  ///< what is older was forgotten; nothing: it remembers all
  timestamp created_at;
  timestamp updated_at;

  friend bool operator==(const agent&, const agent&) = default;
};

/// What is needed to make an agent; the rest of `agent` is set by the runtime.
struct agent_draft {
  std::string name;
  std::string role;
  std::string model;
  std::string provider;
  std::string glyph;
  std::optional<agent_id> manager;
  std::optional<std::string> team;
  std::vector<std::string> mcps;
  std::vector<std::string> approvals;
  std::uint32_t max_turns = default_max_turns;
  std::optional<token_budget> budget;
  std::uint32_t memory_tokens = default_memory_tokens;
};

/// A change of an agent: only what is set changes. In the nested optionals the inner "nothing" clears.
struct agent_patch {
  std::optional<std::string> name;
  std::optional<std::string> role;
  std::optional<std::string> model;
  std::optional<std::string> provider;
  std::optional<std::string> glyph;
  std::optional<std::optional<agent_id>> manager;
  std::optional<std::optional<std::string>> team;
  std::optional<agent_status> status;  ///< active, paused or archived; `running` is `errc::invalid`
  std::optional<std::vector<std::string>> mcps;
  std::optional<std::vector<std::string>> approvals;
  std::optional<std::uint32_t> max_turns;
  std::optional<std::optional<token_budget>> budget;
  std::optional<std::uint32_t> memory_tokens;
};

/// Which agents to list.
struct agent_query {
  std::optional<agent_status> status;
  std::optional<std::string> team;
  page_request page;
};

}  // namespace flotilla
