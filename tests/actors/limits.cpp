// What the plan allows at once, and that what is used is counted with the event that tells of it.
#include <boost/test/unit_test.hpp>

#include "storage/usage_records.hpp"
#include "tests/actors/world.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

/// A world in which one run goes on, and no other may.
struct with_a_limit : world {
  with_a_limit() {
    at->env->limits.concurrent_runs = 1;
    ada = add_agent();
    bob = add_agent({"p*"});
    tools.offer("pay");
    tools.script = [](tool_exchange& call) { call.answer("paid"); };
  }
  void occupy() {
    busy = add_task(ada);
    BOOST_REQUIRE(runs(ada, busy));
  }
  bool runs(agent_id who, task_id which) {
    const auto said = at->run(who, which);
    settle();
    return granted(said);
  }
  token_usage counted() const {
    const auto seen = disk->snapshot();
    return storage::read_usage_totals(**seen, org, budget_period::month, clock.now()).value().tokens;
  }
  std::uint64_t running() const {
    const auto seen = disk->snapshot();
    return storage::read_org_counts(**seen, org)
        .value()[static_cast<std::size_t>(storage::org_counter::tasks_running)];
  }
  agent_id ada;
  agent_id bob;
  task_id busy;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(limits, with_a_limit)

BOOST_AUTO_TEST_CASE(a_run_over_the_limit_is_refused_and_changes_nothing) {
  occupy();
  const auto work = add_task(bob);
  const auto before = record(work);
  const auto said = at->run(bob, work);
  settle();
  BOOST_TEST((refusal(said) == errc::forbidden));
  BOOST_TEST((*said)->error().message == "The plan's limit of 1 concurrent run is reached.");
  BOOST_TEST((record(work) == before));
  BOOST_TEST(events(work).empty());
  BOOST_TEST(told(work).empty());
  BOOST_TEST(model.calls.size() == 1U);
  pass(10s);
  BOOST_TEST((record(work) == before));  // nor is it tried again
  model.last().end();
  settle();
  BOOST_TEST(runs(bob, work));
  model.last().end();
  settle();
  BOOST_TEST((status(work) == task_status::done));
  BOOST_TEST(running() == 0U);
}

BOOST_AUTO_TEST_CASE(a_queued_task_over_the_limit_stays_queued_and_runs_when_there_is_room) {
  occupy();
  const auto done = add_task(bob);
  at->env->limits.concurrent_runs = 2;
  BOOST_REQUIRE(runs(bob, done));
  model.last().end();
  settle();
  at->env->limits.concurrent_runs = 1;
  BOOST_TEST(granted(at->run(bob, done, true)) == false);  // not answered yet
  settle();
  BOOST_TEST((status(done) == task_status::pending));
  BOOST_TEST(record(done).queued);
  const auto calls = model.calls.size();
  pass(5s);
  BOOST_TEST((status(done) == task_status::pending));
  BOOST_TEST(model.calls.size() == calls);
  model.calls.front()->end();
  settle();
  BOOST_TEST((status(busy) == task_status::done));
  pass(actors::limit_retry);
  BOOST_TEST((status(done) == task_status::running));
  model.last().end();
  settle();
  BOOST_TEST((status(done) == task_status::done));
  check(done);
}

BOOST_AUTO_TEST_CASE(a_waiting_agent_does_not_look_more_often_the_more_it_is_told) {
  occupy();
  const auto work = add_task(bob);
  at->env->limits.concurrent_runs = 2;
  BOOST_REQUIRE(runs(bob, work));
  model.last().end();
  settle();
  at->env->limits.concurrent_runs = 1;
  (void)at->run(bob, work, true);
  settle();
  const auto messages_in = [&](std::chrono::milliseconds time) {
    std::size_t made = 0;
    for (auto gone = 0ms; gone < time; gone += 50ms) {
      at->scheduler->advance_time(50ms);
      made += at->steps();
    }
    return made;
  };
  const auto alone = messages_in(5s);
  for (int i = 0; i < 50; ++i) at->changed(bob);
  settle();
  BOOST_TEST(messages_in(5s) <= 2 * alone);
}

BOOST_AUTO_TEST_CASE(an_approval_over_the_limit_stands_and_the_run_goes_on_when_there_is_room) {
  const auto work = add_task(bob);
  BOOST_REQUIRE(runs(bob, work));
  model.last().ask_tools({{"a", "pay", "{}"}});
  settle();
  BOOST_REQUIRE((status(work) == task_status::waiting));
  BOOST_TEST(running() == 0U);
  occupy();
  const auto said = at->decide(bob, work, true);
  settle();
  BOOST_TEST(granted(said));
  BOOST_TEST((status(work) == task_status::waiting));
  BOOST_TEST(record(work).queued);
  BOOST_TEST(tools.calls.empty());
  model.last().end();  // that of the other run
  settle();
  pass(actors::limit_retry);
  BOOST_TEST(tools.calls.size() == 1U);
  model.last().end();
  settle();
  BOOST_TEST((status(work) == task_status::done));
  BOOST_TEST(told_times(work, "approval.granted") == 1U);
  check(work);
}

BOOST_AUTO_TEST_CASE(what_a_crash_cut_goes_on_whatever_the_limit) {
  occupy();
  crash();
  start();
  at->env->limits.concurrent_runs = 0;
  settle();
  model.last().end();
  settle();
  BOOST_TEST((status(busy) == task_status::done));
  BOOST_TEST(running() == 0U);
}

BOOST_AUTO_TEST_CASE(an_answer_is_counted_with_its_event) {
  const auto work = add_task(ada);
  BOOST_REQUIRE(runs(ada, work));
  model.last().ask_tools({{"a", "pay", "{}"}});  // 1 token in, 1 out
  settle();
  BOOST_TEST((record(work).task.usage == token_usage{1, 1}));
  BOOST_TEST((counted() == token_usage{1, 1}));
  // What was answered before a crash is counted once.
  crash();
  start();
  settle();
  BOOST_TEST((counted() == token_usage{1, 1}));
  model.last().fail("overloaded", true);  // 1 in
  settle();
  BOOST_TEST((record(work).task.usage == token_usage{2, 1}));
  BOOST_TEST((counted() == token_usage{2, 1}));
  pass(60s);
  model.last().fail("refused", false);  // 1 in, and the end
  settle();
  BOOST_TEST((status(work) == task_status::error));
  BOOST_TEST((record(work).task.usage == token_usage{3, 1}));
  BOOST_TEST((counted() == token_usage{3, 1}));
}

BOOST_AUTO_TEST_CASE(a_run_of_another_attempt_than_the_one_meant_is_not_begun) {
  const auto work = add_task(ada);
  BOOST_REQUIRE(runs(ada, work));
  model.last().end();
  settle();
  const auto ask = [&](std::uint32_t attempt) {
    const auto said = at->ask(actors::run_request{{org, ada}, work, true, attempt});
    settle();
    return granted(said);
  };
  BOOST_TEST(ask(2));
  BOOST_TEST(record(work).task.attempt == 1U);
  BOOST_TEST(ask(1));
  BOOST_TEST(record(work).task.attempt == 2U);
  model.last().end();
  settle();
  BOOST_TEST(ask(1));
  BOOST_TEST(record(work).task.attempt == 2U);
  BOOST_TEST((status(work) == task_status::done));
}

BOOST_AUTO_TEST_SUITE_END()
