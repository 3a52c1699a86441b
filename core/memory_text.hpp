// What an agent is reminded of before a new task, as text: its earlier tasks and messages within an allowance. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/message_text.hpp"
#include "flotilla/memory.hpp"
#include "flotilla/message.hpp"
#include "flotilla/task.hpp"

namespace flotilla {

// What is shown of one task or message. No part of an entry takes more than its share of the allowance either, so
// that the newest one finds room in a small allowance too.
inline constexpr std::size_t max_remembered_title_bytes = 200;
inline constexpr std::size_t max_remembered_input_bytes = 2000;
inline constexpr std::size_t max_remembered_output_bytes = 4000;
inline constexpr std::size_t max_remembered_error_bytes = 500;
inline constexpr std::size_t max_remembered_message_bytes = 2000;
inline constexpr std::uint64_t title_share = 16;   ///< the title may have this part of the allowance
inline constexpr std::uint64_t input_share = 8;    ///< likewise
inline constexpr std::uint64_t output_share = 4;   ///< likewise
inline constexpr std::uint64_t error_share = 16;   ///< likewise
inline constexpr std::uint64_t message_share = 4;  ///< likewise

/// How much an agent's memory may have.
struct memory_bounds {
  std::uint32_t tokens = 0;   ///< as `estimate_tokens` counts; 0: there is no memory
  std::size_t max_bytes = 0;  ///< of its text
};

/// A task that has ended as it is remembered: its texts are cut, with "…" behind what was cut.
[[nodiscard]] memory_entry remember(const task& ended, const memory_bounds& within);
/// Likewise a message. `direction`: from whose side it is remembered; `name`: the other's, where it is an agent.
[[nodiscard]] memory_entry remember(const message& said, message_direction direction, std::string_view name,
                                    const memory_bounds& within);

/// What an agent's memory is made of.
struct memory_material {
  std::vector<memory_entry> tasks;     ///< in any order
  std::vector<memory_entry> messages;  ///< likewise
  std::uint64_t more_tasks = 0;        ///< older ones that are not among them
  std::uint64_t more_messages = 0;     ///< likewise
  bool counted_all = true;             ///< there are no more than those
};

/// The newest entries that have room together, oldest first (of a task and a message of the same moment the task
/// counts as the newer one; of two of a kind, the one that stands first), below a headline that says what they are
/// and how many are not shown. The text, headline included, has never more tokens or bytes than the bounds; where
/// there is nothing to tell it is empty. `agent_memory::since` and `unread` are the caller's to set.
[[nodiscard]] agent_memory compose_memory(memory_material from, const memory_bounds& within);

}  // namespace flotilla
