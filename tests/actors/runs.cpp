// A run from its request to its end.
#include <boost/test/unit_test.hpp>

#include "core/bus_types.hpp"
#include "core/retry_policy.hpp"
#include "tests/actors/world.hpp"

using namespace flotilla;
using namespace flotilla::testing;
using words = std::vector<std::string>;

BOOST_FIXTURE_TEST_SUITE(runs, world)

BOOST_AUTO_TEST_CASE(from_pending_to_done) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  watcher live(at->hub.watch_task(org, work, 0));
  const auto accepted = at->run(ada, work);
  settle();
  BOOST_REQUIRE(granted(accepted));
  BOOST_TEST(***accepted == 0U);
  BOOST_TEST((status(work) == task_status::running));
  BOOST_REQUIRE_EQUAL(model.calls.size(), 1U);
  BOOST_TEST(model.last().request.model == "m1");
  BOOST_TEST(model.last().request.system == "You are Ada.");
  model.last().think("hm");
  settle();
  model.last().say("Hel");
  settle();
  model.last().say("lo");
  settle();
  model.last().end({3, 4});
  settle();
  BOOST_TEST(story(work) == (words{"running", "model_call", "?hm", "+Hel", "+lo", "model_answer", "done"}),
             boost::test_tools::per_element());
  const auto now = record(work).task;
  BOOST_TEST((now.status == task_status::done));
  BOOST_TEST(*now.output == "Hello");
  BOOST_TEST((now.usage == token_usage{3, 4}));
  BOOST_TEST(now.started_at.has_value());
  BOOST_TEST(now.finished_at.has_value());
  BOOST_TEST(told(work) == (words{"task.started", "task.done"}), boost::test_tools::per_element());
  BOOST_TEST(live.ended);
  BOOST_TEST(live.entries.size() == events(work).size());
  BOOST_TEST(model.last().gone);
  check(work);
}

BOOST_AUTO_TEST_CASE(a_busy_agent_queues_by_priority_then_age) {
  const auto ada = add_agent();
  const auto first = add_task(ada);
  const auto low = add_task(ada, task_priority::low);
  const auto normal = add_task(ada);
  const auto later = add_task(ada);
  const auto high = add_task(ada, task_priority::high);
  (void)at->run(ada, first);
  settle();
  std::vector<answer> answers;
  for (const auto& each : {low, later, normal, high}) answers.push_back(at->run(ada, each));
  settle();
  for (const auto& each : answers) BOOST_TEST(granted(each));
  BOOST_TEST(story(low) == words{"queued"}, boost::test_tools::per_element());
  BOOST_TEST(model.calls.size() == 1U);
  for (const auto& each : {first, high, normal, later, low}) {
    BOOST_TEST((status(each) == task_status::running));
    model.last().end();
    settle();
    BOOST_TEST((status(each) == task_status::done));
    check(each);
  }
  BOOST_TEST(model.calls.size() == 5U);
  BOOST_TEST(story(high) == (words{"queued", "running", "memory", "model_call", "model_answer", "done"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_second_request_joins) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  const auto one = at->run(ada, work);
  const auto two = at->run(ada, work);
  settle();
  const auto three = at->run(ada, work);
  settle();
  for (const auto& each : {one, two, three}) BOOST_TEST(granted(each));
  BOOST_TEST(model.calls.size() == 1U);
  model.last().end();
  settle();
  BOOST_TEST(told(work) == (words{"task.started", "task.done"}), boost::test_tools::per_element());
  const auto late = at->run(ada, work);
  settle();
  BOOST_TEST(granted(late));
  BOOST_TEST(model.calls.size() == 1U);
  check(work);
}

BOOST_AUTO_TEST_CASE(a_restart_is_a_new_attempt) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  model.script = [](model_exchange& call) {
    call.say("one");
    call.end({1, 2});
  };
  run_through(ada, work);
  const auto before = events(work).size();
  model.script = [](model_exchange& call) {
    call.say("two");
    call.end({10, 20});
  };
  const auto again = at->run(ada, work, true);
  settle();
  BOOST_REQUIRE(granted(again));
  BOOST_TEST(***again == before);
  const auto now = record(work);
  BOOST_TEST(now.task.attempt == 2U);
  BOOST_TEST(*now.task.output == "two");
  BOOST_TEST((now.task.usage == token_usage{11, 22}));
  BOOST_TEST((now.task.status == task_status::done));
  check(work);
}

BOOST_AUTO_TEST_CASE(a_failure_is_tried_again_after_a_while) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  (void)at->run(ada, work);
  settle();
  model.last().say("par");
  model.last().fail("provider_overloaded", true);
  settle();
  BOOST_TEST(model.calls.size() == 1U);
  pass(200ms);
  BOOST_TEST(model.calls.size() == 1U);
  pass(100ms);
  BOOST_REQUIRE_EQUAL(model.calls.size(), 2U);
  BOOST_TEST(model.last().request.attempt == 2U);
  model.last().fail("rate_limited", true, 7s);
  settle();
  pass(6900ms);
  BOOST_TEST(model.calls.size() == 2U);
  pass(150ms);
  BOOST_REQUIRE_EQUAL(model.calls.size(), 3U);
  model.last().say("par");
  model.last().say("tial");
  model.last().end();
  settle();
  BOOST_TEST(*record(work).task.output == "partial");
  BOOST_TEST((record(work).task.usage == token_usage{3, 1}));
  check(work);
}

BOOST_AUTO_TEST_CASE(the_fifth_failure_is_the_last) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  model.script = [](model_exchange& call) { call.fail("provider_overloaded", true); };
  (void)at->run(ada, work);
  pass(60s);
  BOOST_TEST(model.calls.size() == max_model_tries);
  const auto now = record(work).task;
  BOOST_TEST((now.status == task_status::error));
  BOOST_TEST(now.error->code == "provider_overloaded");
  BOOST_TEST(now.error->message.find("the vendor's words") == 0U);
  BOOST_TEST((now.usage == token_usage{5, 0}));
  BOOST_TEST(told(work) == (words{"task.started", "task.error"}), boost::test_tools::per_element());
  check(work);
}

BOOST_AUTO_TEST_CASE(what_cannot_get_better_ends_at_once) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  model.script = [](model_exchange& call) { call.fail("provider_rejected", false); };
  (void)at->run(ada, work);
  settle();
  BOOST_TEST(story(work) == (words{"running", "model_call", "!provider_rejected", "error"}),
             boost::test_tools::per_element());
  BOOST_TEST(record(work).task.error->message == "the vendor's words");
  check(work);
}

BOOST_AUTO_TEST_CASE(tools_run_side_by_side) {
  tools.offer("search");
  tools.offer("read");
  const auto ada = add_agent();
  const auto work = add_task(ada);
  (void)at->run(ada, work);
  settle();
  model.last().ask_tools({{"a", "search", "{}"}, {"b", "read", "{}"}});
  settle();
  BOOST_REQUIRE_EQUAL(tools.calls.size(), 2U);
  tools.calls[1]->answer("B");
  settle();
  BOOST_TEST(model.calls.size() == 1U);
  tools.calls[0]->answer("A");
  settle();
  BOOST_REQUIRE_EQUAL(model.calls.size(), 2U);
  model.last().say("ok");
  model.last().end();
  settle();
  BOOST_TEST(story(work) == (words{"running", "model_call", "model_answer", "search>a", "read>b", "read<B",
                                   "search<A", "model_call", "+ok", "model_answer", "done"}),
             boost::test_tools::per_element());
  BOOST_TEST(
      told(work) == (words{"task.started", "tool.call", "tool.call", "tool.result", "tool.result", "task.done"}),
      boost::test_tools::per_element());
  BOOST_TEST(tools.calls[0]->invocation.idempotency_key != tools.calls[1]->invocation.idempotency_key);
  check(work);
}

BOOST_AUTO_TEST_CASE(calls_of_two_turns_have_keys_of_their_own) {
  tools.offer("search");
  tools.script = [](tool_exchange& call) { call.answer("x"); };
  model.script = [turn = 0](model_exchange& call) mutable {
    if (++turn > 2) return call.end();
    call.ask_tools({{"call_0", "search", "{}"}});
  };
  const auto ada = add_agent();
  const auto work = add_task(ada);
  run_through(ada, work);
  BOOST_REQUIRE_EQUAL(tools.calls.size(), 2U);
  BOOST_TEST(tools.calls[0]->invocation.idempotency_key != tools.calls[1]->invocation.idempotency_key);
}

BOOST_AUTO_TEST_CASE(a_tool_that_forgets_its_call_is_understood) {
  tools.offer("search");
  tools.script = [](tool_exchange& call) { call.handler({"", "x", false}); };
  const auto ada = add_agent();
  const auto work = add_task(ada);
  (void)at->run(ada, work);
  settle();
  model.last().ask_tools({{"a", "search", "{}"}});
  settle();
  BOOST_TEST(model.calls.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_provider_that_throws_takes_nothing_else_down) {
  const auto ada = add_agent();
  const auto bad = add_task(ada);
  const auto good = add_task(ada);
  model.throws = true;
  (void)at->run(ada, bad);
  (void)at->run(ada, good);
  settle();
  BOOST_TEST((status(bad) == task_status::running));
  pass(actors::crash_delay * actors::max_run_crashes);
  BOOST_TEST((status(bad) == task_status::error));
  BOOST_REQUIRE(record(bad).task.error.has_value());
  BOOST_TEST(record(bad).task.error->code == "run_crashed");
  BOOST_TEST(told_times(bad, bus::task_error) == 1U);
  model.throws = false;
  model.script = [](model_exchange& call) { call.end(); };
  pass(actors::crash_delay);
  BOOST_TEST((status(good) == task_status::done));
  check(bad);
}

BOOST_AUTO_TEST_CASE(an_unknown_provider_is_an_error_of_the_task) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  at->env->provider = [](std::string_view) { return nullptr; };
  (void)at->run(ada, work);
  settle();
  BOOST_TEST(record(work).task.error->code == "unknown_provider");
  check(work);
}

BOOST_AUTO_TEST_SUITE_END()
