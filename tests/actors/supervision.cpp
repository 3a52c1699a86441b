// The supervision tree: who supervises whom, what a crash means for whom, and when somebody is given up.
#include "actors/supervision.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>

#include "core/bus_types.hpp"
#include "tests/actors/world.hpp"

using namespace flotilla;
using namespace flotilla::testing;
using words = std::vector<std::string>;

namespace {

/// Lea manages Max, who manages Ada and Bob.
struct three_levels : world {
  agent_id lea = add_agent({}, {}, "Lea");
  agent_id max = add_agent({}, lea, "Max");
  agent_id ada = add_agent({}, max, "Ada");
  agent_id bob = add_agent({}, max, "Bob");

  std::size_t actors_now() const { return at->system->registry().running(); }
  /// How many actors there are besides those of active agents and runs.
  const std::size_t none = actors_now();

  task_id begin(agent_id who) {
    const auto work = add_task(who);
    (void)at->run(who, work);
    settle();
    return work;
  }
  /// Lets an agent crash so often in a row that it is given up.
  void wear_out(agent_id who) {
    for (std::size_t i = 0; i <= actors::max_restarts; ++i) {
      at->kill_agent({org, who});
      pass(4s);
    }
  }
  words types_of(agent_id who) const {
    words found;
    for (const auto& each : bus()) {
      if (each.type.starts_with("agent.") && each.from == party::of(who)) found.push_back(each.type);
    }
    return found;
  }
  std::vector<message> of_type(std::string_view type) const {
    auto found = bus();
    std::erase_if(found, [&](const message& each) { return each.type != type; });
    return found;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(supervision, three_levels)

BOOST_AUTO_TEST_CASE(delays_double_and_the_sixth_crash_is_the_last) {
  actors::restart_history history;
  std::chrono::steady_clock::time_point now{};
  for (const auto expected : {200ms, 400ms, 800ms, 1600ms, 3200ms}) {
    const auto delay = history.crashed(now);
    BOOST_REQUIRE(delay.has_value());
    BOOST_TEST(delay->count() == std::chrono::milliseconds(expected).count());
    now += 10s;
  }
  auto other = history;
  BOOST_TEST(!other.crashed(now).has_value());
  // The first one is out of the window by then.
  now += 10s;
  BOOST_TEST(history.crashed(now).has_value());
}

BOOST_AUTO_TEST_CASE(activation_of_an_agent_activates_those_above_it) {
  const auto work = begin(ada);
  BOOST_TEST(at->is_active(lea));
  BOOST_TEST(at->is_active(max));
  BOOST_TEST(!at->is_active(bob));
  BOOST_TEST(!at->supervisor_of(lea).has_value());
  BOOST_TEST((at->supervisor_of(max) == lea));
  BOOST_TEST((at->supervisor_of(ada) == max));
  BOOST_TEST(actors_now() == none + 4);  // three agents and a run
  model.last().end();
  settle();
  BOOST_TEST((status(work) == task_status::done));
}

BOOST_AUTO_TEST_CASE(a_report_that_crashes_is_restarted_by_its_manager) {
  const auto work = begin(ada);
  const auto manager = at->actor_of(max);
  model.last().say("Once");
  settle();
  at->kill_agent({org, ada});
  settle();
  BOOST_TEST(!at->is_active(ada));
  BOOST_TEST(types_of(ada) == (words{"agent.crashed"}), boost::test_tools::per_element());
  BOOST_TEST(*of_type(bus::agent_crashed).at(0).data == R"({"restarts":0,"delayMs":200})");
  pass(actors::first_restart_delay - 50ms);
  BOOST_TEST(!at->is_active(ada));
  pass(100ms);
  BOOST_TEST(at->is_active(ada));
  BOOST_TEST((at->actor_of(max) == manager));
  BOOST_TEST(types_of(ada) == (words{"agent.crashed", "agent.restarted"}), boost::test_tools::per_element());
  model.last().say(" upon a time");
  model.last().end();
  settle();
  BOOST_TEST(*record(work).task.output == "Once upon a time");
  check(work);
}

BOOST_AUTO_TEST_CASE(a_crash_of_a_manager_leaves_the_runs_of_its_reports_going) {
  const auto work = begin(ada);
  const auto other = begin(bob);
  const auto of_max = begin(max);
  const auto before = at->actor_of(ada);
  at->kill_agent({org, max});
  settle();
  BOOST_TEST(!model.calls[0]->gone);
  BOOST_TEST(!model.calls[1]->gone);
  BOOST_TEST(model.calls[2]->gone);  // its own run is cut, and goes on later
  model.calls[0]->say("still here");
  pass(1s);
  BOOST_TEST((at->actor_of(ada) == before));
  BOOST_TEST((at->supervisor_of(ada) == max));
  // Whoever has taken his place supervises them.
  at->kill_agent({org, bob});
  settle();
  pass(1s);
  BOOST_TEST(at->is_active(bob));
  for (const auto& call : model.calls) {
    if (!call->gone) call->end();
  }
  pass(1s);
  for (const auto& each : {work, other, of_max}) {
    BOOST_TEST((status(each) == task_status::done));
    check(each);
  }
  BOOST_TEST(actors_now() == none + 4);
}

BOOST_AUTO_TEST_CASE(a_report_that_crashes_while_its_manager_is_down_comes_back) {
  const auto work = begin(ada);
  at->kill_agent({org, max});
  settle();
  at->kill_agent({org, ada});
  settle();
  pass(2s);
  BOOST_TEST(at->is_active(ada));
  BOOST_TEST((at->supervisor_of(ada) == max));
  model.last().end();
  settle();
  BOOST_TEST((status(work) == task_status::done));
}

BOOST_AUTO_TEST_CASE(who_crashes_too_often_is_paused_and_its_manager_is_told) {
  const auto work = begin(ada);
  const auto queued = begin(ada);
  const auto fresh = add_task(ada);
  wear_out(ada);
  BOOST_TEST((agent_now(ada).status == agent_status::paused));
  BOOST_TEST((status(work) == task_status::error));
  BOOST_TEST(record(work).task.error->code == "agent_failed");
  BOOST_TEST((status(queued) == task_status::pending));
  BOOST_TEST((status(fresh) == task_status::pending));
  const auto failed = of_type(bus::agent_failed);
  BOOST_REQUIRE_EQUAL(failed.size(), 1U);
  BOOST_TEST((failed[0].from == party::of(ada)));
  BOOST_TEST((failed[0].to == party::of(max)));
  const auto told = of_type(bus::agent_message);
  BOOST_REQUIRE_EQUAL(told.size(), 1U);
  BOOST_TEST((told[0].from == party::system()));
  BOOST_TEST((told[0].to == party::of(max)));
  BOOST_TEST(types_of(ada).size() == 2 * actors::max_restarts + 1);
  BOOST_TEST(!at->is_active(ada));
  BOOST_TEST(at->is_active(max));
  check(work);
}

BOOST_AUTO_TEST_CASE(one_without_a_manager_is_given_up_by_the_fleet) {
  const auto work = begin(lea);
  wear_out(lea);
  BOOST_TEST((agent_now(lea).status == agent_status::paused));
  BOOST_TEST((status(work) == task_status::error));
  BOOST_TEST((of_type(bus::agent_failed).at(0).to == party::everyone()));
  BOOST_TEST(of_type(bus::agent_message).empty());
}

BOOST_AUTO_TEST_CASE(one_who_was_given_up_can_be_cancelled_and_resumed) {
  const auto work = begin(ada);
  const auto queued = begin(ada);
  wear_out(ada);
  const auto cancelled = at->cancel(ada, queued);
  settle();
  BOOST_TEST(granted(cancelled));
  BOOST_TEST((status(queued) == task_status::error));
  const auto refused = at->run(ada, work, true);
  settle();
  BOOST_TEST((refusal(refused) == errc::invalid));
  change_agent(ada, agent_status::active);
  settle();
  const auto accepted = at->run(ada, work, true);
  settle();
  BOOST_TEST(granted(accepted));
  model.last().end();
  settle();
  BOOST_TEST((status(work) == task_status::done));
}

BOOST_AUTO_TEST_CASE(a_store_that_refuses_holds_the_failure_up_and_loses_nothing) {
  const auto work = begin(ada);
  for (std::size_t i = 0; i < actors::max_restarts; ++i) {
    at->kill_agent({org, ada});
    pass(4s);
  }
  at->store.refuses = true;
  at->kill_agent({org, ada});
  pass(10s);
  BOOST_TEST((status(work) == task_status::running));
  at->store.refuses = false;
  pass(2s);
  BOOST_TEST((status(work) == task_status::error));
  BOOST_TEST((agent_now(ada).status == agent_status::paused));
  BOOST_TEST(of_type(bus::agent_failed).size() == 1U);
}

BOOST_AUTO_TEST_CASE(reports_of_one_who_failed_have_the_next_manager_until_it_is_back) {
  const auto work = begin(ada);
  const auto before = at->actor_of(ada);
  wear_out(max);
  settle();
  BOOST_TEST((at->supervisor_of(ada) == lea));
  BOOST_TEST((at->actor_of(ada) == before));
  BOOST_TEST((agent_now(ada).manager == max));  // the org chart is as it was
  change_agent(max, agent_status::active);
  pass(1s);
  BOOST_TEST((at->supervisor_of(ada) == max));
  BOOST_TEST((at->actor_of(ada) == before));
  model.last().end();
  settle();
  BOOST_TEST((status(work) == task_status::done));
}

BOOST_AUTO_TEST_CASE(who_gets_another_manager_is_moved_with_its_run) {
  const auto zoe = add_agent({}, {}, "Zoe");
  const auto work = begin(ada);
  const auto before = at->actor_of(ada);
  move_agent(max, zoe);
  settle();
  BOOST_TEST((at->supervisor_of(max) == zoe));
  BOOST_TEST((at->supervisor_of(ada) == max));
  move_agent(ada, zoe);
  settle();
  BOOST_TEST((at->supervisor_of(ada) == zoe));
  move_agent(ada, std::nullopt);
  settle();
  BOOST_TEST(!at->supervisor_of(ada).has_value());
  move_agent(ada, lea);
  settle();
  BOOST_TEST((at->supervisor_of(ada) == lea));
  BOOST_TEST((at->actor_of(ada) == before));
  BOOST_TEST(!model.calls[0]->gone);
  at->kill_agent({org, ada});
  pass(1s);
  BOOST_TEST(types_of(ada) == (words{"agent.crashed", "agent.restarted"}), boost::test_tools::per_element());
  model.last().end();
  settle();
  BOOST_TEST((status(work) == task_status::done));
  pass(idle_after * 4);
  BOOST_TEST(actors_now() == none);
}

BOOST_AUTO_TEST_CASE(a_manager_is_let_go_after_its_reports) {
  const auto work = begin(ada);
  pass(idle_after * 2);
  BOOST_TEST(at->is_active(lea));  // whose report's report has a run
  model.last().end();
  settle();
  BOOST_TEST((status(work) == task_status::done));
  pass(idle_after + 1s);
  BOOST_TEST(!at->is_active(ada));
  BOOST_TEST(at->is_active(max));
  pass(idle_after + 1s);
  BOOST_TEST(!at->is_active(max));
  pass(idle_after + 1s);
  BOOST_TEST(actors_now() == none);
  begin(bob);
  BOOST_TEST((at->supervisor_of(max) == lea));
  BOOST_TEST((at->supervisor_of(bob) == max));
}

// --- at every message
// ------------------------------------------------------------------------------------------------

namespace {

/// What a world of three levels has come to at the end: every task done, one actor for each agent that is active.
void check_end(three_levels& in, const std::vector<task_id>& tasks) {
  in.pass(5s);
  for (const auto& each : tasks) {
    BOOST_TEST((in.status(each) == task_status::done));
    in.check(each);
  }
  in.pass(idle_after * 4);
  BOOST_TEST(in.actors_now() == in.none);
}

void answer_all(three_levels& in) {
  in.model.script = [](model_exchange& call) {
    call.say("x");
    call.end();
  };
}

}  // namespace

// Whoever asks is answered when the one that was asked crashes, not when its own patience ends.
BOOST_AUTO_TEST_CASE(a_crash_answers_those_who_wait) {
  for (std::size_t lead = 0; lead < 40; ++lead) {
    for (const bool of_run : {false, true}) {
      BOOST_TEST_CONTEXT("after " << lead << " messages") {
        three_levels in;
        const auto work = in.add_task(in.ada);
        const auto asked = in.at->run(in.ada, work);
        in.at->steps(lead);
        const actors::agent_key who{in.org, in.ada};
        (void)(of_run ? in.at->try_kill_run(who) : in.at->try_kill_agent(who));
        in.pass(2s);
        BOOST_TEST(asked->has_value());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_crash_of_anybody_at_every_message) {
  for (const auto victim : {0, 1, 2}) {
    for (std::size_t lead = 0; lead < 48; ++lead) {
      BOOST_TEST_CONTEXT("victim " << victim << " after " << lead << " messages") {
        three_levels in;
        answer_all(in);
        const auto work = in.add_task(in.ada);
        const auto other = in.add_task(in.bob);
        const auto of_max = in.add_task(in.max);
        (void)in.at->run(in.ada, work);
        (void)in.at->run(in.bob, other);
        (void)in.at->run(in.max, of_max);
        in.at->steps(lead);
        (void)in.at->try_kill_agent(
            {in.org, std::array{in.lea, in.max, in.ada}.at(static_cast<std::size_t>(victim))});
        // Who asked is told that it failed, or that it is accepted; whoever is not accepted asks again.
        in.pass(1s);
        for (const auto& [who, task] : {std::pair{in.ada, work}, {in.bob, other}, {in.max, of_max}}) {
          if (in.status(task) == task_status::pending) (void)in.at->run(who, task);
        }
        check_end(in, {work, other, of_max});
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(crashes_of_manager_and_report_at_every_distance) {
  for (std::size_t lead = 0; lead < 24; ++lead) {
    for (std::size_t distance = 0; distance < 8; ++distance) {
      BOOST_TEST_CONTEXT("after " << lead << " and " << distance << " messages") {
        three_levels in;
        const auto work = in.begin(in.ada);
        (void)in.at->try_kill_agent({in.org, in.max});
        in.at->steps(distance);
        (void)in.at->try_kill_agent({in.org, in.ada});
        in.at->steps(lead);
        in.move_agent(in.ada, in.lea);
        answer_all(in);
        in.pass(2s);
        for (const auto& call : in.model.calls) {
          if (!call->gone) call->end();
        }
        check_end(in, {work});
        BOOST_TEST((in.model.calls.size() <= 3U));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(crashes_and_moves_whatever_comes_first) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      three_levels in;
      answer_all(in);
      const std::array agents{in.ada, in.bob, in.max};
      std::vector<task_id> all;
      for (const auto who : agents) {
        all.push_back(in.add_task(who));
        (void)in.at->run(who, all.back());
      }
      in.at->steps(seed % 31);
      (void)in.at->try_kill_agent({in.org, std::array{in.lea, in.max, in.ada}.at(seed % 3)});
      if (seed % 2 == 0) in.move_agent(in.ada, in.lea);
      in.at->shuffle(seed);
      in.pass(1s);
      for (std::size_t i = 0; i < agents.size(); ++i) {
        if (in.status(all[i]) == task_status::pending) (void)in.at->run(agents.at(i), all[i]);
      }
      check_end(in, all);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_move_at_every_message_of_a_run) {
  for (std::size_t lead = 0; lead < 48; ++lead) {
    BOOST_TEST_CONTEXT("after " << lead << " messages") {
      three_levels in;
      answer_all(in);
      const auto work = in.add_task(in.ada);
      const auto accepted = in.at->run(in.ada, work);
      in.at->steps(lead);
      in.move_agent(in.max, std::nullopt);
      in.move_agent(in.ada, in.lea);
      in.settle();
      BOOST_TEST(granted(accepted));
      BOOST_TEST(in.model.calls.size() == 1U);
      if (in.at->is_active(in.ada)) BOOST_TEST((in.at->supervisor_of(in.ada) == in.lea));
      check_end(in, {work});
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
