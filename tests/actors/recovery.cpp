// The beginning of a fleet on a store with work: what was cut is taken up, how far that is can be seen, and what
// fails again and again is given up.
#include <boost/test/unit_test.hpp>

#include <algorithm>

#include "core/bus_types.hpp"
#include "tests/actors/world.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

std::size_t count_of(const world& in, std::string_view type) {
  const auto all = in.bus();
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [&](const message& each) { return each.type == type; }));
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(recovery, world)

BOOST_AUTO_TEST_CASE(an_empty_store_has_nothing_to_take_up) {
  BOOST_TEST(at->env->recovery->over.load());
  BOOST_TEST(count_of(*this, bus::recovery_started) == 0U);
}

BOOST_AUTO_TEST_CASE(it_says_how_far_it_is) {
  constexpr std::size_t agents = 250;
  std::vector<task_id> all;
  for (std::size_t i = 0; i < agents; ++i) {
    const auto who = add_agent();
    all.push_back(add_task(who));
    (void)at->run(who, all.back());
  }
  settle();
  crash();
  start();
  BOOST_TEST(!at->env->recovery->over.load());
  settle();
  BOOST_TEST(at->env->recovery->agents.load() == agents);
  BOOST_TEST(at->env->recovery->done.load() == agents);
  BOOST_TEST(at->env->recovery->over.load());
  for (const auto& each : all) BOOST_TEST((status(each) == task_status::running));
  BOOST_TEST(count_of(*this, bus::recovery_started) == 1U);
  BOOST_TEST(count_of(*this, bus::recovery_progress) == 2U);
  BOOST_TEST(count_of(*this, bus::recovery_done) == 1U);
}

BOOST_AUTO_TEST_CASE(more_agents_than_come_back_at_once) {
  const auto agents = actors::max_recovering_agents + 10;
  for (std::size_t i = 0; i < agents; ++i) {
    const auto who = add_agent();
    (void)at->run(who, add_task(who));
  }
  settle();
  crash();
  start();
  settle();
  BOOST_TEST(at->env->recovery->done.load() == agents);
  BOOST_TEST(at->env->recovery->over.load());
}

BOOST_AUTO_TEST_CASE(an_actor_that_fails_on_each_replay_is_given_up) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  (void)at->run(ada, work);
  settle();
  crash();
  model.throws = true;
  start();
  settle();
  pass(actors::crash_delay * 2);
  BOOST_TEST((status(work) == task_status::running));
  crash();  // the tries before a restart count
  start();
  settle();
  pass(actors::crash_delay * actors::max_run_crashes);
  BOOST_REQUIRE(record(work).task.error.has_value());
  BOOST_TEST(record(work).task.error->code == "run_crashed");
  const auto story = this->story(work);
  BOOST_TEST(static_cast<std::uint32_t>(std::ranges::count(story, "crashed")) == actors::max_run_crashes);
  check(work);
}

BOOST_AUTO_TEST_CASE(an_actor_that_recovers_goes_on) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  model.throws = true;
  (void)at->run(ada, work);
  settle();
  model.throws = false;
  model.script = [](model_exchange& call) {
    call.say("well");
    call.end();
  };
  pass(actors::crash_delay);
  BOOST_TEST((status(work) == task_status::done));
  BOOST_TEST(record(work).task.output.value_or("") == "well");
  check(work);
}

BOOST_AUTO_TEST_CASE(a_run_that_a_server_never_gets_on_with_is_given_up) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  (void)at->run(ada, work);
  settle();
  for (std::uint32_t i = 0; i < actors::max_futile_resumes; ++i) {
    crash();
    start();
    settle();
    BOOST_REQUIRE((status(work) == task_status::running));
  }
  crash();
  start();
  settle();
  BOOST_REQUIRE((status(work) == task_status::error));
  BOOST_TEST(record(work).task.error->code == "run_crashed");
}

BOOST_AUTO_TEST_CASE(time_that_was_used_before_a_crash_counts) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  at->env->run_limit = 10s;
  (void)at->run(ada, work);
  settle();
  pass(6s);
  model.last().say("so far");
  settle();
  crash();
  clock.time += 1h;
  start();
  at->env->run_limit = 10s;
  settle();
  pass(3s);
  BOOST_TEST((status(work) == task_status::running));
  pass(2s);
  BOOST_REQUIRE((status(work) == task_status::error));
  BOOST_TEST(record(work).task.error->code == "run_timeout");
  BOOST_TEST(record(work).task.error->message == "The run has used the 10.0 s that it may take.");
  BOOST_TEST(record(work).task.output.value_or("") == "so far");
}

BOOST_AUTO_TEST_SUITE_END()
