// The ground on which the actors are tested: a store in memory, a scripted model and tools, and one process at a
// time whose scheduler and clock are in the test's hands. Nothing here is concurrent, so every case is the same
// every time.
#pragma once

#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include "actors/caf_errors.hpp"
#include "actors/environment.hpp"
#include "actors/interfaces.hpp"
#include "core/executor.hpp"
#include "storage/log_hub.hpp"
#include "storage/records.hpp"
#include "tests/support/faulty_store.hpp"
#include "tests/support/scripted_model.hpp"
#include "tests/support/scripted_tools.hpp"

namespace flotilla::testing {

using namespace std::chrono_literals;

inline constexpr std::chrono::milliseconds idle_after{60'000};

struct manual_clock final : wall_clock {
  timestamp time{std::chrono::milliseconds{1'800'000'000'000}};
  timestamp now() const override { return time; }
};

/// Reads at once, or when the test says so.
class held_readers final : public executor {
 public:
  bool holds = false;
  void run(std::function<void()> job) override {
    if (!holds) return job();
    waiting.push_back(std::move(job));
  }
  std::vector<std::function<void()>> waiting;
};

/// What a request was answered, once it was.
using answer = std::shared_ptr<std::optional<result<event_seq>>>;

/// Follows a log through the hub from its beginning.
class watcher {
 public:
  explicit watcher(std::shared_ptr<subscription> of) : of_(std::move(of)) { pump(); }
  std::vector<log_entry> entries;
  bool ended = false;

 private:
  void pump();
  std::shared_ptr<subscription> of_;
};

/// One process: an actor system with a fleet on the world's store.
class node {
 public:
  node(storage::store& on, struct world& in);
  ~node();

  /// Runs up to so many messages; gives back how many there were.
  std::size_t steps(std::size_t most = std::numeric_limits<std::size_t>::max());
  /// Handles all messages in an order that follows from the seed: any actor may be next, and reads and commits take
  /// their time (commits keep their order, as the writer lane does).
  void shuffle(std::uint64_t seed);
  /// Ends the fleet's actors as a process that is killed does: what they still want is neither done nor answered.
  void die();

  /// Ends an agent's actor as a bug would.
  void kill_agent(const actors::agent_key& which);
  /// The same, where it has one. Was there one?
  bool try_kill_agent(const actors::agent_key& which);
  /// Ends the actor of an agent's run likewise, where it has one.
  bool try_kill_run(const actors::agent_key& which);
  /// The actor that the fleet knows of an agent; null: none.
  [[nodiscard]] caf::strong_actor_ptr actor_of(agent_id which) const;
  /// Whose actor supervises it; nothing: the fleet, or it is not active.
  [[nodiscard]] std::optional<agent_id> supervisor_of(agent_id which) const;
  [[nodiscard]] bool is_active(agent_id which) const { return actor_of(which) != nullptr; }

  template <class Request>
  answer ask(Request request);
  answer run(agent_id who, task_id task, bool restart = false);
  answer cancel(agent_id who, task_id task);
  answer decide(agent_id who, task_id task, bool granted, std::string call = "", std::string comment = "");
  void changed(agent_id who);
  template <class Order>
  std::shared_ptr<bool> order(Order what);

  struct world& in;
  faulty_store store;
  storage::log_hub hub;
  actors::journal journal;
  std::shared_ptr<actors::environment> env;
  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
  caf::scheduler::test_coordinator* scheduler = nullptr;
  actors::fleet_actor fleet;
};

struct world {
  world();
  ~world();

  manual_clock clock;
  held_readers readers;
  std::unique_ptr<storage::store> disk;
  scripted_model model;
  scripted_tools tools;
  org_id org;
  run_capacity capacity;  ///< of the processes that are started from now on
  std::unique_ptr<node> at;

  /// Starts a process on the same disk.
  void start();
  /// Ends the process at once.
  void crash();
  /// Handles all messages that can be handled now.
  void settle() { at->steps(); }
  /// Lets virtual time pass, in small steps, and handles what comes due.
  void pass(std::chrono::milliseconds time);

  agent_id add_agent(std::vector<std::string> approvals = {}, std::optional<agent_id> manager = {},
                     std::string name = "Ada");
  task_id add_task(agent_id who, task_priority priority = task_priority::normal,
                   std::optional<std::string> output_schema = {});
  void change_agent(agent_id who, agent_status status);
  [[nodiscard]] agent agent_now(agent_id who) const;
  /// Gives an agent another manager, and tells the fleet.
  void move_agent(agent_id who, std::optional<agent_id> manager);
  void retitle(task_id which, std::string title);
  void reassign(task_id which, agent_id who);
  /// What a human says to an agent.
  void post(agent_id to, std::string text, bool wake = false);
  /// Its unread messages.
  std::size_t unread(agent_id who) const;
  void change_agent(agent_id who, const std::function<void(agent&)>& change);
  /// Lets a signal stand that a delegated task has ended, and tells the agent.
  void signal(agent_id who, task_id parent, task_id ended);

  storage::task_record record(task_id which) const;
  task_status status(task_id which) const { return record(which).task.status; }
  std::vector<event> events(task_id which) const;
  /// The tasks that a task has delegated, oldest first.
  std::vector<task_id> children(task_id which) const;
  /// The signals that stand about an agent's tasks.
  std::size_t signals(agent_id who) const;
  /// Each event in a word: "running", "+text" for output, "?text" for thinking, "tool>id", "tool<text", "!code".
  std::vector<std::string> story(task_id which) const;
  std::vector<message> bus() const;
  /// The types of the messages about a task, in order.
  std::vector<std::string> told(task_id which) const;
  std::size_t told_times(task_id which, std::string_view type) const;

  /// Runs a task whose model is scripted, to its end.
  void run_through(agent_id who, task_id which);
  /// What must hold of every task at rest: positions without gaps, an output that is what was streamed, a watcher
  /// that sees the journal's bytes.
  void check(task_id which) const;

 private:
  void change_task(task_id which, const std::function<void(task&)>& change);
  void commit(storage::batch changes) const;
  std::unique_ptr<storage::snapshot> look() const;
};

[[nodiscard]] bool granted(const answer& what);
[[nodiscard]] std::optional<errc> refusal(const answer& what);

template <class Request>
answer node::ask(Request request) {
  auto got = std::make_shared<std::optional<result<event_seq>>>();
  const auto asks = [got, request](caf::event_based_actor* self, const actors::fleet_actor& to) {
    self->request(to, actors::request_timeout, request)
        .then([got](actors::run_accepted& accepted) { *got = result<event_seq>(accepted.before_first); },
              [got](caf::error& reason) { *got = result<event_seq>(fail(actors::from_caf(reason))); });
  };
  system->spawn(asks, fleet);
  return got;
}

template <class Order>
std::shared_ptr<bool> node::order(Order what) {
  auto done = std::make_shared<bool>(false);
  const auto asks = [done, what](caf::event_based_actor* self, const actors::fleet_actor& to) {
    self->request(to, std::chrono::minutes{24 * 60}, what)
        .then([done](actors::suspended&) { *done = true; }, [](caf::error&) {});
  };
  system->spawn(asks, fleet);
  return done;
}

}  // namespace flotilla::testing
