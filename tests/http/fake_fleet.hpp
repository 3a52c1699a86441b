// A fleet in memory for the tests of the HTTP server: it keeps agents and tasks, lets a test write the logs that
// streams show, and counts what was changed.
#pragma once

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
  message_query last_messages;
  message_filter last_watch;
  std::optional<std::uint64_t> last_after;
  bool last_restart = false;
  /// Where set, `me` keeps its reply here instead of answering.
  bool hold_me = false;
  /// Waits for that reply.
  reply<identity> await_held_me();
  readiness state{true, "ready"};
  agent an_agent;
  task a_task;

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
  void list_tokens(const principal&, page_request, reply<page<api_token>> handler) override {
    handler(fail(errc::internal, "not faked"));
  }
  void create_token(const principal&, token_draft, reply<new_token> handler) override {
    handler(fail(errc::internal, "not faked"));
  }
  void revoke_token(const principal&, token_id, reply<void> handler) override {
    handler(fail(errc::internal, "not faked"));
  }
  void agent_tree(const principal&, std::optional<agent_id>, reply<std::vector<agent_node>> handler) override {
    handler(fail(errc::internal, "not faked"));
  }
  void decide_task(const principal&, task_id, approval_decision, reply<task> handler) override {
    handler(fail(errc::internal, "not faked"));
  }
  void cancel_task(const principal&, task_id, reply<task> handler) override {
    handler(fail(errc::internal, "not faked"));
  }
  void post_message(const principal&, outgoing_message, reply<message> handler) override {
    handler(fail(errc::internal, "not faked"));
  }
  void create_epic(const principal&, epic_draft, reply<epic> handler) override {
    handler(fail(errc::internal, "not faked"));
  }
  void find_epic(const principal&, epic_id, reply<epic_detail> handler) override {
    handler(fail(errc::internal, "not faked"));
  }
  void list_epics(const principal&, epic_query, reply<page<epic>> handler) override {
    handler(fail(errc::internal, "not faked"));
  }
  void update_epic(const principal&, epic_id, epic_patch, reply<epic> handler) override {
    handler(fail(errc::internal, "not faked"));
  }
  void list_secrets(const principal&, secret_query, reply<page<secret>> handler) override {
    handler(fail(errc::internal, "not faked"));
  }
  void put_secret(const principal&, secret_name, std::string, reply<void> handler) override {
    handler(fail(errc::internal, "not faked"));
  }
  void delete_secret(const principal&, secret_name, reply<void> handler) override {
    handler(fail(errc::internal, "not faked"));
  }
  void create_mcp(const principal&, mcp_draft, reply<mcp_server> handler) override {
    handler(fail(errc::internal, "not faked"));
  }
  void find_mcp(const principal&, mcp_id, reply<mcp_server> handler) override {
    handler(fail(errc::internal, "not faked"));
  }
  void list_mcps(const principal&, page_request, reply<page<mcp_server>> handler) override {
    handler(fail(errc::internal, "not faked"));
  }
  void update_mcp(const principal&, mcp_id, mcp_patch, reply<mcp_server> handler) override {
    handler(fail(errc::internal, "not faked"));
  }
  void delete_mcp(const principal&, mcp_id, reply<void> handler) override {
    handler(fail(errc::internal, "not faked"));
  }
  void usage(const principal&, usage_query, reply<usage_summary> handler) override {
    handler(fail(errc::internal, "not faked"));
  }
  void metrics(reply<std::string> handler) const override { handler(std::string()); }
  std::string without_secrets(std::string text) const override { return text; }
  void on_token_revoked(std::function<void(token_id)> listener) override { revoked = std::move(listener); }
  std::function<void(token_id)> revoked;
  readiness ready() const override { return state; }
  void drain(std::chrono::milliseconds patience, std::function<void()> done) override;

 private:
  std::map<task_id, std::shared_ptr<fake_log>> logs_;
  mutable std::mutex guard_;
  std::condition_variable held_;
  reply<identity> held_me_;
  std::size_t changes_ = 0;
};

}  // namespace flotilla::test
