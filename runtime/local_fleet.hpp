// The fleet on one machine: assembles the store, the actors, the providers and the tools, and is what `open_fleet`
// gives.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include "actors/environment.hpp"
#include "actors/fleet.hpp"
#include "actors/journal.hpp"
#include "core/toolset.hpp"
#include "flotilla/fleet.hpp"
#include "providers/providers.hpp"
#include "runtime/backups.hpp"
#include "runtime/gateway.hpp"
#include "runtime/kept_answers.hpp"
#include "runtime/metrics.hpp"
#include "runtime/plan_limits.hpp"
#include "runtime/reader_pool.hpp"
#include "runtime/secret_vault.hpp"
#include "runtime/seen_task.hpp"
#include "runtime/task_changes.hpp"
#include "runtime/token_uses.hpp"
#include "runtime/tokens.hpp"
#include "runtime/transactions.hpp"
#include "storage/log_hub.hpp"
#include "storage/store.hpp"

namespace flotilla::runtime {

/// CAF's configuration: our message types, and as many threads as the options say.
class system_config : public caf::actor_system_config {
 public:
  explicit system_config(std::size_t scheduler_threads);
};

/// What `open_fleet` has opened before the fleet itself.
struct opened {
  std::shared_ptr<fleet_metrics> metrics;
  std::unique_ptr<storage::store> store;
  std::unique_ptr<secret_vault> vault;
  token_key key;
  std::optional<std::string> new_admin_token;
  timestamp newest_message;
  std::shared_ptr<http_transport> transport;
};

class local_fleet final : public fleet {
 public:
  local_fleet(fleet_options options, opened parts);
  ~local_fleet() override;

  void authenticate(std::string_view token, reply<principal> handler) override;
  void me(const principal& who, reply<identity> handler) override;
  [[nodiscard]] std::optional<std::string> new_admin_token() const override;
  void list_tokens(const principal& who, page_request wanted, reply<page<api_token>> handler) override;
  void create_token(const principal& who, token_draft draft, reply<new_token> handler) override;
  void revoke_token(const principal& who, token_id which, reply<void> handler) override;
  void on_token_revoked(std::function<void(token_id)> listener) override;

  void create_agent(const principal& who, agent_draft draft, reply<agent> handler) override;
  void find_agent(const principal& who, agent_id which, reply<agent> handler) override;
  void list_agents(const principal& who, agent_query query, reply<page<agent>> handler) override;
  void update_agent(const principal& who, agent_id which, agent_patch patch, reply<agent> handler) override;
  void archive_agent(const principal& who, agent_id which, reply<agent> handler) override;
  void agent_tree(const principal& who, std::optional<agent_id> root,
                  reply<std::vector<agent_node>> handler) override;
  void read_memory(const principal& who, agent_id which, reply<agent_memory> handler) override;
  void clear_memory(const principal& who, agent_id which, reply<agent> handler) override;

  void create_task(const principal& who, task_draft draft, reply<task> handler) override;
  void find_task(const principal& who, task_id which, reply<task_detail> handler) override;
  void list_tasks(const principal& who, task_query query, reply<page<task>> handler) override;
  void update_task(const principal& who, task_id which, task_patch patch, reply<task> handler) override;
  void run_task(const principal& who, task_id which, bool restart, reply<run_ticket> handler) override;
  void decide_task(const principal& who, task_id which, approval_decision word, reply<task> handler) override;
  void cancel_task(const principal& who, task_id which, reply<task> handler) override;
  void watch_task(const principal& who, task_id which, event_seq after,
                  reply<std::shared_ptr<subscription>> handler) override;

  void list_messages(const principal& who, message_query query, reply<page<message>> handler) override;
  void watch_messages(const principal& who, message_filter filter, std::optional<message_seq> after,
                      reply<std::shared_ptr<subscription>> handler) override;

  void post_message(const principal& who, outgoing_message what, reply<message> handler) override;
  void post_team_message(const principal& who, team_message what, reply<std::vector<message>> handler) override;

  void create_epic(const principal& who, epic_draft draft, reply<epic> handler) override;
  void find_epic(const principal& who, epic_id which, reply<epic_detail> handler) override;
  void list_epics(const principal& who, epic_query query, reply<page<epic>> handler) override;
  void update_epic(const principal& who, epic_id which, epic_patch patch, reply<epic> handler) override;

  void list_secrets(const principal& who, secret_query query, reply<page<secret>> handler) override;
  void put_secret(const principal& who, secret_name name, std::string value, reply<void> handler) override;
  void delete_secret(const principal& who, secret_name name, reply<void> handler) override;
  [[nodiscard]] std::string without_secrets(std::string text) const override;

  void create_mcp(const principal& who, mcp_draft draft, reply<mcp_server> handler) override;
  void find_mcp(const principal& who, mcp_id which, reply<mcp_server> handler) override;
  void list_mcps(const principal& who, page_request wanted, reply<page<mcp_server>> handler) override;
  void update_mcp(const principal& who, mcp_id which, mcp_patch patch, reply<mcp_server> handler) override;
  void delete_mcp(const principal& who, mcp_id which, reply<void> handler) override;

  void usage(const principal& who, usage_query query, reply<usage_summary> handler) override;

  void backup(const principal& who, backup_request what, reply<backup_report> handler) override;

  void metrics(reply<std::string> handler) const override;
  [[nodiscard]] readiness ready() const override;
  void drain(std::chrono::milliseconds patience, std::function<void()> done) override;

 private:
  [[nodiscard]] change_context context() const {
    return {store_.get(), readers_.get(), journal_.get(), answers_.get()};
  }
  [[nodiscard]] std::shared_ptr<const actors::environment> make_environment(const fleet_options& options);
  [[nodiscard]] model_provider* provider(std::string_view name) const noexcept;
  /// Answers with `unavailable`, and true, where nothing new is taken any more.
  template <class T>
  bool refused(const reply<T>& handler) const {
    if (!draining_) return false;
    handler(fail(errc::unavailable, "The server is shutting down."));
    return true;
  }
  void tell_agent(org_id org, agent_id which) const;
  /// Tells an agent that a message asks to wake it.
  void tell_woken(org_id org, agent_id which) const;
  /// Tells the bus that a limit of the plan was met, if that is what an error says; not each time.
  void tell_limit(org_id org, const error& reason);
  /// A handler that does so before it hands an answer on.
  template <class T>
  reply<T> telling_limits(org_id org, reply<T> handler) {
    return [this, org, handler = std::move(handler)](result<T> outcome) {
      if (!outcome) tell_limit(org, outcome.error());
      handler(std::move(outcome));
    };
  }
  /// Reads a token that is not known in memory.
  void look_up(const storage::token_hash& hash, reply<principal> handler);
  void note_use(const storage::token_hash& hash, const principal& who);
  void tell_revoked(token_id which);
  using agent_request = std::function<void(actors::agent_key, reply<actors::run_accepted>)>;
  /// Makes a request to the agent that a task was seen to have; where it was given to another one meanwhile, to that
  /// one.
  void ask_agent(actors::agent_key seen, task_id which, agent_request ask, reply<actors::run_accepted> handler,
                 int asked_before = 0);
  /// Looks a task's agent up, and makes the request to it.
  void find_and_ask(org_id org, task_id which, agent_request ask, reply<actors::run_accepted> handler,
                    int asked_before = 0);
  /// Runs a task that was seen so. `expected_attempt`: see `actors::run_request`.
  void run_seen(org_id org, task_id which, bool restart, const seen_task& seen, std::uint32_t expected_attempt,
                reply<run_ticket> handler);
  /// Makes a request to a task's agent, and answers with the task as it then stands.
  void ask_and_show(const principal& who, task_id which, agent_request ask, reply<task> handler);
  /// A handler for a call that may have taken effect before: that it cannot be made any more is then no error.
  reply<task> showing_what_is_done(const principal& who, task_id which, reply<task> handler);
  /// The task as it stands.
  void show_task(const principal& who, task_id which, reply<task> handler);
  /// Has the agent of a task carry out what a change of its status means.
  void act(const task& on, org_id org, task_step action, reply<actors::run_accepted> handler);

  // In the order of their making; the destructor says in which order they end.
  const timestamp started_ = system_wall_clock().now();
  std::shared_ptr<fleet_metrics> metrics_;  // told by everything below
  std::optional<std::string> new_admin_token_;
  const plan plan_;
  const feature_flags features_;
  const mcp_policy mcp_policy_;
  const std::size_t most_memory_bytes_;
  token_key key_;
  token_cache tokens_;
  token_uses uses_;
  std::mutex listener_lock_;
  std::function<void(token_id)> on_revoked_;
  limit_notices limits_told_;
  std::unique_ptr<kept_answers> answers_;  ///< outlives the store's last answers
  std::unique_ptr<storage::store> store_;
  std::unique_ptr<backups> backups_;
  std::unique_ptr<secret_vault> vault_;
  std::unique_ptr<reader_pool> readers_;
  std::unique_ptr<storage::log_hub> hub_;
  std::unique_ptr<actors::journal> journal_;
  std::shared_ptr<http_transport> transport_;
  std::shared_ptr<timer> timer_;
  std::unique_ptr<model_provider> anthropic_;
  std::unique_ptr<model_provider> openai_;
  std::unique_ptr<model_provider> openrouter_;
  std::unique_ptr<model_provider> rehearsal_;
  std::unique_ptr<toolset> rehearsal_tools_;
  system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::shared_ptr<actors::run_slots> slots_;
  actors::fleet_actor fleet_;
  caf::actor gateway_;
  std::atomic<bool> draining_{false};
  std::shared_ptr<actors::recovery_progress> recovery_ = std::make_shared<actors::recovery_progress>();
};

}  // namespace flotilla::runtime
