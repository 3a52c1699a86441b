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
#include "flotilla/event.hpp"
#include "flotilla/id.hpp"
#include "flotilla/message.hpp"
#include "flotilla/page.hpp"
#include "flotilla/result.hpp"
#include "flotilla/stream.hpp"
#include "flotilla/task.hpp"

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

/// How a fleet is opened.
struct fleet_options {
  std::filesystem::path data_directory;  ///< made if it is not there; empty: kept in memory and gone at the end
  provider_access anthropic;
  provider_access openai;
  provider_access openrouter;
  provider_limits model_limits;
  /// The first admin token; must satisfy `is_token_text`. Used only where the store is empty.
  std::optional<std::string> bootstrap_token;
  std::string org_name = "default";              ///< of the org made in an empty store
  std::string user_name = "owner";               ///< of the user made in it
  std::size_t scheduler_threads = 0;             ///< for actors; 0: as many as there are cores
  std::size_t reader_threads = 2;                ///< that read the store
  std::chrono::milliseconds agent_idle{60'000};  ///< after which an agent's actor gives its memory back

  /// Takes keys and base URLs from ANTHROPIC_API_KEY, OPENAI_API_KEY, OPENROUTER_API_KEY, ANTHROPIC_BASE_URL,
  /// OPENAI_BASE_URL, OPENROUTER_BASE_URL where they are set and not empty. Not thread-safe against setenv.
  void read_environment();
};

/// A task with what only a read by id shows.
struct task_detail {
  flotilla::task task;
  std::vector<log_entry> log;     ///< every event of it, in order, as JSON
  std::vector<task_id> children;  ///< delegated from it, oldest first
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

  // --- agents ---------------------------------------------------------------------------------------------

  /// Errors: invalid (a value; an unknown or archived manager).
  virtual void create_agent(const principal& who, agent_draft draft, reply<agent> handler) = 0;
  /// Errors: not_found.
  virtual void find_agent(const principal& who, agent_id which, reply<agent> handler) = 0;
  /// Newest first. Errors: invalid (limit, cursor).
  virtual void list_agents(const principal& who, agent_query query, reply<page<agent>> handler) = 0;
  /// Errors: not_found, invalid (a value, a cycle of managers, an illegal transition).
  virtual void update_agent(const principal& who, agent_id which, agent_patch patch, reply<agent> handler) = 0;
  /// Archives it: its queued tasks are cancelled, its running one too. Archiving twice is no error.
  /// Errors: not_found.
  virtual void archive_agent(const principal& who, agent_id which, reply<agent> handler) = 0;

  // --- tasks ----------------------------------------------------------------------------------------------

  /// Errors: invalid (a value, an unknown or archived assignee, an unknown requester or epic).
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
  /// Watches a task's journal from behind `after` (0: from its first event). Errors: not_found.
  virtual void watch_task(const principal& who, task_id which, event_seq after,
                          reply<std::shared_ptr<subscription>> handler) = 0;

  // --- the bus --------------------------------------------------------------------------------------------

  /// Newest first. Errors: invalid (limit, cursor).
  virtual void list_messages(const principal& who, message_query query, reply<page<message>> handler) = 0;
  /// Watches the bus from behind `after`; nothing: from now on. Never `ended` before the runtime drains.
  virtual void watch_messages(const principal& who, message_filter filter, std::optional<message_seq> after,
                              reply<std::shared_ptr<subscription>> handler) = 0;

  // --- life -----------------------------------------------------------------------------------------------

  /// Cheap; may be called often.
  [[nodiscard]] virtual readiness ready() const = 0;
  /// Refuses new work from now on (`errc::unavailable`), lets runs go on for at most `patience`, then ends every
  /// subscription, commits, and calls `done` once. What was still running goes on at the next start.
  virtual void drain(std::chrono::milliseconds patience, std::function<void()> done) = 0;
};

/// Opens the store, brings back what was running, and serves. Blocks for the time of opening.
/// Errors: invalid (an option), unavailable (the directory is held by another process; the message says which),
/// internal (a store written by a newer version, or damaged).
[[nodiscard]] result<std::unique_ptr<fleet>> open_fleet(fleet_options options);

}  // namespace flotilla
