// The keys of the store, byte by byte.
//
// A key is one table byte and fields of fixed size, so that byte order is field order. `org`, `agent`, `task` and
// `user` are the 16 bytes of a ULID (byte order is time order); `seq` is a u64, most significant byte first;
// `status` and `priority` are one byte, numbered below. Rows marked "-" are index rows: their value is empty and
// the object stands under the id or position at the key's end.
//
//   table  fields                          value                       scan
//   00     "format"                        u32, most significant first
//   'A'    org agent                       agent                       newest first: backward
//   'B'    org status agent                -                           newest first by status: backward
//   'E'    org task seq                    event                       a task's journal: forward
//   'G'    org                             org
//   'K'    hash (32 bytes)                 API token
//   'L'    org                             last seq of the org's bus (the store's log head: a u64)
//   'M'    org seq                         message                     the bus: forward or backward
//   'N'    org agent seq                   -                           messages from or to an agent
//   'O'    org task seq                    -                           messages about a task
//   'P'    org type 00 seq                 -                           messages of a type; `type` is its text
//   'T'    org task                        task record                 newest first: backward
//   'U'    org user                        user
//   'V'    org status task                 -                           tasks by status: backward
//   'W'    org agent priority task         -                           an agent's work queue in the order in which
//                                                                      it is served: forward
//   'X'    org agent task                  -                           tasks by assignee: backward
//   'Y'    org agent status task           -                           tasks by assignee and status: backward
//
// agent status: 0 active, 2 paused, 3 archived (1, running, is derived and never stored)
// task status:  0 pending, 1 running, 2 waiting, 3 done, 4 error
// priority:     0 high, 1 normal, 2 low
//
// What stands in a value is told in codec.hpp. All functions are pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/agent.hpp"
#include "flotilla/id.hpp"
#include "flotilla/task.hpp"

namespace flotilla::storage::keys {

/// The tables, in key order.
enum class table : char {
  meta = '\0',
  agents = 'A',
  agents_by_status = 'B',
  events = 'E',
  orgs = 'G',
  tokens = 'K',
  bus_heads = 'L',
  messages = 'M',
  messages_by_agent = 'N',
  messages_by_task = 'O',
  messages_by_type = 'P',
  tasks = 'T',
  users = 'U',
  tasks_by_status = 'V',
  work = 'W',
  tasks_by_assignee = 'X',
  tasks_by_assignee_and_status = 'Y',
};

inline constexpr std::size_t seq_size = 8;  ///< bytes

// Whole keys.
[[nodiscard]] std::string format();
[[nodiscard]] std::string agent(org_id org, agent_id which);
[[nodiscard]] std::string event(org_id org, task_id task, std::uint64_t seq);
[[nodiscard]] std::string org(org_id which);
[[nodiscard]] std::string token(const std::array<std::uint8_t, 32>& hash);
[[nodiscard]] std::string bus_head(org_id org);
[[nodiscard]] std::string message(org_id org, std::uint64_t seq);
[[nodiscard]] std::string task(org_id org, task_id which);
[[nodiscard]] std::string user(org_id org, user_id which);
[[nodiscard]] std::string work(org_id org, agent_id agent, task_priority priority, task_id task);

// What all keys of a table, or of an index's part, begin with. What follows is the id or the position alone.
[[nodiscard]] std::string all(table of);
[[nodiscard]] std::string all(table of, org_id org);  ///< `agents`, `messages`, `tasks`; also `messages_by_type`
[[nodiscard]] std::string agents_by_status(org_id org, agent_status status);
[[nodiscard]] std::string events(org_id org, task_id task);
[[nodiscard]] std::string messages_by_agent(org_id org, agent_id agent);
[[nodiscard]] std::string messages_by_task(org_id org, task_id task);
/// Precondition: no zero byte in `type`.
[[nodiscard]] std::string messages_by_type(org_id org, std::string_view type);
[[nodiscard]] std::string tasks_by_status(org_id org, task_status status);
[[nodiscard]] std::string tasks_by_assignee(org_id org, agent_id agent);
[[nodiscard]] std::string tasks_by_assignee_and_status(org_id org, agent_id agent, task_status status);
[[nodiscard]] std::string work_of(org_id org, agent_id agent);

// Fields.
[[nodiscard]] std::string seq_bytes(std::uint64_t seq);
/// Precondition for both: `bytes` has the field's size.
[[nodiscard]] std::uint64_t seq_from(std::string_view bytes) noexcept;
[[nodiscard]] ulid ulid_from(std::string_view bytes) noexcept;
[[nodiscard]] std::string_view bytes_of(const ulid& value) noexcept;

/// The parts of a key of `work`; nothing where it is none.
struct work_parts {
  org_id org;
  agent_id agent;
  task_priority priority = task_priority::normal;
  task_id task;
};
[[nodiscard]] std::optional<work_parts> parse_work(std::string_view key) noexcept;

}  // namespace flotilla::storage::keys
