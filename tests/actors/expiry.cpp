// Approvals that nobody decides: refused when their time is over, also after a restart; and questions of the model.
#include <boost/test/unit_test.hpp>

#include "core/builtin_tools.hpp"
#include "core/bus_types.hpp"
#include "tests/actors/world.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

struct with_approvals : world {
  agent_id ada = add_agent({"delete_*"});

  with_approvals() {
    tools.offer("delete_file");
    tools.script = [](tool_exchange& call) { call.answer("gone"); };
    model.script = [](model_exchange& call) {
      if (!call.has_results()) return call.ask_tools({{"c1", "delete_file", "{}"}});
      const auto& outcome = std::get<tool_turn>(call.request.turns.back()).outcomes.front();
      call.say(outcome.text);
      call.end();
    };
  }
  void start_with_ttl(std::chrono::milliseconds ttl) {
    crash();
    start();
    at->env->approval_ttl = ttl;
    settle();
  }
  task_id wait_for_human() {
    const auto work = add_task(ada);
    run_through(ada, work);
    BOOST_REQUIRE((status(work) == task_status::waiting));
    return work;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(expiry, with_approvals)

BOOST_AUTO_TEST_CASE(without_a_limit_an_approval_waits_for_ever) {
  const auto work = wait_for_human();
  BOOST_TEST(record(work).parked_at.has_value());
  pass(100s);
  BOOST_TEST((status(work) == task_status::waiting));
}

BOOST_AUTO_TEST_CASE(it_is_refused_when_its_time_is_over) {
  start_with_ttl(10s);
  const auto work = wait_for_human();
  pass(9s);
  BOOST_TEST((status(work) == task_status::waiting));
  pass(12s);
  BOOST_TEST((status(work) == task_status::done));
  BOOST_TEST(record(work).task.output.value_or("") == "Nobody approved this call in time.");
  BOOST_TEST(!record(work).parked_at.has_value());
  BOOST_TEST(told_times(work, bus::approval_rejected) == 1U);
  BOOST_TEST(tools.calls.empty());
  check(work);
}

BOOST_AUTO_TEST_CASE(one_that_is_decided_in_time_is_not) {
  start_with_ttl(10s);
  const auto work = wait_for_human();
  pass(9s);
  (void)at->decide(ada, work, true);
  pass(20s);
  BOOST_TEST(record(work).task.output.value_or("") == "gone");
}

BOOST_AUTO_TEST_CASE(time_goes_on_while_no_process_runs) {
  const auto work = wait_for_human();
  crash();
  clock.time += 1h;
  start();
  at->env->approval_ttl = 60s;
  settle();
  BOOST_TEST((status(work) == task_status::done));
}

BOOST_AUTO_TEST_CASE(many_expire_in_their_order) {
  start_with_ttl(10s);
  std::vector<task_id> all;
  for (int i = 0; i < 30; ++i) {
    all.push_back(wait_for_human());
    pass(1s);
  }
  // Each is looked for when the one before it has expired: none is late by more than the time between two looks.
  BOOST_TEST((status(all[10]) == task_status::done));
  BOOST_TEST((status(all[25]) == task_status::waiting));
  pass(25s);
  for (const auto& each : all) BOOST_TEST((status(each) == task_status::done));
}

// A call that was cut off and is sent again with its idempotency key decides, if it had not yet, whoever else has
// changed the task meanwhile; and decides once.
BOOST_AUTO_TEST_CASE(a_decision_that_is_sent_again_is_made_once) {
  model.script = [](model_exchange& call) {
    if (!call.has_results()) {
      return call.ask_tools({{"c1", "delete_file", "{}"}, {"c2", "delete_file", "{}"}});
    }
    call.end();
  };
  const auto work = wait_for_human();
  const auto seen = record(work).task.updated_at.time_since_epoch().count();
  pass(1s);
  (void)at->decide(ada, work, true, "c2");
  settle();
  BOOST_REQUIRE((status(work) == task_status::waiting));
  const auto again = [&] {
    const auto answered = at->ask(actors::decide_request{{org, ada}, work, true, "c1", "", seen});
    settle();
    return granted(answered);
  };
  BOOST_TEST(again());
  BOOST_TEST((status(work) == task_status::done));
  BOOST_TEST(again());
  BOOST_TEST(told_times(work, bus::approval_granted) == 2U);
  BOOST_TEST(tools.calls.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_question_is_answered) {
  model.script = [](model_exchange& call) {
    if (!call.has_results()) {
      return call.ask_tools({{"q", std::string(builtin::ask_approval), R"({"question":"May I?"})"}});
    }
    call.say(std::get<tool_turn>(call.request.turns.back()).outcomes.front().text);
    call.end();
  };
  const auto work = wait_for_human();
  (void)at->decide(ada, work, false, "", "Not today");
  settle();
  BOOST_TEST(record(work).task.output.value_or("") == "A human rejected this call. They said: Not today");
  BOOST_TEST(told_times(work, bus::approval_requested) == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
