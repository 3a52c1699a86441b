// What an agent is reminded of before a new task: its earlier tasks, and the messages to and from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/id.hpp"
#include "flotilla/message.hpp"
#include "flotilla/time.hpp"

namespace flotilla {

/// One task or message in an agent's memory.
struct memory_entry {
  std::optional<task_id> task;  ///< exactly one of `task` and `message` is set
  std::optional<message_id> message;
  timestamp at;              ///< when the task ended, or the message was said
  std::string text;          ///< as the model is told it
  std::uint64_t tokens = 0;  ///< that the text is estimated to have

  friend bool operator==(const memory_entry&, const memory_entry&) = default;
};

/// An agent's memory as it would stand before a task that began now.
struct agent_memory {
  std::uint32_t allowance = 0;        ///< tokens (`agent::memory_tokens`)
  std::uint64_t tokens = 0;           ///< of `text`; never more than `allowance`
  std::optional<timestamp> since;     ///< what is older was forgotten
  std::vector<memory_entry> entries;  ///< oldest first
  std::uint64_t omitted_tasks = 0;    ///< older ones that the allowance leaves no room for
  std::uint64_t omitted_messages = 0;
  bool omitted_more = false;              ///< there are more than those two numbers: not all were counted
  std::string text;                       ///< exactly what stands before the new task; empty: nothing
  std::vector<flotilla::message> unread;  ///< its mailbox, oldest first: each is given to it at its next turn
};

}  // namespace flotilla
