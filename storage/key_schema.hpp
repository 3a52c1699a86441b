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
//   'C'    org manager agent               -                           an agent's reports
//   'D'    org epic                        epic                        newest first: backward
//   'E'    org task seq                    event                       a task's journal: forward
//   'F'    org epic task                   -                           tasks by epic: backward
//   'G'    org                             org
//   'H'    org epic seq                    -                           messages about an epic's tasks
//   'I'    org task                        text                        the input of a task, where it is long
//   'J'    org epic                        counters: tasks, done
//   'K'    hash (32 bytes)                 API token
//   'L'    org                             last seq of the org's bus (the store's log head: a u64)
//   'M'    org seq                         message                     the bus: forward or backward
//   'N'    org agent seq                   -                           messages from or to an agent
//   'O'    org task seq                    -                           messages about a task
//   'P'    org type 00 seq                 -                           messages of a type; `type` is its text
//   'Q'    org                             counters: org_counter
//   'R'    org scope agent key             sealed secret               `scope`: 0 org (agent is zero), 1 agent; `key`
//                                                                      is its text
//   'S'    org mcp                         MCP server                  newest first: backward
//   'T'    org task                        task record                 newest first: backward
//   'U'    org user                        user
//   'V'    org status task                 -                           tasks by status: backward
//   'W'    org agent priority task         -                           an agent's work queue in the order in which
//                                                                      it is served: forward
//   'X'    org agent task                  -                           tasks by assignee: backward
//   'Y'    org agent status task           -                           tasks by assignee and status: backward
//   'Z'    org name                        the MCP server's id (16 bytes); `name` is its text
//   'a'    org token                       hash (32 bytes)             the org's API tokens, newest first: backward
//   'b'    org token                       time: u64 ms                when an API token was last used
//   'c'    org period bucket agent model   counters: tokens in, tokens out, tasks      `period`: 0 day, 2 month;
//                                                                      `bucket`: u64, the first day's Unix day;
//                                                                      `model` is its text
//   'd'    org period bucket               the same counters of the whole org
//   'e'    org month                       counters: tasks made        `month`: u64, the first day's Unix day
//   'f'    org hash (32 bytes)             what an idempotency key was answered
//   'g'    org time hash                   -                           the same by age: `time` is u64 ms
//   'h'    org task child                  -                           the tasks that a task delegated, oldest first:
//                                                                      forward
//   'i'    org agent task kind other       -                           what an agent has still to do about a task of
//                                                                      it, or at all (`signal_kind`; `other` is a
//                                                                      task): forward
//   'j'    org time task                   -                           tasks that wait for a human by age: `time` is
//                                                                      u64 ms, when it began to wait: forward
//   'k'    org period bucket agent         counters: committed, reserved, as of (budget_records.hpp):
//                                                                      what an agent with its subtree, or the whole
//                                                                      org (agent is zero), takes of a budget;
//                                                                      `period` and `bucket` as in 'c', 1 week
//   'l'    org agent seq                   empty                       an agent's mailbox, oldest first: forward; the
//                                                                      messages of type agent.message to it that it
//                                                                      has not read
//   'm'    org agent seq                   -                           messages of type agent.message from or to an
//                                                                      agent, newest first: backward
//   'n'    org name 00 agent               -                           agents by name, oldest first: forward; `name`
//                                                                      is its text
//   'o'    org team 00 agent               -                           agents by team: forward or backward; `team`
//                                                                      is its text
//   'p'    org task                       counters: tokens in, tokens out: what all tasks below a task used
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
#include "flotilla/secret.hpp"
#include "flotilla/task.hpp"

namespace flotilla::storage::keys {

/// The tables, in key order.
enum class table : char {
  meta = '\0',
  agents = 'A',
  agents_by_status = 'B',
  agents_by_manager = 'C',
  epics = 'D',
  events = 'E',
  tasks_by_epic = 'F',
  orgs = 'G',
  messages_by_epic = 'H',
  inputs = 'I',
  epic_counters = 'J',
  tokens = 'K',
  bus_heads = 'L',
  messages = 'M',
  messages_by_agent = 'N',
  messages_by_task = 'O',
  messages_by_type = 'P',
  org_counters = 'Q',
  secrets = 'R',
  mcps = 'S',
  tasks = 'T',
  users = 'U',
  tasks_by_status = 'V',
  work = 'W',
  tasks_by_assignee = 'X',
  tasks_by_assignee_and_status = 'Y',
  mcps_by_name = 'Z',
  tokens_by_org = 'a',
  token_uses = 'b',
  usage = 'c',
  usage_totals = 'd',
  tasks_made = 'e',
  answers = 'f',
  answers_by_age = 'g',
  children = 'h',
  signals = 'i',
  parked = 'j',
  budgets = 'k',
  mailboxes = 'l',
  said = 'm',
  agents_by_name = 'n',
  agents_by_team = 'o',
  usage_below = 'p',
};

/// What an agent is told about one of its tasks, durably: a row of `signals`, which goes when it has been acted on.
enum class signal_kind : std::uint8_t {
  child_ended = 0,  ///< `other`, which the task delegated and waits for, has ended
  cancel = 1,       ///< `other`, which delegated the task, was cancelled: so shall be the task
  wake = 2,         ///< a message asks to wake the agent: `task` is zero, `other` no task but each time another id
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
[[nodiscard]] std::string epic(org_id org, epic_id which);
[[nodiscard]] std::string epic_counters(org_id org, epic_id which);
[[nodiscard]] std::string input(org_id org, task_id which);
[[nodiscard]] std::string org_counters(org_id org);
[[nodiscard]] std::string secret(org_id org, const secret_name& name);
[[nodiscard]] std::string mcp(org_id org, mcp_id which);
[[nodiscard]] std::string mcp_name(org_id org, std::string_view name);
[[nodiscard]] std::string org_token(org_id org, token_id which);
[[nodiscard]] std::string token_use(org_id org, token_id which);
/// `bucket`: the Unix day on which the period begins; `period`: day or month.
[[nodiscard]] std::string usage(org_id org, budget_period period, std::uint64_t bucket, agent_id agent,
                                std::string_view model);
[[nodiscard]] std::string usage_totals(org_id org, budget_period period, std::uint64_t bucket);
[[nodiscard]] std::string tasks_made(org_id org, std::uint64_t month);
[[nodiscard]] std::string answer(org_id org, const std::array<std::uint8_t, 32>& hash);
[[nodiscard]] std::string answer_age(org_id org, std::uint64_t time, const std::array<std::uint8_t, 32>& hash);
[[nodiscard]] std::string work(org_id org, agent_id agent, task_priority priority, task_id task);
[[nodiscard]] std::string child(org_id org, task_id parent, task_id child);
[[nodiscard]] std::string signal(org_id org, agent_id agent, task_id task, signal_kind kind, task_id other);
/// `time`: Unix time in ms.
[[nodiscard]] std::string parked(org_id org, std::uint64_t time, task_id task);
[[nodiscard]] std::string budget(org_id org, budget_period period, std::uint64_t bucket, agent_id agent);
[[nodiscard]] std::string mail(org_id org, agent_id agent, std::uint64_t seq);
[[nodiscard]] std::string usage_below(org_id org, task_id which);

// What all keys of a table, or of an index's part, begin with. What follows is the id or the position alone.
[[nodiscard]] std::string all(table of);
[[nodiscard]] std::string all(table of, org_id org);  ///< a table that begins with it: all but `meta`, `tokens`
[[nodiscard]] std::string agents_by_status(org_id org, agent_status status);
[[nodiscard]] std::string agents_by_manager(org_id org, agent_id manager);
/// Precondition for both: no zero byte in the text (names and teams hold no control characters).
[[nodiscard]] std::string agents_by_name(org_id org, std::string_view name);
[[nodiscard]] std::string agents_by_team(org_id org, std::string_view team);
[[nodiscard]] std::string events(org_id org, task_id task);
[[nodiscard]] std::string mailbox_of(org_id org, agent_id agent);
[[nodiscard]] std::string said_by_agent(org_id org, agent_id agent);
[[nodiscard]] std::string messages_by_epic(org_id org, epic_id epic);
[[nodiscard]] std::string secrets_of(org_id org, secret_scope scope);
[[nodiscard]] std::string secrets_of(org_id org, agent_id agent);
[[nodiscard]] std::string tasks_by_epic(org_id org, epic_id epic);
[[nodiscard]] std::string usage_in(org_id org, budget_period period, std::uint64_t bucket);
[[nodiscard]] std::string usage_of(org_id org, budget_period period, std::uint64_t bucket, agent_id agent);
[[nodiscard]] std::string messages_by_agent(org_id org, agent_id agent);
[[nodiscard]] std::string messages_by_task(org_id org, task_id task);
/// Precondition: no zero byte in `type`.
[[nodiscard]] std::string messages_by_type(org_id org, std::string_view type);
[[nodiscard]] std::string tasks_by_status(org_id org, task_status status);
[[nodiscard]] std::string tasks_by_assignee(org_id org, agent_id agent);
[[nodiscard]] std::string tasks_by_assignee_and_status(org_id org, agent_id agent, task_status status);
[[nodiscard]] std::string work_of(org_id org, agent_id agent);
[[nodiscard]] std::string children_of(org_id org, task_id parent);
[[nodiscard]] std::string signals_of(org_id org, agent_id agent);
[[nodiscard]] std::string signals_of(org_id org, agent_id agent, task_id task);

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

/// The parts of a key of `signals`; nothing where it is none.
struct signal_parts {
  org_id org;
  agent_id agent;
  task_id task;
  signal_kind kind = signal_kind::child_ended;
  task_id other;
};
[[nodiscard]] std::optional<signal_parts> parse_signal(std::string_view key) noexcept;

/// The parts of a key of `parked`; nothing where it is none.
struct parked_parts {
  org_id org;
  std::uint64_t time = 0;  ///< Unix time in ms
  task_id task;
};
[[nodiscard]] std::optional<parked_parts> parse_parked(std::string_view key) noexcept;

}  // namespace flotilla::storage::keys
