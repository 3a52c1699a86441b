// Reads from the store what an agent is reminded of before a new task.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "flotilla/agent.hpp"
#include "flotilla/id.hpp"
#include "flotilla/memory.hpp"
#include "flotilla/message.hpp"
#include "flotilla/result.hpp"
#include "flotilla/time.hpp"
#include "storage/records.hpp"

namespace flotilla::actors {

inline constexpr std::size_t memory_share_of_context =
    4;                                                   ///< the memory may have this part of a conversation's bytes
inline constexpr std::size_t max_remembered_rows = 200;  ///< tasks that are looked at, and messages
inline constexpr std::size_t remembered_page_rows = 20;  ///< of them that are read at once
inline constexpr std::size_t max_unread_shown = 100;     ///< messages of a mailbox

/// How large an agent's memory may be in a conversation of at most so many bytes.
[[nodiscard]] std::size_t most_memory_bytes(std::size_t max_context_bytes) noexcept;

/// What an agent remembers at a moment: its tasks that had ended, and what it was told and said, as far as it has not
/// been forgotten (`agent::memory_since`); the messages that lie in its mailbox are `unread` and no part of it.
///
/// `except`: a task that is not remembered (the one that is about to run), nor what was said in it. `told`: positions
/// of messages that are not remembered either, since that task's journal has them. `max_bytes`: of the text.
///
/// Tasks are looked for in the order in which they were made, the newest first, and no further than the allowance
/// surely reaches: one that was made long ago and ended late may be missed. May block on the disk. Errors: those of
/// the store's reads.
[[nodiscard]] result<agent_memory> read_memory(const storage::snapshot& from, org_id org, const agent& whose,
                                               timestamp as_of, std::optional<task_id> except, std::size_t max_bytes,
                                               const std::vector<message_seq>& told = {});

}  // namespace flotilla::actors
