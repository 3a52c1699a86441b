// A fleet in memory for the tests of the HTTP server: it knows one agent and one task, keeps epics, secrets, MCP
// servers and tokens, lets a test write the logs that streams show, remembers what it was asked, and counts what was
// changed. It repeats the answer to a call that is sent twice with the same key.
#pragma once

#include <any>
#include <array>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "flotilla/fleet.hpp"

namespace flotilla::test {

/// The tokens that the fake fleet knows, by role.
std::string token_of(role which);

class fake_subscription;

/// A log that a test writes. Thread-safe.
class fake_log {
 public:
  void append(std::string json);
  void end();
  /// Answers the next question of every subscription with `unavailable`, also of those that wait.
  void fail();
  std::size_t subscriptions() const;
  /// The position of the subscription that is furthest behind.
  std::uint64_t lowest_cursor() const;
  /// Waits until so many subscriptions are there.
  void await_subscriptions(std::size_t count) const;

 private:
  friend class fake_subscription;
  using call = std::pair<reply<log_chunk>, result<log_chunk>>;
  result<log_chunk> read(std::uint64_t& cursor, std::size_t max_bytes) const;
  bool has_news(std::uint64_t cursor) const { return ended_ || broken_ || cursor < entries_.size(); }
  void wake(std::unique_lock<std::mutex> lock);

  mutable std::mutex guard_;
  mutable std::condition_variable changed_;
  std::vector<std::shared_ptr<const std::string>> entries_;
  bool ended_ = false;
  bool broken_ = false;
  std::vector<fake_subscription*> all_;
};

class fake_subscription final : public subscription {
 public:
  fake_subscription(std::shared_ptr<fake_log> log, std::uint64_t after);
  ~fake_subscription() override;
  void next(std::size_t max_bytes, reply<log_chunk> handler) override;

 private:
  friend class fake_log;
  const std::shared_ptr<fake_log> log_;
  std::uint64_t cursor_;
  std::size_t max_bytes_ = 0;
  reply<log_chunk> waiting_;
};

class fake_fleet final : public fleet {
 public:
  fake_fleet();

  /// The log of a task or, for the default id, of the bus.
  std::shared_ptr<fake_log> log(task_id which = {});
  /// How many calls changed something.
  std::size_t changes() const;
  /// The last values that were handed in, for a test to look at.
  agent_draft last_agent;
  agent_patch last_patch;
  agent_query last_agents;
  task_query last_tasks;
  task_patch last_task_patch;
  message_query last_messages;
  message_filter last_watch;
  std::optional<std::uint64_t> last_after;
  bool last_restart = false;
  std::optional<agent_id> last_root;
  approval_decision last_decision;
  outgoing_message last_post;
  team_message last_team_post;
  epic_query last_epics;
  secret_query last_secrets;
  secret_name last_secret;
  std::string last_value;
  mcp_draft last_mcp;
  mcp_patch last_mcp_patch;
  page_request last_page;
  usage_query last_usage;
  backup_request last_backup;
  /// What `without_secrets` takes out; empty: nothing.
  std::string planted;
  /// Where set, `watch_task` keeps its reply here instead of answering.
  bool hold_watch = false;
  /// Waits for that reply.
  void await_held_watch();
  /// Opens the stream that was held.
  void let_watch();
  bool has_revocation_listener() const;
  /// Where set, `me` keeps its reply here instead of answering.
  bool hold_me = false;
  /// Waits for that reply.
  reply<identity> await_held_me();
  readiness state{true, "ready"};
  agent an_agent;
  task a_task;
  agent_memory a_memory;  ///< of the agent

  void authenticate(std::string_view token, reply<principal> handler) override;
  void me(const principal& who, reply<identity> handler) override;
  std::optional<std::string> new_admin_token() const override { return {}; }
  void create_agent(const principal&, agent_draft draft, reply<agent> handler) override;
  void find_agent(const principal&, agent_id which, reply<agent> handler) override;
  void list_agents(const principal&, agent_query query, reply<page<agent>> handler) override;
  void update_agent(const principal&, agent_id which, agent_patch patch, reply<agent> handler) override;
  void archive_agent(const principal&, agent_id which, reply<agent> handler) override;
  void create_task(const principal&, task_draft draft, reply<task> handler) override;
  void find_task(const principal&, task_id which, reply<task_detail> handler) override;
  void list_tasks(const principal&, task_query query, reply<page<task>> handler) override;
  void update_task(const principal&, task_id which, task_patch patch, reply<task> handler) override;
  void run_task(const principal&, task_id which, bool restart, reply<run_ticket> handler) override;
  void watch_task(const principal&, task_id which, event_seq after,
                  reply<std::shared_ptr<subscription>> handler) override;
  void list_messages(const principal&, message_query query, reply<page<message>> handler) override;
  void watch_messages(const principal&, message_filter filter, std::optional<message_seq> after,
                      reply<std::shared_ptr<subscription>> handler) override;
  void list_tokens(const principal&, page_request wanted, reply<page<api_token>> handler) override;
  void create_token(const principal& who, token_draft draft, reply<new_token> handler) override;
  void revoke_token(const principal&, token_id which, reply<void> handler) override;
  void on_token_revoked(std::function<void(token_id)> listener) override;
  void agent_tree(const principal&, std::optional<agent_id> root, reply<std::vector<agent_node>> handler) override;
  void read_memory(const principal&, agent_id which, reply<agent_memory> handler) override;
  void clear_memory(const principal&, agent_id which, reply<agent> handler) override;
  void decide_task(const principal& who, task_id which, approval_decision word, reply<task> handler) override;
  void cancel_task(const principal& who, task_id which, reply<task> handler) override;
  void post_message(const principal& who, outgoing_message what, reply<message> handler) override;
  void post_team_message(const principal& who, team_message what, reply<std::vector<message>> handler) override;
  void create_epic(const principal& who, epic_draft draft, reply<epic> handler) override;
  void find_epic(const principal&, epic_id which, reply<epic_detail> handler) override;
  void list_epics(const principal&, epic_query query, reply<page<epic>> handler) override;
  void update_epic(const principal&, epic_id which, epic_patch patch, reply<epic> handler) override;
  void list_secrets(const principal&, secret_query query, reply<page<secret>> handler) override;
  void put_secret(const principal& who, secret_name name, std::string value, reply<void> handler) override;
  void delete_secret(const principal&, secret_name name, reply<void> handler) override;
  void create_mcp(const principal& who, mcp_draft draft, reply<mcp_server> handler) override;
  void find_mcp(const principal&, mcp_id which, reply<mcp_server> handler) override;
  void list_mcps(const principal&, page_request wanted, reply<page<mcp_server>> handler) override;
  void update_mcp(const principal&, mcp_id which, mcp_patch patch, reply<mcp_server> handler) override;
  void delete_mcp(const principal&, mcp_id which, reply<void> handler) override;
  void usage(const principal&, usage_query query, reply<usage_summary> handler) override;
  void backup(const principal&, backup_request what, reply<backup_report> handler) override;
  void metrics(reply<std::string> handler) const override { handler(std::string("# fake\n")); }
  std::string without_secrets(std::string text) const override;
  readiness ready() const override { return state; }
  void drain(std::chrono::milliseconds patience, std::function<void()> done) override;

 private:
  /// Makes a change, or repeats what the same call was answered.
  template <class T, class Make>
  result<T> once(const principal& who, Make make);
  principal holder(role which, std::uint8_t number) const;

  std::map<task_id, std::shared_ptr<fake_log>> logs_;
  std::map<std::string, principal, std::less<>> tokens_;  // by text
  std::vector<api_token> named_tokens_;
  std::map<epic_id, epic> epics_;
  std::map<mcp_id, mcp_server> mcps_;
  std::map<secret_name, secret> secrets_;
  std::map<std::string, std::pair<std::array<std::uint8_t, 32>, std::any>, std::less<>> answers_;  // by key
  std::function<void(token_id)> revoked_;
  std::function<void()> held_watch_;
  mutable std::mutex guard_;
  std::condition_variable held_;
  reply<identity> held_me_;
  std::size_t changes_ = 0;
};

}  // namespace flotilla::test
