// What the actors tell the telemetry: each run's beginning and end once, and how long calls take.
#include <boost/test/unit_test.hpp>

#include "actors/supervision.hpp"
#include "tests/actors/world.hpp"
#include "tests/support/recording_telemetry.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

using words = std::vector<std::string>;

struct recorder {
  recording_telemetry told_telemetry;  // outlives the world
};

/// A world that is listened to, with an agent and a task.
struct measured_world : recorder, world {
  measured_world() {
    listen();
    ada = add_agent();
    work = add_task(ada);
  }
  void listen() { at->env->telemetry = &told_telemetry; }
  /// Takes what was told since the last look.
  words news() { return std::exchange(told_telemetry.words, {}); }
  void begin() {
    (void)at->run(ada, work);
    settle();
  }
  void later(std::chrono::milliseconds time) { clock.time += time; }
  agent_id ada;
  task_id work;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(measured, measured_world)

BOOST_AUTO_TEST_CASE(a_run_and_its_call) {
  begin();
  BOOST_TEST(news() == (words{"activated", "began scripted"}), boost::test_tools::per_element());
  later(30ms);
  model.last().think("hm");
  later(10ms);
  model.last().say("yes");
  later(10ms);
  model.last().end({3, 4});
  BOOST_TEST(news() == (words{"first scripted 30ms", "call scripted answer 50ms", "tokens scripted 3 4"}),
             boost::test_tools::per_element());
  settle();
  BOOST_TEST(news() == (words{"ended scripted done"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_the_run_takes_is_no_part_of_a_call) {
  begin();
  (void)news();
  at->store.holds = true;
  model.last().say("now");
  settle();
  later(500ms);  // the commit is slow, and the run does not look at what comes
  model.last().end();
  later(500ms);
  at->store.release();
  settle();
  BOOST_TEST(news() == (words{"first scripted 0ms", "call scripted answer 500ms", "tokens scripted 1 1",
                              "ended scripted done"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(tools_are_measured_well_or_not) {
  tools.offer("search", true);
  begin();
  model.last().ask_tools({{"a", "search", "{}"}, {"b", "search", "{}"}});
  settle();
  (void)news();
  later(20ms);
  tools.calls.at(0)->answer("found");
  later(20ms);
  tools.calls.at(1)->handler({"b", "lost", true});
  settle();
  BOOST_TEST(news() == (words{"tool ok 20ms", "tool error 40ms"}), boost::test_tools::per_element());
  model.last().end();
  settle();
  BOOST_TEST((status(work) == task_status::done));
}

BOOST_AUTO_TEST_CASE(calls_that_fail_say_why_and_what_they_cost) {
  begin();
  (void)news();
  model.last().fail("provider_overloaded", true);
  settle();
  BOOST_TEST(news() == (words{"call scripted provider_overloaded 0ms", "tokens scripted 1 0"}),
             boost::test_tools::per_element());
  for (int i = 0; i < 1000 && model.calls.size() < 2U; ++i) pass(50ms);
  BOOST_REQUIRE(model.calls.size() == 2U);
  model.last().fail("provider_rejected", false);
  settle();
  BOOST_TEST(news() == (words{"call scripted provider_rejected 0ms", "tokens scripted 1 0", "ended scripted error"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_cancelled_run_lets_go_of_its_call) {
  begin();
  (void)news();
  later(70ms);
  (void)at->cancel(ada, work);
  settle();
  BOOST_TEST(news() == (words{"call scripted aborted 70ms", "ended scripted error"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_run_that_waits_ends_and_begins_again) {
  tools.offer("pay");
  tools.script = [](tool_exchange& call) { call.answer("paid"); };
  ada = add_agent({"pay"});
  work = add_task(ada);
  begin();
  model.last().ask_tools({{"a", "pay", "{}"}});
  settle();
  BOOST_TEST(told_telemetry.words.back() == "ended scripted waiting");
  (void)news();
  (void)at->decide(ada, work, true);
  settle();
  BOOST_TEST(news() == (words{"began scripted", "tool ok 0ms"}), boost::test_tools::per_element());
  model.last().end();
  settle();
  BOOST_TEST(told_telemetry.words.back() == "ended scripted done");
}

BOOST_AUTO_TEST_CASE(a_drain_interrupts) {
  begin();
  (void)news();
  const auto stopped = at->order(actors::suspend{});
  settle();
  BOOST_TEST(*stopped);
  BOOST_TEST(news() == (words{"call scripted aborted 0ms", "ended scripted running"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_run_that_throws_was_interrupted) {
  model.throws = true;
  begin();
  BOOST_TEST((status(work) == task_status::running));  // it goes on from its journal
  BOOST_TEST(news() == (words{"activated", "began scripted", "call scripted aborted 0ms", "ended scripted running"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_run_that_could_not_begin_is_none) {
  at->store.refuses = true;
  begin();
  BOOST_TEST(news() == (words{"activated"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_agent_that_crashes_is_restarted_and_its_run_goes_on) {
  begin();
  (void)news();
  at->kill_agent({org, ada});
  settle();
  const auto crash = news();
  BOOST_TEST(std::count(crash.begin(), crash.end(), "crashed") == 1);
  BOOST_TEST(std::count(crash.begin(), crash.end(), "ended scripted running") == 1);
  pass(actors::first_restart_delay);
  BOOST_TEST(news() == (words{"activated", "restarted", "began scripted"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_idle_agent_is_let_go) {
  model.script = [](model_exchange& call) { call.end(); };
  begin();
  (void)news();
  pass(idle_after * 2 + 2s);
  BOOST_TEST(news() == (words{"passivated"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
