// Calls with an idempotency key that reach further than one object: runs, decisions, cancels, messages.
#include "core/bus_types.hpp"
#include "flotilla/json.hpp"
#include "runtime/bootstrap.hpp"
#include "runtime/kept_answers.hpp"
#include "runtime/seen_task.hpp"
#include "tests/runtime/host.hpp"
#include "tests/runtime/keyed.hpp"
#include "tests/support/scratch_directory.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

/// Writes what a process leaves behind that ended after it had committed what a call saw of a task. `who` has the
/// key.
void leave_begun_call(const fleet_options& options, const principal& who, task_id work) {
  const auto store = runtime::open_store(options).value();
  const auto secret = runtime::load_token_key(options.data_directory / runtime::token_key_file).value();
  const runtime::kept_answers answers(*store, system_wall_clock(), secret);
  storage::batch row;
  {
    const auto now = store->snapshot().value();
    const auto seen = runtime::see_task(*now, who.org, work).value();
    answers.keep(row, who, answers.look_up(*now, who).value(), runtime::to_text(seen), false);
  }
  store->commit(std::move(row), storage::durability::synced,
                [](const result<void>& done) { BOOST_TEST(done.has_value()); });
}

/// A task that waits for a human, of an agent in a data directory.
struct with_a_waiting_task {
  with_a_waiting_task() {
    options.data_directory = directory.path;
    open();
    auto draft = host::draft_agent("Ada");
    draft.approvals = {"rehearse_*"};
    const auto ada = it->get(&fleet::create_agent, draft);
    work = it->give(ada.id,
                    "@tool rehearse_echo {\"text\":\"x\"}\n@say and\n@tool rehearse_echo {\"text\":\"y\"}\n@say done")
               .value()
               .id;
    (void)it->run(work);
    BOOST_REQUIRE((status() == task_status::waiting));
  }
  void open() {
    it = std::make_unique<host>(options);
    if (token.empty()) token = it->runtime->new_admin_token().value();
    it->log_in(token);
  }
  task_status status() { return it->detail(work).task.status; }
  std::size_t told(std::string_view type) {
    message_query query;
    query.filter.type = std::string(type);
    return it->get(&fleet::list_messages, query).items.size();
  }
  void await_end_of_stream() {
    const auto watch = it->get(&fleet::watch_task, work, event_seq{0});
    for (bool ended = false; !ended;) {
      const auto chunk = await<log_chunk>([&](reply<log_chunk> done) { watch->next(1U << 20U, std::move(done)); });
      BOOST_REQUIRE(chunk);
      ended = chunk->ended;
    }
  }
  /// A process ends in the middle of a call with this key, and another one starts.
  void crash_within_call(const std::string& name) {
    auto who = it->who;
    who.once = key(name);
    it.reset();
    leave_begun_call(options, who, work);
    open();
  }
  scratch_directory directory;
  fleet_options options;
  std::string token;
  std::unique_ptr<host> it;
  task_id work;
};

approval_decision yes() {
  approval_decision word;
  word.granted = true;
  return word;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(idempotent_calls)

// --- runs -------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_repeated_restart_is_one_attempt) {
  auto it = host::in_memory();
  const auto worker = it.hire("Ada").value();
  const auto work = it.give(worker.id, "@say hi").value();
  std::vector<std::string> first;
  for (int i = 0; i < 3; ++i) {
    const keyed once(it, key("begin"));
    const auto events = it.run(work.id);
    BOOST_TEST(once.replayed() == (i > 0));
    if (i == 0) first = events;
    BOOST_TEST(events == first, boost::test_tools::per_element());
  }
  for (int i = 0; i < 3; ++i) {
    const keyed once(it, key("again"));
    const auto events = it.run(work.id, true);
    BOOST_TEST(once.replayed() == (i > 0));
    if (i == 0) first = events;
    BOOST_TEST(events == first, boost::test_tools::per_element());
  }
  BOOST_TEST(it.detail(work.id).task.attempt == 2U);
}

BOOST_AUTO_TEST_CASE(callers_at_the_same_time_make_one_attempt) {
  auto it = host::in_memory();
  const auto worker = it.hire("Ada").value();
  const auto work = it.give(worker.id, "@say hi").value();
  (void)it.run(work.id);
  std::vector<std::promise<result<run_ticket>>> answers(16);
  for (auto& each : answers) {
    auto who = it.who;
    who.once = key("again");
    it.runtime->run_task(who, work.id, true, [&each](result<run_ticket> done) { each.set_value(std::move(done)); });
  }
  std::optional<event_seq> before_first;
  for (auto& each : answers) {
    const auto got = each.get_future().get();
    BOOST_REQUIRE_MESSAGE(got, (got ? "" : got.error().message));
    if (before_first) BOOST_TEST(got->before_first == *before_first);
    before_first = got->before_first;
  }
  (void)it.run(work.id);
  BOOST_TEST(it.detail(work.id).task.attempt == 2U);
}

BOOST_AUTO_TEST_CASE(a_crash_between_the_two_commits_of_a_restart_makes_one_attempt) {
  // What stands in the store when the process ended before, and after, the agent took the restart.
  for (const bool taken : {false, true}) {
    const scratch_directory directory;
    fleet_options options;
    options.data_directory = directory.path;
    std::string token;
    principal who;
    std::optional<task_id> work;
    {
      host it{options};
      token = it.runtime->new_admin_token().value();
      it.log_in(token);
      who = it.who;
      work = it.give(it.hire("Ada").value().id, "@say hi").value().id;
      (void)it.run(*work);
    }
    who.once = key("k");
    leave_begun_call(options, who, *work);
    host it{options};
    it.log_in(token);
    if (taken) (void)it.run(*work, true);
    std::vector<std::string> first;
    for (int i = 0; i < 2; ++i) {
      const keyed once(it, key("k"));
      const auto events = it.run(*work, true);
      BOOST_TEST(once.replayed() == (i > 0));
      if (i == 0) first = events;
      BOOST_TEST(events == first, boost::test_tools::per_element());
    }
    BOOST_TEST(it.detail(*work).task.attempt == 2U);
  }
}

BOOST_AUTO_TEST_CASE(a_refused_run_leaves_no_key) {
  auto it = host::in_memory();
  const auto worker = it.hire("Ada").value();
  const auto work = it.give(worker.id, "@say hi").value();
  agent_patch pause;
  pause.status = agent_status::paused;
  (void)it.get(&fleet::update_agent, worker.id, pause);
  {
    const keyed once(it, key("k"));
    (void)refusal(it.ask(&fleet::run_task, work.id, false), errc::invalid);
  }
  pause.status = agent_status::active;
  (void)it.get(&fleet::update_agent, worker.id, pause);
  const keyed once(it, key("k"));
  (void)it.run(work.id);
  BOOST_TEST(!once.replayed());
  BOOST_TEST((it.detail(work.id).task.status == task_status::done));
}

// --- everything else that takes a key -----------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_message_keeps_its_place_on_the_bus) {
  auto it = host::in_memory();
  const auto ada = it.hire("Ada").value();
  std::optional<message> first;
  for (int i = 0; i < 3; ++i) {
    const keyed once(it, key("k"));
    const auto said = it.get(&fleet::post_message, outgoing_message{ada.id, "hello"});
    BOOST_TEST(once.replayed() == (i > 0));
    if (first) BOOST_TEST((said == *first));
    first = said;
  }
  message_query query;
  query.filter.type = "agent.message";
  const auto heard = it.get(&fleet::list_messages, query).items;
  BOOST_REQUIRE_EQUAL(heard.size(), 1U);
  BOOST_TEST((heard.front() == *first));
}

BOOST_AUTO_TEST_CASE(epics_and_servers_are_made_once) {
  auto it = host::in_memory();
  mcp_draft server;
  server.name = "files";
  server.transport = mcp_transport::http;
  server.url = "https://mcp.example.com/";
  std::optional<epic> first_epic;
  std::optional<mcp_server> first_server;
  for (int i = 0; i < 2; ++i) {
    {
      const keyed once(it, key("epic"));
      const auto made = it.get(&fleet::create_epic, epic_draft{"Spring clean", epic_type::ops});
      if (first_epic) BOOST_TEST((made == *first_epic));
      first_epic = made;
      BOOST_TEST(once.replayed() == (i > 0));
    }
    const keyed once(it, key("server"));
    const auto made = it.get(&fleet::create_mcp, server);
    if (first_server) BOOST_TEST((made == *first_server));
    first_server = made;
    BOOST_TEST(once.replayed() == (i > 0));
  }
  BOOST_TEST(it.get(&fleet::list_epics, epic_query{}).items.size() == 1U);
  BOOST_TEST(it.get(&fleet::list_mcps, page_request{}).items.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(an_approval_that_is_sent_twice_approves_once, with_a_waiting_task) {
  std::optional<task> first;
  for (int i = 0; i < 2; ++i) {
    const keyed once(*it, key("k"));
    const auto decided = it->get(&fleet::decide_task, work, yes());
    BOOST_TEST(once.replayed() == (i > 0));
    if (first) BOOST_TEST((decided == *first));
    first = decided;
    await_end_of_stream();
  }
  // The second tool's call waits for a word of its own.
  BOOST_TEST((status() == task_status::waiting));
  BOOST_TEST(told("approval.granted") == 1U);
}

BOOST_FIXTURE_TEST_CASE(an_approval_that_a_crash_cut_is_completed, with_a_waiting_task) {
  crash_within_call("k");
  for (int i = 0; i < 2; ++i) {
    const keyed once(*it, key("k"));
    (void)it->get(&fleet::decide_task, work, yes());
    BOOST_TEST(once.replayed() == (i > 0));
    await_end_of_stream();
  }
  BOOST_TEST(told("approval.granted") == 1U);
  BOOST_TEST((status() == task_status::waiting));
}

BOOST_FIXTURE_TEST_CASE(an_approval_that_took_effect_before_a_crash_decides_nothing_new, with_a_waiting_task) {
  crash_within_call("k");
  (void)it->get(&fleet::decide_task, work, yes());  // stands for that of the process that ended
  await_end_of_stream();
  BOOST_REQUIRE((status() == task_status::waiting));
  const keyed once(*it, key("k"));
  const auto shown = it->get(&fleet::decide_task, work, yes());
  BOOST_TEST((shown.status == task_status::waiting));
  BOOST_TEST(told("approval.granted") == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_cancel_that_is_sent_twice_is_answered_twice, with_a_waiting_task) {
  for (int i = 0; i < 2; ++i) {
    const keyed once(*it, key("k"));
    BOOST_TEST((it->get(&fleet::cancel_task, work).status == task_status::error));
    BOOST_TEST(once.replayed() == (i > 0));
  }
  BOOST_TEST(told("task.cancelled") == 1U);
  const keyed other(*it, key("other"));
  (void)refusal(it->ask(&fleet::cancel_task, work), errc::invalid);
}

BOOST_FIXTURE_TEST_CASE(a_cancel_that_took_effect_before_a_crash_is_no_error, with_a_waiting_task) {
  crash_within_call("k");
  (void)it->get(&fleet::cancel_task, work);  // stands for that of the process that ended
  {
    const keyed once(*it, key("k"));
    BOOST_TEST((it->get(&fleet::cancel_task, work).status == task_status::error));
  }
  BOOST_TEST(told("task.cancelled") == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_cancel_does_not_reach_a_later_attempt, with_a_waiting_task) {
  crash_within_call("k");
  (void)it->get(&fleet::cancel_task, work);
  (void)it->run(work, true);
  BOOST_REQUIRE((status() == task_status::waiting));
  const keyed once(*it, key("k"));
  BOOST_TEST((it->get(&fleet::cancel_task, work).status == task_status::waiting));
  BOOST_TEST((status() == task_status::waiting));
}

BOOST_AUTO_TEST_SUITE_END()
