// The runtime as its hosts see it: the HTTP server is one of them, your program can be another.
//
// Every call may be made from any thread, returns at once and answers through its handler (see `reply`).
// Every call is made on behalf of a `principal` and sees that principal's org only: an object of another org
// is `errc::not_found`. The runtime checks values and limits; roles are checked by whoever lets a caller in
// (the HTTP server does it with its table of routes).
//
// Any call can answer `errc::unavailable` (draining, or the store cannot be written or read at the moment)
// and `errc::internal` (a damaged store); below, only the other errors are named.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/access.hpp"
#include "flotilla/agent.hpp"
#include "flotilla/backup.hpp"
#include "flotilla/epic.hpp"
#include "flotilla/event.hpp"
#include "flotilla/id.hpp"
#include "flotilla/mcp_server.hpp"
#include "flotilla/memory.hpp"
#include "flotilla/message.hpp"
#include "flotilla/page.hpp"
#include "flotilla/plan.hpp"
#include "flotilla/result.hpp"
#include "flotilla/secret.hpp"
#include "flotilla/stream.hpp"
#include "flotilla/task.hpp"
#include "flotilla/tree.hpp"
#include "flotilla/usage.hpp"

namespace flotilla {

/// One provider's access: where it is and the key for it.
struct provider_access {
  std::string base_url;            ///< empty: the vendor's own
  std::optional<std::string> key;  ///< nothing: a run on it ends with an error that names the variable
};

/// Time limits of one model call, in ms.
struct provider_limits {
  std::chrono::milliseconds connect{10'000};      ///< until the connection stands, TLS included
  std::chrono::milliseconds first_byte{120'000};  ///< from the request to the answer's first byte
  std::chrono::milliseconds idle{60'000};         ///< between two pieces of the answer
  std::chrono::milliseconds total{900'000};       ///< for the whole call
  std::size_t max_answer_bytes = 16U << 20U;      ///< of one answer's text, thinking and tool calls
};

/// The file of the data directory that a new admin token is written to, readable by its owner only.
inline constexpr std::string_view admin_token_file = "admin-token";

/// The file of the data directory that the master key is kept in, readable by its owner only.
inline constexpr std::string_view master_key_file = "master-key";

inline constexpr std::chrono::hours default_run_limit{1};
/// Some 200,000 tokens of ordinary text.
inline constexpr std::size_t default_max_context_bytes = 800'000;

/// How a fleet is opened.
struct fleet_options {
  std::filesystem::path data_directory;  ///< made if it is not there; empty: kept in memory and gone at the end
  provider_access anthropic;
  provider_access openai;
  provider_access openrouter;
  provider_limits model_limits;
  /// The first admin token; must satisfy `is_token_text`. Used only where the store is empty.
  std::optional<std::string> bootstrap_token;
  std::string org_name = "default";  ///< of the org made in an empty store
  std::string user_name = "owner";   ///< of the user made in it
  flotilla::plan plan;               ///< of every org
  feature_flags features;            ///< shown by `me`; they say nothing to the runtime
  mcp_policy mcp;
  /// What secrets are encrypted with: 32 bytes as 64 hexadecimal digits or as base64. Nothing: the data directory's
  /// `master_key_file`, made on the first start.
  std::optional<std::string> master_key;
  /// The key that `rotate_master_key` (maintenance.hpp) changes to where `master_key` is set. A fleet that is opened
  /// while such a rotation is unfinished needs both.
  std::optional<std::string> new_master_key;
  std::size_t scheduler_threads = 0;             ///< for actors; 0: as many as there are cores
  std::size_t reader_threads = 2;                ///< that read the store
  std::chrono::milliseconds agent_idle{60'000};  ///< after which an agent's actor gives its memory back
  /// How long an attempt may go on, the time in which it waits left out; then it ends in the error "run_timeout". 0:
  /// no limit.
  std::chrono::milliseconds run_limit = default_run_limit;
  run_capacity capacity;
  std::chrono::milliseconds approval_ttl{0};  ///< after which an approval that nobody decided is refused; 0: never
  /// Of a run's conversation in bytes; the oldest tool results are left out of one that grows larger.
  std::size_t max_context_bytes = default_max_context_bytes;

  /// Takes keys and base URLs from ANTHROPIC_API_KEY, OPENAI_API_KEY, OPENROUTER_API_KEY, ANTHROPIC_BASE_URL,
  /// OPENAI_BASE_URL, OPENROUTER_BASE_URL, and the master keys from FLOTILLA_MASTER_KEY and FLOTILLA_NEW_MASTER_KEY,
  /// where they are set and not empty. Not thread-safe against setenv.
  void read_environment();
};

/// A task with what only a read by id shows.
struct task_detail {
  flotilla::task task;
  std::vector<log_entry> log;     ///< every event of it, in order, as JSON
  std::vector<task_id> children;  ///< delegated from it, oldest first
  token_usage total_usage;        ///< of the task and of every task below it
};

/// What a run request answers: where the attempt's events begin.
struct run_ticket {
  task_id task;
  event_seq before_first = 0;  ///< watch the task's events after this position to see the whole attempt
};

/// Is the fleet able to serve?
struct readiness {
  bool ready = false;
  std::string reason;  ///< "ready", "draining", "store: no space left", …
  /// The fleet serves while agents that had work when it was opened take it up again: how many had, and how many
  /// have.
  std::uint64_t recovering_agents = 0;
  std::uint64_t recovered_agents = 0;
  bool recovered = true;  ///< all have
};

/// A runtime. Its destructor stops what runs (the journal lets the next start go on with it) and waits for it;
/// call `drain` first to end politely.
class fleet {
 public:
  virtual ~fleet() = default;

  // --- access ---------------------------------------------------------------------------------------------

  /// Who holds this token? Errors: unauthorized.
  virtual void authenticate(std::string_view token, reply<principal> handler) = 0;
  /// The caller with user and org.
  virtual void me(const principal& who, reply<identity> handler) = 0;
  /// The admin token made by this `open_fleet` in an empty store; nothing where there was an org already or
  /// the options named the token. A secret: show it once. It also stands in the data directory's
  /// `admin_token_file`, since before the store relied on it: no crash leaves a store whose token nobody knows.
  [[nodiscard]] virtual std::optional<std::string> new_admin_token() const = 0;

  /// Newest first. Errors: invalid (limit, cursor).
  virtual void list_tokens(const principal& who, page_request wanted, reply<page<api_token>> handler) = 0;
  /// Errors: invalid (a value), forbidden (`max_tokens_per_org`).
  virtual void create_token(const principal& who, token_draft draft, reply<new_token> handler) = 0;
  /// From the answer on it opens nothing any more, and `on_token_revoked` has been told.
  /// Errors: not_found, invalid (the org's last admin token).
  virtual void revoke_token(const principal& who, token_id which, reply<void> handler) = 0;
  /// Sets who is told of each revoked token, so that what it had opened can be closed; nothing: nobody. When this
  /// returns the listener before is not called any more. The listener must not block and not call the fleet.
  virtual void on_token_revoked(std::function<void(token_id)> listener) = 0;

  // --- agents ---------------------------------------------------------------------------------------------

  /// Errors: invalid (a value; an unknown or archived manager, an unknown MCP server), forbidden (the plan's limit).
  virtual void create_agent(const principal& who, agent_draft draft, reply<agent> handler) = 0;
  /// Errors: not_found.
  virtual void find_agent(const principal& who, agent_id which, reply<agent> handler) = 0;
  /// Newest first. Errors: invalid (limit, cursor).
  virtual void list_agents(const principal& who, agent_query query, reply<page<agent>> handler) = 0;
  /// Errors: not_found, invalid (a value, a cycle of managers, an unknown MCP server, an illegal transition).
  virtual void update_agent(const principal& who, agent_id which, agent_patch patch, reply<agent> handler) = 0;
  /// The agents that are not archived, as the tree of their managers: those without a manager, or the one named.
  /// Errors: not_found (the root), too_large (above `max_tree_agents`).
  virtual void agent_tree(const principal& who, std::optional<agent_id> root,
                          reply<std::vector<agent_node>> handler) = 0;
  /// What the agent would be reminded of before a task that began now. Errors: not_found.
  virtual void read_memory(const principal& who, agent_id which, reply<agent_memory> handler) = 0;
  /// Has the agent forget all that was until now; its unread messages stay. Errors: not_found.
  virtual void clear_memory(const principal& who, agent_id which, reply<agent> handler) = 0;
  /// Archives it: its queued tasks are cancelled, its running one too, and its reports get its manager. Archiving
  /// twice is no error.
  /// Errors: not_found.
  virtual void archive_agent(const principal& who, agent_id which, reply<agent> handler) = 0;

  // --- tasks ----------------------------------------------------------------------------------------------

  /// Errors: invalid (a value, an unknown or archived assignee, an unknown requester, an epic that is unknown or not
  /// active), forbidden (the plan's limit).
  virtual void create_task(const principal& who, task_draft draft, reply<task> handler) = 0;
  /// Errors: not_found.
  virtual void find_task(const principal& who, task_id which, reply<task_detail> handler) = 0;
  /// Newest first. Errors: invalid (limit, cursor).
  virtual void list_tasks(const principal& who, task_query query, reply<page<task>> handler) = 0;
  /// Errors: not_found, invalid (a value, a change that the task's state forbids, an illegal transition).
  virtual void update_task(const principal& who, task_id which, task_patch patch, reply<task> handler) = 0;
  /// Runs a pending task, joins one that runs or waits, answers for a finished one where its record begins;
  /// with `restart` a finished one is run anew. The answer comes when the request is durable.
  /// Errors: not_found, invalid (the agent is paused or archived), forbidden (a limit).
  virtual void run_task(const principal& who, task_id which, bool restart, reply<run_ticket> handler) = 0;
  /// Decides a waiting task. Errors: not_found, invalid (it does not wait, or not for this call).
  virtual void decide_task(const principal& who, task_id which, approval_decision word, reply<task> handler) = 0;
  /// Stops a pending, running or waiting task and what it delegated. Errors: not_found, invalid (it has ended).
  virtual void cancel_task(const principal& who, task_id which, reply<task> handler) = 0;
  /// Watches a task's journal from behind `after` (0: from its first event). Errors: not_found.
  virtual void watch_task(const principal& who, task_id which, event_seq after,
                          reply<std::shared_ptr<subscription>> handler) = 0;

  // --- the bus --------------------------------------------------------------------------------------------

  /// Newest first. Errors: invalid (limit, cursor).
  virtual void list_messages(const principal& who, message_query query, reply<page<message>> handler) = 0;
  /// Watches the bus from behind `after`; nothing: from now on. Never `ended` before the runtime drains.
  virtual void watch_messages(const principal& who, message_filter filter, std::optional<message_seq> after,
                              reply<std::shared_ptr<subscription>> handler) = 0;

  /// Says something to an agent: it stands on the bus and in the agent's mailbox. Errors: invalid (a value; an
  /// unknown or archived agent).
  virtual void post_message(const principal& who, outgoing_message what, reply<message> handler) = 0;
  /// Says something to each member of a team that is not archived, all at once. Errors: invalid (a value; a team
  /// without members, or with more than `max_team_receivers`).
  virtual void post_team_message(const principal& who, team_message what, reply<std::vector<message>> handler) = 0;

  // --- epics ----------------------------------------------------------------------------------------------

  /// Errors: invalid (a value).
  virtual void create_epic(const principal& who, epic_draft draft, reply<epic> handler) = 0;
  /// Errors: not_found.
  virtual void find_epic(const principal& who, epic_id which, reply<epic_detail> handler) = 0;
  /// Newest first. Errors: invalid (limit, cursor).
  virtual void list_epics(const principal& who, epic_query query, reply<page<epic>> handler) = 0;
  /// Errors: not_found, invalid (a value).
  virtual void update_epic(const principal& who, epic_id which, epic_patch patch, reply<epic> handler) = 0;

  // --- secrets --------------------------------------------------------------------------------------------

  /// Newest first. Errors: invalid (limit, cursor; an agent without scope `agent`).
  virtual void list_secrets(const principal& who, secret_query query, reply<page<secret>> handler) = 0;
  /// Adds or replaces one. Errors: invalid (the key's form, an empty value, an unknown agent, an agent that is
  /// missing or one too many), forbidden (`max_secrets_per_org`).
  virtual void put_secret(const principal& who, secret_name name, std::string value, reply<void> handler) = 0;
  /// Errors: not_found, and as above.
  virtual void delete_secret(const principal& who, secret_name name, reply<void> handler) = 0;
  /// The text with the value of every secret of every org in it replaced by "[secret:KEY]": for logs. Cheap.
  [[nodiscard]] virtual std::string without_secrets(std::string text) const = 0;

  // --- MCP servers ----------------------------------------------------------------------------------------

  /// Errors: invalid (a value, a name that is taken, a reference to no secret, no such executable), forbidden (the
  /// policy's commands, `max_mcp_servers_per_org`).
  virtual void create_mcp(const principal& who, mcp_draft draft, reply<mcp_server> handler) = 0;
  /// Errors: not_found.
  virtual void find_mcp(const principal& who, mcp_id which, reply<mcp_server> handler) = 0;
  /// Newest first. Errors: invalid (limit, cursor).
  virtual void list_mcps(const principal& who, page_request wanted, reply<page<mcp_server>> handler) = 0;
  /// Errors: not_found, and as for `create_mcp`.
  virtual void update_mcp(const principal& who, mcp_id which, mcp_patch patch, reply<mcp_server> handler) = 0;
  /// Errors: not_found.
  virtual void delete_mcp(const principal& who, mcp_id which, reply<void> handler) = 0;

  // --- usage ----------------------------------------------------------------------------------------------

  /// Errors: invalid (an unknown agent).
  virtual void usage(const principal& who, usage_query query, reply<usage_summary> handler) = 0;

  // --- backups --------------------------------------------------------------------------------------------

  /// Makes a backup of the whole data directory, every org of it, while everything goes on: nothing that was answered
  /// before the call is missing. Its place appears at once, when all of it has reached the disk; where it is on the
  /// data directory's file system the two share most of their blocks. One at a time. The handler is called when it is
  /// done, which may take minutes. Whoever calls must see to it that `what.to` is a place where the caller may write.
  /// Errors: invalid (`to`, see `backup_request`; a fleet in memory), forbidden (the caller is not of the org that
  /// the store was set up with), unavailable (another backup is under way; no space, I/O; shutting down).
  virtual void backup(const principal& who, backup_request what, reply<backup_report> handler) = 0;

  // --- life -----------------------------------------------------------------------------------------------

  /// Cheap; may be called often.
  [[nodiscard]] virtual readiness ready() const = 0;
  /// What the runtime has counted and measured, in the text format of Prometheus (version 0.0.4).
  virtual void metrics(reply<std::string> handler) const = 0;
  /// Refuses new work from now on (`errc::unavailable`), lets runs go on for at most `patience`, then ends every
  /// subscription, commits, and calls `done` once. What was still running goes on at the next start.
  virtual void drain(std::chrono::milliseconds patience, std::function<void()> done) = 0;
};

/// Opens the store, brings back what was running, and serves. Blocks for the time of opening.
/// Errors: invalid (an option), unavailable (the directory is held by another process; the message says which),
/// internal (a store written by a newer version, or damaged).
[[nodiscard]] result<std::unique_ptr<fleet>> open_fleet(fleet_options options);

}  // namespace flotilla
