// The objects of a fleet as records of the store: what stands under which key (key_schema.hpp), how it is
// encoded (codec.hpp), and which index rows go with it.
//
// `read_…` and `list_…` read from a snapshot and may block on the disk. `write_…` add to a batch what a change of
// an object needs, its index rows included, and block on nothing. All are free of shared state.
//
// Errors of every read: unavailable (I/O), internal (a record that cannot be decoded; the message names its kind
// and id). A list's errors also: invalid (a cursor that no list gave).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "flotilla/access.hpp"
#include "flotilla/agent.hpp"
#include "flotilla/event.hpp"
#include "flotilla/message.hpp"
#include "flotilla/page.hpp"
#include "flotilla/result.hpp"
#include "flotilla/stream.hpp"
#include "flotilla/task.hpp"
#include "storage/key_schema.hpp"
#include "storage/store.hpp"

namespace flotilla::storage {

/// An object with the bytes it was decoded from: writing it back can require that they still stand.
template <class T>
struct stored {
  T value;
  std::string bytes;
};

/// How a task that was delegated belongs to `task::parent`.
struct delegation {
  agent_id agent;             ///< the parent's assignee
  std::string call_id;        ///< of the tool call that delegated it
  std::uint32_t attempt = 1;  ///< the parent's attempt in which that was
  std::uint32_t depth = 1;    ///< delegations above it, its own included
  bool wait = true;           ///< the parent goes on with its result
  /// The tasks above it, `task::parent` first. Empty in a record of a format before 4.
  std::vector<task_id> ancestors{};

  friend bool operator==(const delegation&, const delegation&) = default;
};

/// Tokens that a model call under way may use, taken in advance from budgets (key_schema.hpp, table 'k').
struct reservation {
  /// A budget's row: of an agent with its subtree, or of the whole org (the agent is zero), in a period that begins
  /// on the Unix day `bucket`.
  struct row {
    budget_period period = budget_period::month;
    std::uint64_t bucket = 0;
    agent_id agent;
    friend bool operator==(const row&, const row&) = default;
  };
  std::uint64_t tokens = 0;
  std::vector<row> rows;  ///< in each of which `tokens` are reserved

  friend bool operator==(const reservation&, const reservation&) = default;
};

/// A task with what only the runtime knows of it.
struct task_record {
  flotilla::task task;
  bool queued = false;                  ///< pending or waiting, and to be taken up: it lies in its agent's work queue
  event_seq before_attempt = 0;         ///< the position before the current attempt's first event
  token_usage usage_before;             ///< of the attempts before the current one
  bool counted = false;                 ///< it was started once, in whatever attempt; set by `write_task`
  std::optional<delegation> from;       ///< set exactly where `task.parent` is
  std::optional<timestamp> parked_at;   ///< since when it waits for a human; set only while it is `waiting`
  std::optional<reservation> reserved;  ///< of the model call under way
  std::uint32_t wakes = 0;              ///< messages in a row that each woke an agent, up to the one that made it

  friend bool operator==(const task_record&, const task_record&) = default;
};

/// One entry of an agent's work queue: what somebody must run. In it are the tasks that are running, until they end,
/// and those that are pending or waiting (a human has decided) with `task_record::queued`.
struct work_item {
  org_id org;
  agent_id agent;
  task_priority priority = task_priority::normal;
  task_id task;
  friend bool operator==(const work_item&, const work_item&) = default;
};

/// A message before it has its place on the bus.
struct message_draft {
  std::string type;
  party from;
  party to;
  std::optional<flotilla::task_id> task_id;
  std::optional<flotilla::epic_id> epic_id;
  std::string text;
  std::optional<std::string> data;
};

using token_hash = std::array<std::uint8_t, 32>;

// --- agents -----------------------------------------------------------------------------------------------

[[nodiscard]] result<std::optional<stored<agent>>> read_agent(const snapshot& from, org_id org, agent_id which);
/// Newest first; `agent_query::status` `running` is the caller's to derive and is not a filter here.
[[nodiscard]] result<page<agent>> list_agents(const snapshot& from, org_id org, const agent_query& query);
/// Adds or replaces an agent. With `before` the batch requires that it still stands as read; without, that there
/// is none.
/// `most`: the batch is refused with `errc::forbidden` if the org then has more that are not archived.
void write_agent(batch& into, org_id org, const stored<agent>* before, const agent& after,
                 std::optional<std::uint64_t> most = {});
/// Requires that the agent still stands as read (for batches that rely on it without changing it).
void require_agent(batch& into, org_id org, const stored<agent>& seen);
/// The agents whose manager this is, oldest first, archived ones too, at most `most`.
[[nodiscard]] result<std::vector<agent_id>> read_reports(const snapshot& from, org_id org, agent_id manager,
                                                         std::size_t most);
/// The agents of this name, archived ones too, oldest first, at most `most`.
[[nodiscard]] result<std::vector<agent_id>> read_agents_named(const snapshot& from, org_id org, std::string_view name,
                                                              std::size_t most);
/// The members of a team, archived ones too, oldest first, at most `most`.
[[nodiscard]] result<std::vector<agent_id>> read_team(const snapshot& from, org_id org, std::string_view team,
                                                      std::size_t most);
/// Has the agent a task that is running? One seek.
[[nodiscard]] result<bool> has_running_task(const snapshot& from, org_id org, agent_id which);

// --- tasks ------------------------------------------------------------------------------------------------

[[nodiscard]] result<std::optional<stored<task_record>>> read_task(const snapshot& from, org_id org, task_id which);
/// Newest first, one reverse scan of the index of the most selective filter that is set (assignee and status, epic,
/// assignee, status, else none); the others are applied to what the scan finds.
[[nodiscard]] result<page<task>> list_tasks(const snapshot& from, org_id org, const task_query& query);
/// What goes with a reservation in one of its rows (read by budget_records.hpp).
struct budget_claim {
  /// The row is to be written as it was counted anew before the reservation is added to it.
  struct recount {
    std::optional<std::string> seen;  ///< the row's bytes as they were read: `errc::conflict` if they no longer stand
    std::uint64_t used = 0;
    std::uint64_t reserved = 0;
    std::uint64_t as_of = 0;
    friend bool operator==(const recount&, const recount&) = default;
  };
  reservation::row row;
  std::uint64_t limit = 0;  ///< `errc::forbidden` if what is used and reserved would come to more
  std::optional<recount> anew;

  friend bool operator==(const budget_claim&, const budget_claim&) = default;
};

/// What a change of a task depends on and counts as, besides the task itself.
struct task_effects {
  std::string model;                          ///< that what was used is put down to
  std::optional<std::uint64_t> most_made;     ///< tasks that the org may make in a month
  std::optional<std::uint64_t> most_running;  ///< tasks of the org that may run at once
  std::vector<budget_claim> budgets;          ///< of the rows of a reservation that is new
};
/// Adds or replaces a task with its index rows, its place in the work queue, which follows from
/// `task_record::queued` and the status, and everything that is counted of it: the org's counters, its epic's, what
/// `after.usage` has more than `before.usage`, on the day of `after.updated_at`, the task itself on the day of
/// its first start, and its reservation in the budgets. Preconditions as for `write_agent`; `errc::forbidden` where
/// `effects` says so (a task that goes on after a crash is running already). Returns what `after` now stands as, for
/// the next change in the same hands.
stored<task_record> write_task(batch& into, org_id org, const stored<task_record>* before, const task_record& after,
                               const task_effects& effects = {});

/// The work queue of one agent in the order in which it is served.
[[nodiscard]] result<std::vector<work_item>> read_work(const snapshot& from, org_id org, agent_id which);
/// Calls `visit` for each agent of each org that has work or signals, until it returns false; perhaps twice for one
/// that has both. Costs one seek an agent, whatever the number of its tasks.
[[nodiscard]] result<void> visit_agents_with_work(const snapshot& from,
                                                  const std::function<bool(org_id, agent_id)>& visit);

// --- delegated and waiting tasks ------------------------------------------------------------------------------

/// What an agent has still to do about one of its tasks; it stands until that is done (key_schema.hpp,
/// `signal_kind`).
struct task_signal {
  agent_id agent;  ///< the task's assignee
  task_id task;
  keys::signal_kind kind = keys::signal_kind::child_ended;
  task_id other;
  friend bool operator==(const task_signal&, const task_signal&) = default;
};
void write_signal(batch& into, org_id org, const task_signal& what);
/// Erasing one that is not there is no error.
void erase_signal(batch& into, org_id org, const task_signal& what);
/// All signals of an agent, or those about one task, by task.
[[nodiscard]] result<std::vector<task_signal>> read_signals(const snapshot& from, org_id org, agent_id agent);
[[nodiscard]] result<std::vector<task_signal>> read_signals(const snapshot& from, org_id org, agent_id agent,
                                                            task_id task);

/// The tasks that a task delegated, oldest first, over all its attempts, at most `most`.
[[nodiscard]] result<std::vector<task_id>> read_children(const snapshot& from, org_id org, task_id parent,
                                                         std::size_t most);

/// A task that waits for a human.
struct parked_task {
  org_id org;
  task_id task;
  timestamp since;
};
/// Those of all orgs that have waited since before a moment, by org, oldest first; at most `most`.
[[nodiscard]] result<std::vector<parked_task>> read_parked(const snapshot& from, timestamp before, std::size_t most);
/// Since when the one that has waited longest has; nothing where none waits. Costs a seek an org.
[[nodiscard]] result<std::optional<timestamp>> oldest_parked(const snapshot& from);

/// What all tasks below a task have used. Zero where it has delegated nothing.
[[nodiscard]] result<token_usage> read_usage_below(const snapshot& from, org_id org, task_id which);

// --- a task's journal ---------------------------------------------------------------------------------------

/// Adds an event at its position. Its bytes are exactly `to_json(value)`, and are returned.
std::shared_ptr<const std::string> write_event(batch& into, org_id org, task_id task, const event& value);
/// The events behind `after`, in order, up to `max_bytes` of JSON but at least one where there is one.
[[nodiscard]] result<std::vector<log_entry>> read_events(const snapshot& from, org_id org, task_id task,
                                                         event_seq after, std::size_t max_bytes);
/// Reads one back. Errors: internal.
[[nodiscard]] result<event> decode_event(std::string_view json);
/// The last event; nothing where the journal is empty.
[[nodiscard]] result<std::optional<event>> read_last_event(const snapshot& from, org_id org, task_id task);

// --- the bus ------------------------------------------------------------------------------------------------

/// A message as the bus holds it.
struct bus_entry {
  std::shared_ptr<const flotilla::message> value;
  log_entry entry;  ///< its bytes are exactly `to_json(*value)`
};

/// Gives messages their times: never earlier than that of the message before. Used in the writer lane only.
class bus_stamp {
 public:
  /// `floor`: the time of the newest message in the store.
  bus_stamp(const wall_clock& clock, timestamp floor) : clock_(clock), last_(floor) {}
  [[nodiscard]] timestamp next();

 private:
  const wall_clock& clock_;
  timestamp last_;
};

/// Adds a message at the next place on the org's bus, with its index rows. `placed` is called with it in the
/// writer lane before the batch is written, and may add what depends on its place; what it shows to others must wait
/// for the commit's answer.
void append_message(batch& into, org_id org, message_draft draft, std::shared_ptr<bus_stamp> stamp,
                    std::function<void(bus_entry, appender&)> placed);
/// Newest first. Uses the index of the most selective filter that is set (task, agent, type, else none); `since`
/// and `until` bound the scan.
[[nodiscard]] result<page<message>> list_messages(const snapshot& from, org_id org, const message_query& query);
/// The messages behind `after` that pass the filter, in order, up to `max_bytes` of JSON but at least one where
/// there is one; `scanned_to` is the position up to which nothing else passes.
struct bus_slice {
  std::vector<bus_entry> entries;
  message_seq scanned_to = 0;
};
[[nodiscard]] result<bus_slice> read_messages(const snapshot& from, org_id org, const message_filter& filter,
                                              message_seq after, std::size_t max_bytes);
/// The messages that agents and people said (type `agent.message`) to or from an agent, newest first, of positions
/// below `before` (nothing: all), at most `most`.
[[nodiscard]] result<std::vector<message>> read_said(const snapshot& from, org_id org, agent_id agent,
                                                     std::optional<message_seq> before, std::size_t most);

/// A message that its receiver has not read: a row of its mailbox, which `append_message` adds for each message of
/// type `agent.message` to an agent.
struct unread_mail {
  agent_id agent;
  message_seq seq = 0;
  friend bool operator==(const unread_mail&, const unread_mail&) = default;
};
/// Oldest first, at most `most`.
[[nodiscard]] result<std::vector<unread_mail>> read_mailbox(const snapshot& from, org_id org, agent_id agent,
                                                            std::size_t most);
/// Takes a message out of its mailbox, once: `errc::conflict` where it is not there any more.
void erase_mail(batch& into, org_id org, const unread_mail& what);
/// One message of the bus. Errors: internal (there is none).
[[nodiscard]] result<message> read_message(const snapshot& from, org_id org, message_seq seq);

/// The last position taken on the org's bus; 0 where it is empty.
[[nodiscard]] result<message_seq> last_message_seq(const snapshot& from, org_id org);
/// The time of the newest message of any org; the epoch where there is none.
[[nodiscard]] result<timestamp> newest_message_time(const snapshot& from);

// --- access -------------------------------------------------------------------------------------------------

[[nodiscard]] result<std::vector<org>> list_orgs(const snapshot& from);
[[nodiscard]] result<std::optional<org>> read_org(const snapshot& from, org_id which);
void write_org(batch& into, const org& value);
[[nodiscard]] result<std::optional<user>> read_user(const snapshot& from, org_id org, user_id which);
void write_user(batch& into, org_id org, const user& value);
[[nodiscard]] result<std::optional<api_token>> read_token(const snapshot& from, const token_hash& hash);
void write_token(batch& into, const token_hash& hash, const api_token& value);
/// Newest first, each with the time of its last use as far as it was written down.
[[nodiscard]] result<page<api_token>> list_tokens(const snapshot& from, org_id org, const page_request& wanted);
/// By its id.
struct hashed_token {
  token_hash hash{};
  stored<api_token> token;
};
[[nodiscard]] result<std::optional<hashed_token>> find_token(const snapshot& from, org_id org, token_id which);
/// Requires that it still stands as read.
void require_token(batch& into, const hashed_token& seen);
void erase_token(batch& into, org_id org, const hashed_token& before);
void write_token_use(batch& into, org_id org, token_id which, timestamp when);

// --- the format ---------------------------------------------------------------------------------------------

inline constexpr std::uint32_t format_version = 4;
/// The oldest format that is taken over: what came since are new tables and fields, which `ensure_format` fills.
inline constexpr std::uint32_t oldest_format_version = 2;

/// Checks the store's format version, adds it to an empty store, and raises that of an older store which can be taken
/// over. Blocks until it is done; called once, before anything else. Errors: internal with a message that names both
/// versions where the store was written by a newer one, or where it is not empty and has none.
[[nodiscard]] result<void> ensure_format(store& in);
/// The format of a store that is only looked at. Errors: internal (none, or one that this program does not read).
[[nodiscard]] result<std::uint32_t> read_format(const snapshot& from);

}  // namespace flotilla::storage
