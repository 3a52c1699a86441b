// Limits on how many runs go on at once: what is over them waits, in the order of priority, and shows as queued.
#include <boost/test/unit_test.hpp>

#include "core/admission.hpp"
#include "core/bus_types.hpp"
#include "tests/actors/world.hpp"

using namespace flotilla;
using namespace flotilla::testing;
using words = std::vector<std::string>;

namespace {

struct with_limits : world {
  agent_id ada = add_agent({}, {}, "Ada");
  agent_id bob = add_agent({}, {}, "Bob");
  agent_id eve = add_agent({}, {}, "Eve");

  /// From now on so many runs go on at once.
  void limit(run_capacity to) {
    crash();
    capacity = to;
    start();
    settle();
  }
  task_id begin(agent_id who, task_priority priority = task_priority::normal) {
    const auto work = add_task(who, priority);
    const auto accepted = at->run(who, work);
    settle();
    BOOST_TEST(granted(accepted));
    return work;
  }
  /// Ends the run of a task whose model call is under way.
  void end(std::size_t call) {
    model.calls.at(call)->end();
    settle();
  }
  std::size_t taken() const { return at->env->slots->taken(); }
  std::size_t waiting() const { return at->env->slots->waiting(); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(places, with_limits)

BOOST_AUTO_TEST_CASE(what_is_over_the_limit_waits_and_shows_as_queued) {
  limit({.server = 1, .org = {}, .provider = {}});
  const auto first = begin(ada);
  const auto second = begin(bob);
  BOOST_TEST((status(first) == task_status::running));
  BOOST_TEST((status(second) == task_status::pending));
  BOOST_TEST(record(second).queued);
  BOOST_TEST(story(second) == (words{"queued"}), boost::test_tools::per_element());
  BOOST_TEST(taken() == 1U);
  BOOST_TEST(waiting() == 1U);
  pass(idle_after * 2);  // who waits is not let go
  end(0);
  BOOST_TEST((status(second) == task_status::running));
  end(1);
  BOOST_TEST((status(second) == task_status::done));
  BOOST_TEST(taken() == 0U);
  BOOST_TEST(waiting() == 0U);
  check(second);
}

BOOST_AUTO_TEST_CASE(the_higher_priority_comes_first) {
  limit({.server = 1, .org = {}, .provider = {}});
  (void)begin(ada);
  const auto low = begin(bob, task_priority::low);
  const auto high = begin(eve, task_priority::high);
  end(0);
  BOOST_TEST((status(high) == task_status::running));
  BOOST_TEST((status(low) == task_status::pending));
  end(1);
  BOOST_TEST((status(low) == task_status::running));
}

BOOST_AUTO_TEST_CASE(a_better_task_of_the_same_agent_takes_its_turn) {
  limit({.server = 1, .org = {}, .provider = {}});
  (void)begin(ada);
  const auto low = begin(bob, task_priority::low);
  const auto normal = begin(eve);
  const auto high = begin(bob, task_priority::high);
  end(0);
  BOOST_TEST((status(high) == task_status::running));
  end(1);
  BOOST_TEST((status(normal) == task_status::running));
  end(2);
  BOOST_TEST((status(low) == task_status::running));
}

BOOST_AUTO_TEST_CASE(low_priority_goes_on_under_constant_high_load) {
  limit({.server = 1, .org = {}, .provider = {}});
  (void)begin(ada, task_priority::high);
  const auto low = begin(bob, task_priority::low);
  const auto own_low = begin(ada, task_priority::low);
  std::size_t rounds = 0;
  for (; status(low) != task_status::done || status(own_low) != task_status::done; ++rounds) {
    BOOST_REQUIRE(rounds < 100);
    (void)begin(ada, task_priority::high);
    (void)begin(eve, task_priority::high);
    pass(2s);
    model.last().end();
    settle();
  }
  BOOST_TEST(rounds > 20U);  // they had to wait for it
}

BOOST_AUTO_TEST_CASE(limits_of_an_org_and_of_a_provider) {
  limit({.server = 10, .org = 2, .provider = {}});
  (void)begin(ada);
  (void)begin(bob);
  const auto third = begin(eve);
  BOOST_TEST((status(third) == task_status::pending));
  end(0);
  BOOST_TEST((status(third) == task_status::running));
  end(1);
  end(2);
  limit({.server = 10, .org = {}, .provider = 1});
  (void)begin(ada);
  const auto fourth = begin(bob);
  BOOST_TEST((status(fourth) == task_status::pending));
  end(3);
  BOOST_TEST((status(fourth) == task_status::running));
}

BOOST_AUTO_TEST_CASE(who_waits_can_be_cancelled) {
  limit({.server = 1, .org = {}, .provider = {}});
  (void)begin(ada);
  const auto second = begin(bob);
  const auto done = at->cancel(bob, second);
  settle();
  BOOST_TEST(granted(done));
  end(0);
  BOOST_TEST((status(second) == task_status::error));
  BOOST_TEST(taken() == 0U);
  BOOST_TEST(waiting() == 0U);
}

BOOST_AUTO_TEST_CASE(a_crash_gives_the_place_back) {
  limit({.server = 1, .org = {}, .provider = {}});
  const auto first = begin(ada);
  const auto second = begin(bob);
  at->kill_agent({org, ada});
  settle();
  // It has become free; who goes on after a crash takes one all the same.
  BOOST_TEST((status(second) == task_status::running));
  pass(1s);
  BOOST_TEST(taken() == 2U);
  at->kill_agent({org, bob});
  at->kill_agent({org, ada});
  pass(2s);
  for (const auto& call : model.calls) {
    if (!call->gone) call->end();
  }
  settle();
  BOOST_TEST((status(first) == task_status::done));
  BOOST_TEST((status(second) == task_status::done));
  BOOST_TEST(taken() == 0U);
}

BOOST_AUTO_TEST_CASE(one_who_waits_and_crashes_waits_no_more) {
  limit({.server = 1, .org = {}, .provider = {}});
  (void)begin(ada);
  const auto second = begin(bob);
  at->kill_agent({org, bob});
  settle();
  BOOST_TEST(waiting() == 0U);
  pass(1s);
  BOOST_TEST(waiting() == 1U);
  end(0);
  BOOST_TEST((status(second) == task_status::running));
}

BOOST_AUTO_TEST_CASE(what_was_running_goes_on_above_the_limit) {
  const auto first = begin(ada);
  const auto second = begin(bob);
  limit({.server = 1, .org = {}, .provider = {}});
  const auto third = begin(eve);
  BOOST_TEST(taken() == 2U);
  BOOST_TEST((status(third) == task_status::pending));
  BOOST_TEST(model.calls.size() == 4U);
  end(2);
  BOOST_TEST((status(third) == task_status::pending));
  end(3);
  BOOST_TEST((status(third) == task_status::running));
  BOOST_TEST((status(first) == task_status::done));
  BOOST_TEST((status(second) == task_status::done));
}

BOOST_AUTO_TEST_CASE(a_parent_that_waits_holds_no_place) {
  limit({.server = 1, .org = {}, .provider = {}});
  const auto ann = add_agent({}, ada, "Ann");
  const auto parent = begin(ada);
  model.last().ask_tools({{"d", "delegate", R"({"to":"Ann","title":"t","input":"part"})"}});
  settle();
  BOOST_TEST((status(parent) == task_status::waiting));
  BOOST_REQUIRE_EQUAL(model.calls.size(), 2U);
  end(1);
  BOOST_REQUIRE_EQUAL(model.calls.size(), 3U);
  end(2);
  BOOST_TEST((status(parent) == task_status::done));
  BOOST_TEST(taken() == 0U);
  (void)ann;
}

BOOST_AUTO_TEST_CASE(an_approval_waits_for_a_place_like_anything_else) {
  tools.offer("pay");
  const auto careful = add_agent({"pay"}, {}, "Cleo");
  limit({.server = 1, .org = {}, .provider = {}});
  const auto work = begin(careful);
  model.last().ask_tools({{"p", "pay", "{}"}});
  settle();
  BOOST_TEST((status(work) == task_status::waiting));
  BOOST_TEST(taken() == 0U);
  (void)begin(ada);
  const auto word = at->decide(careful, work, true);
  settle();
  BOOST_TEST(granted(word));
  BOOST_TEST(tools.calls.empty());
  end(1);
  BOOST_TEST(tools.calls.size() == 1U);
}

BOOST_AUTO_TEST_CASE(nobody_waits_for_ever_whatever_comes_first) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      with_limits in;
      in.limit({.server = 1, .org = {}, .provider = {}});
      in.model.script = [](model_exchange& call) { call.end(); };
      std::vector<task_id> all;
      for (const auto who : {in.ada, in.bob, in.eve, in.ada, in.bob}) {
        all.push_back(in.add_task(who));
        (void)in.at->run(who, all.back());
      }
      if (seed % 3 == 0) (void)in.at->cancel(in.bob, all[1]);
      in.at->shuffle(seed);
      for (const auto& each : all) {
        BOOST_TEST((in.status(each) == task_status::done || in.record(each).task.error->code == "cancelled"));
      }
      BOOST_TEST(in.taken() == 0U);
      BOOST_TEST(in.waiting() == 0U);
    }
  }
}

BOOST_AUTO_TEST_CASE(cancelled_crashed_or_ended_at_every_message_no_place_is_lost) {
  for (int what = 0; what < 4; ++what) {
    for (std::size_t lead = 0; lead < 40; ++lead) {
      BOOST_TEST_CONTEXT("case " << what << " after " << lead << " messages") {
        with_limits in;
        in.limit({.server = 1, .org = {}, .provider = {}});
        in.model.script = [](model_exchange& call) { call.end(); };
        const auto first = in.add_task(in.ada);
        const auto second = in.add_task(in.bob);
        (void)in.at->run(in.ada, first);
        (void)in.at->run(in.bob, second);
        in.at->steps(lead);
        const actors::agent_key victim{in.org, what % 2 == 0 ? in.ada : in.bob};
        if (what == 0) (void)in.at->cancel(in.ada, first);
        if (what == 1) (void)in.at->try_kill_agent(victim);
        if (what == 2) (void)in.at->try_kill_run(victim);
        if (what == 3) in.change_agent(in.bob, agent_status::archived);
        in.pass(5s);
        for (const auto& [who, task] : {std::pair{in.ada, first}, {in.bob, second}}) {
          if (in.status(task) == task_status::pending) (void)in.at->run(who, task);
        }
        in.pass(5s);
        BOOST_TEST(in.taken() == 0U);
        BOOST_TEST(in.waiting() == 0U);
        BOOST_TEST((in.status(first) == task_status::done || in.record(first).task.error->code == "cancelled"));
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
