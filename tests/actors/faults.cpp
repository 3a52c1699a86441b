// A store that refuses for a while, records that others change, actors that die.
#include <boost/test/unit_test.hpp>

#include "core/bus_types.hpp"
#include "tests/actors/world.hpp"

using namespace flotilla;
using namespace flotilla::testing;
using words = std::vector<std::string>;

BOOST_FIXTURE_TEST_SUITE(faults, world)

BOOST_AUTO_TEST_CASE(a_start_that_cannot_be_written_is_refused) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  at->store.refuses = true;
  const auto refused = at->run(ada, work);
  settle();
  BOOST_TEST((refusal(refused) == errc::unavailable));
  BOOST_TEST((status(work) == task_status::pending));
  BOOST_TEST(events(work).empty());
  at->store.refuses = false;
  pass(5s);
  BOOST_TEST((status(work) == task_status::pending));
  model.script = [](model_exchange& call) { call.end(); };
  run_through(ada, work);
  BOOST_TEST((status(work) == task_status::done));
}

BOOST_AUTO_TEST_CASE(a_run_holds_on_until_the_store_is_back) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  (void)at->run(ada, work);
  settle();
  at->store.refuses = true;
  model.last().say("Hello");
  model.last().end();
  pass(10min);
  BOOST_TEST(story(work) == (words{"running", "model_call"}), boost::test_tools::per_element());
  at->store.refuses = false;
  pass(2s);
  BOOST_TEST(story(work) == (words{"running", "model_call", "+Hello", "model_answer", "done"}),
             boost::test_tools::per_element());
  BOOST_TEST(model.calls.size() == 1U);
  check(work);
}

BOOST_AUTO_TEST_CASE(a_queued_start_holds_on_and_happens_once) {
  const auto ada = add_agent();
  const auto first = add_task(ada);
  const auto second = add_task(ada);
  (void)at->run(ada, first);
  settle();
  (void)at->run(ada, second);
  settle();
  const auto cancelled = at->cancel(ada, first);
  settle();
  BOOST_TEST(granted(cancelled));
  (void)at->cancel(ada, second);
  settle();
  const auto third = add_task(ada);
  const auto fourth = add_task(ada);
  (void)at->run(ada, third);
  settle();
  (void)at->run(ada, fourth);
  settle();
  model.last().end();
  // The end of the third is written, the start of the fourth is not, for longer than any request waits.
  for (int i = 0; i < 100 && status(third) != task_status::done; ++i) at->steps(1);
  at->store.refuses = true;
  pass(5min);
  BOOST_TEST((status(fourth) == task_status::pending));
  at->store.refuses = false;
  pass(2s);
  BOOST_TEST((status(fourth) == task_status::running));
  BOOST_TEST(model.calls.size() == 4U);
  model.last().end();
  settle();
  BOOST_TEST((status(fourth) == task_status::done));
  BOOST_TEST(told_times(fourth, bus::task_started) == 1U);
  check(fourth);
}

BOOST_AUTO_TEST_CASE(a_title_that_changes_under_a_run_is_kept) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  (void)at->run(ada, work);
  settle();
  retitle(work, "a better title");
  model.last().say("x");
  model.last().end();
  settle();
  const auto now = record(work).task;
  BOOST_TEST((now.status == task_status::done));
  BOOST_TEST(now.title == "a better title");
  BOOST_TEST(*now.output == "x");
  BOOST_TEST(told_times(work, bus::task_done) == 1U);
  BOOST_TEST(bus().back().text == "a better title");
  check(work);
}

BOOST_AUTO_TEST_CASE(a_title_that_changes_under_a_start_is_kept) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  at->store.holds = true;
  const auto accepted = at->run(ada, work);
  settle();
  BOOST_TEST(!*accepted);
  retitle(work, "a better title");
  at->store.release();
  settle();
  BOOST_TEST(granted(accepted));
  model.last().end();
  settle();
  BOOST_TEST((status(work) == task_status::done));
  BOOST_TEST(record(work).task.title == "a better title");
  BOOST_TEST(told(work) == (words{"task.started", "task.done"}), boost::test_tools::per_element());
  check(work);
}

BOOST_AUTO_TEST_CASE(a_run_cancelled_while_it_begins_keeps_when_it_began) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  at->store.holds = true;
  (void)at->run(ada, work);
  settle();
  const auto done = at->cancel(ada, work);
  settle();
  at->store.release();
  settle();
  BOOST_TEST(granted(done));
  BOOST_TEST(record(work).task.started_at.has_value());
  BOOST_TEST((status(work) == task_status::error));
  BOOST_TEST(model.calls.empty());
  check(work);
}

BOOST_AUTO_TEST_CASE(a_run_that_crashes_while_the_store_cannot_be_read_is_not_forgotten) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  (void)at->run(ada, work);
  settle();
  model.throws = true;
  model.last().fail("provider_overloaded", true);
  pass(100ms);
  at->store.unreadable = true;
  pass(10s);
  BOOST_TEST((status(work) == task_status::running));
  at->store.unreadable = false;
  model.throws = false;
  pass(2s);
  // It ends one way or the other: here it is taken up again from its journal.
  if (status(work) == task_status::running) {
    model.last().end();
    settle();
  }
  BOOST_TEST((status(work) != task_status::running));
  check(work);
}

BOOST_AUTO_TEST_CASE(an_agent_that_dies_is_restarted_with_its_work) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  (void)at->run(ada, work);
  settle();
  model.last().say("Once");
  settle();
  at->kill_agent({org, ada});
  settle();
  BOOST_TEST(model.calls[0]->gone);
  pass(1500ms);
  std::vector<std::string> types;
  for (const auto& each : bus()) types.push_back(each.type);
  BOOST_TEST(types == (words{"task.started", "agent.crashed", "agent.restarted"}), boost::test_tools::per_element());
  BOOST_REQUIRE_EQUAL(model.calls.size(), 2U);
  model.last().say(" upon a time");
  model.last().end();
  settle();
  BOOST_TEST(*record(work).task.output == "Once upon a time");
  BOOST_TEST((status(work) == task_status::done));
  check(work);
}

// A power cut takes back what was not synced: a watcher would have seen positions under which other events come
// later.
BOOST_AUTO_TEST_CASE(nothing_is_shown_that_a_power_cut_could_take_back) {
  tools.offer("delete_file");
  const auto ada = add_agent({"delete_*"});
  const auto work = add_task(ada);
  (void)at->run(ada, work);
  settle();
  watcher seen(at->hub.watch_task(org, work, 0));
  model.last().think("hm");
  settle();
  model.last().say("Hel");
  settle();
  model.last().fail("provider_overloaded", true, 10ms);
  pass(1s);
  model.last().say("lo");
  settle();
  model.last().ask_tools({{"c1", "delete_file", "{}"}});
  settle();
  const auto seen_waiting = seen.entries.size();
  (void)at->decide(ada, work, true);
  settle();
  watcher seen_on(at->hub.watch_task(org, work, seen_waiting));
  tools.calls.at(0)->answer("gone");
  settle();
  model.last().say("Done.");
  model.last().end();
  settle();
  BOOST_TEST((status(work) == task_status::done));
  BOOST_TEST(seen_waiting + seen_on.entries.size() >= 15U);
  BOOST_TEST(at->store.unsynced == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
