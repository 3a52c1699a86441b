// Tasks that one agent gives to another: the parent waits without a run, sees what came of it, and a cancel reaches
// everything below; at whatever moment the process ends.
#include <boost/test/unit_test.hpp>

#include <algorithm>

#include "core/builtin_tools.hpp"
#include "core/bus_types.hpp"
#include "tests/actors/world.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

using words = std::vector<std::string>;

std::string call_to(const std::string& to, const std::string& input, bool wait = true) {
  return R"({"to":")" + to + R"(","title":"part","input":")" + input + R"(","wait":)" + (wait ? "true" : "false") +
         "}";
}

/// The tool turn that came last; null before the first.
const tool_turn* results_of(const model_exchange& call) {
  const tool_turn* last = nullptr;
  for (const auto& turn : call.request.turns) {
    if (const auto* tools = std::get_if<tool_turn>(&turn)) last = tools;
  }
  return last;
}

/// A lead with two workers: its tasks ("do it") are given on in two parts, the parts are done at once.
struct fleet_of_three : world {
  agent_id lead = add_agent({}, {}, "Lead");
  agent_id ann = add_agent({}, lead, "Ann");
  agent_id bob = add_agent({}, lead, "Bob");

  fleet_of_three() { model.script = play; }

  static void play(model_exchange& call) {
    if (call.input() != "do it") {
      call.say("done: " + call.input());
      return call.end();
    }
    const auto* results = results_of(call);
    if (!results) {
      return call.ask_tools({{"a", "delegate", call_to("Ann", "one")}, {"b", "delegate", call_to("Bob", "two")}});
    }
    for (const auto& each : results->outcomes) call.say("[" + each.text + "]");
    call.end();
  }

  void check_done(task_id work) {
    BOOST_TEST((status(work) == task_status::done));
    BOOST_TEST(record(work).task.output.value_or("") == "[done: one][done: two]");
    const auto parts = children(work);
    BOOST_REQUIRE(parts.size() == 2U);
    for (const auto& part : parts) {
      BOOST_TEST((status(part) == task_status::done));
      BOOST_TEST(told_times(part, bus::task_created) == 1U);
      BOOST_TEST(told_times(part, bus::task_done) == 1U);
      check(part);
    }
    BOOST_TEST(told_times(work, bus::task_done) == 1U);
    BOOST_TEST(signals(lead) == 0U);
    check(work);
  }
};

std::size_t times(const words& story, const std::string& word) {
  return static_cast<std::size_t>(std::count(story.begin(), story.end(), word));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(delegation)

BOOST_FIXTURE_TEST_CASE(a_parent_goes_on_with_what_its_reports_have_done, fleet_of_three) {
  const auto work = add_task(lead);
  run_through(lead, work);
  check_done(work);
  const auto part = record(children(work).front());
  BOOST_TEST((part.task.requester == lead));
  BOOST_TEST((part.task.parent == work));
  BOOST_TEST((part.task.assignee == ann));
  BOOST_TEST(part.from->depth == 1U);
  const auto story = this->story(work);
  BOOST_TEST(times(story, "delegated a") == 1U);
  BOOST_TEST(times(story, "delegate<done: one") == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_parent_that_waits_holds_nobody_up, fleet_of_three) {
  model.script = nullptr;
  const auto work = add_task(lead);
  const auto other = add_task(lead);
  (void)at->run(lead, work);
  settle();
  model.last().ask_tools({{"a", "delegate", call_to("Ann", "one")}});
  settle();
  BOOST_TEST((status(work) == task_status::waiting));
  BOOST_TEST(!record(work).parked_at.has_value());  // no human is waited for
  auto& child_call = model.last();
  BOOST_TEST(child_call.input() == "one");
  // Its agent is free for another task meanwhile.
  (void)at->run(lead, other);
  settle();
  BOOST_TEST((status(other) == task_status::running));
  model.last().end();
  settle();
  child_call.say("1");
  child_call.end();
  settle();
  BOOST_TEST((status(work) == task_status::running));
  BOOST_TEST(results_of(model.last())->outcomes.front().text == "1");
  model.last().end();
  settle();
  BOOST_TEST((status(work) == task_status::done));
}

BOOST_FIXTURE_TEST_CASE(a_result_is_taken_in_while_another_call_goes_on, fleet_of_three) {
  model.script = [](model_exchange& call) {
    if (call.input() == "do it" && !results_of(call)) {
      return call.ask_tools({{"a", "delegate", call_to("Ann", "one")}, {"s", "search", "{}"}});
    }
    call.end();
  };
  tools.offer("search", true);
  const auto work = add_task(lead);
  run_through(lead, work);
  BOOST_TEST((status(work) == task_status::running));
  BOOST_TEST(times(story(work), "delegate<") == 1U);  // an empty output
  BOOST_TEST(signals(lead) == 0U);
  tools.calls.at(0)->answer("found");
  settle();
  BOOST_TEST((status(work) == task_status::done));
}

BOOST_FIXTURE_TEST_CASE(nobody_is_waited_for_where_the_call_says_so, fleet_of_three) {
  model.script = nullptr;
  const auto work = add_task(lead);
  (void)at->run(lead, work);
  settle();
  model.last().ask_tools({{"a", "delegate", call_to("Ann", "one", false)}});
  settle();
  const auto part = children(work).front();
  BOOST_REQUIRE(model.calls.size() == 3U);
  const bool parent_first = model.calls.at(1)->input() == "do it";
  auto& parents = *model.calls.at(parent_first ? 1 : 2);
  auto& childs = *model.calls.at(parent_first ? 2 : 1);
  BOOST_TEST(results_of(parents)->outcomes.front().text.find(part.to_string()) != std::string::npos);
  parents.end();
  settle();
  BOOST_TEST((status(work) == task_status::done));
  BOOST_TEST((status(part) == task_status::running));
  childs.end();
  settle();
  BOOST_TEST((status(part) == task_status::done));
  BOOST_TEST(signals(lead) == 0U);
}

BOOST_FIXTURE_TEST_CASE(an_error_is_the_result_of_the_call, fleet_of_three) {
  model.script = [](model_exchange& call) {
    if (call.input() == "one") return call.fail("provider_rejected", false);
    play(call);
  };
  const auto work = add_task(lead);
  run_through(lead, work);
  BOOST_TEST((status(work) == task_status::done));
  BOOST_TEST(record(work).task.output->starts_with("[The task ended in an error (provider_rejected): "));
}

BOOST_FIXTURE_TEST_CASE(who_may_be_given_a_task, fleet_of_three) {
  const auto below = add_agent({}, ann, "Cid");
  const auto twin = add_agent({}, bob, "Cid");
  const auto gone = add_agent({}, lead, "Gone");
  const auto idle = add_agent({}, lead, "Idle");
  const auto stranger = add_agent({}, {}, "Stranger");
  change_agent(gone, agent_status::archived);
  change_agent(idle, agent_status::paused);
  settle();
  const auto answered = [&](const std::string& to) {
    model.script = [&](model_exchange& call) {
      if (call.input() != "do it") return call.end();
      if (!results_of(call)) return call.ask_tools({{"a", "delegate", call_to(to, "x")}});
      const auto& outcome = results_of(call)->outcomes.front();
      call.say((outcome.is_error ? "no: " : "yes: ") + outcome.text);
      call.end();
    };
    const auto work = add_task(lead);
    run_through(lead, work);
    return record(work).task.output.value_or("");
  };
  BOOST_TEST(answered("Ann") == "yes: ");
  BOOST_TEST(answered(below.to_string()) == "yes: ");
  BOOST_TEST(answered("Cid") == "no: to: more than one report has the name \"Cid\": say the id, " +
                                    below.to_string() + " or " + twin.to_string());
  BOOST_TEST(answered("Gone") == "no: to: there is no report \"Gone\" below you");
  BOOST_TEST(answered(gone.to_string()) == "no: to: Gone is archived");
  BOOST_TEST(answered("Idle") == "no: to: Idle is paused");
  BOOST_TEST(answered("Lead") == "no: to: there is no report \"Lead\" below you");
  BOOST_TEST(answered(lead.to_string()) == "no: to: there is no report \"" + lead.to_string() + "\" below you");
  BOOST_TEST(answered(stranger.to_string()) ==
             "no: to: there is no report \"" + stranger.to_string() + "\" below you");
}

BOOST_FIXTURE_TEST_CASE(only_who_has_reports_can_delegate, fleet_of_three) {
  model.script = nullptr;
  const auto has_tool = [&](agent_id who) {
    (void)at->run(who, add_task(who));
    settle();
    const auto& offered = model.last().request.tools;
    BOOST_TEST(std::ranges::any_of(offered, [](const auto& tool) { return tool.name == builtin::ask_approval; }));
    const auto found = std::ranges::find_if(offered, [](const auto& tool) { return tool.name == builtin::delegate; });
    if (found == offered.end()) return false;
    BOOST_TEST(found->description.find("Ann (" + ann.to_string() + "): You are Ada.") != std::string::npos);
    return true;
  };
  BOOST_TEST(has_tool(lead));
  BOOST_TEST(!has_tool(ann));
}

BOOST_AUTO_TEST_CASE(delegating_has_an_end) {
  world in;
  std::vector<agent_id> chain{in.add_agent({}, {}, "0")};
  for (std::uint32_t i = 1; i <= builtin::max_delegation_depth + 1; ++i) {
    chain.push_back(in.add_agent({}, chain.back(), std::to_string(i)));
  }
  in.model.script = [](model_exchange& call) {
    const auto* results = results_of(call);
    if (results) {
      call.say(results->outcomes.front().text);
      return call.end();
    }
    const auto below = call.input() == "do it" ? 1 : std::stoi(call.input()) + 1;
    call.ask_tools({{"a", "delegate", call_to(std::to_string(below), std::to_string(below))}});
  };
  const auto work = in.add_task(chain.front());
  in.run_through(chain.front(), work);
  BOOST_TEST((in.status(work) == task_status::done));
  BOOST_TEST(in.record(work).task.output->starts_with("This task was delegated 8 times already"));
}

BOOST_FIXTURE_TEST_CASE(a_cancel_reaches_everything_below, fleet_of_three) {
  model.script = [](model_exchange& call) {
    if (call.input() == "do it") play(call);
  };
  const auto work = add_task(lead);
  run_through(lead, work);
  const auto parts = children(work);
  BOOST_REQUIRE(parts.size() == 2U);
  for (const auto& part : parts) BOOST_TEST((status(part) == task_status::running));
  const auto cancelled = at->cancel(lead, work);
  settle();
  BOOST_TEST(granted(cancelled));
  for (const auto& each : {work, parts[0], parts[1]}) {
    BOOST_TEST((status(each) == task_status::error));
    BOOST_TEST(record(each).task.error->code == "cancelled");
    BOOST_TEST(told_times(each, bus::task_cancelled) == 1U);
    check(each);
  }
  BOOST_TEST(model.calls.at(1)->gone);  // sockets are aborted
  BOOST_TEST(model.calls.at(2)->gone);
  for (const auto& who : {lead, ann, bob}) BOOST_TEST(signals(who) == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_cancel_reaches_a_task_that_was_given_to_another_agent, fleet_of_three) {
  model.script = [](model_exchange& call) {
    if (call.input() == "do it" && !results_of(call)) {
      call.ask_tools({{"a", "delegate", call_to("Ann", "one")}, {"b", "delegate", call_to("Ann", "two")}});
    }
  };
  const auto work = add_task(lead);
  run_through(lead, work);
  const auto moved = children(work).back();
  BOOST_REQUIRE((status(moved) == task_status::pending));  // it lies in Ann's queue
  reassign(moved, bob);
  (void)at->cancel(lead, work);
  settle();
  BOOST_TEST((status(moved) == task_status::error));
  for (const auto& who : {lead, ann, bob}) BOOST_TEST(signals(who) == 0U);
}

BOOST_FIXTURE_TEST_CASE(an_error_of_the_parent_stops_what_it_waited_for, fleet_of_three) {
  at->env->run_limit = 10s;
  tools.offer("search", true);
  model.script = [](model_exchange& call) {
    if (call.input() == "do it") {
      call.ask_tools({{"a", "delegate", call_to("Ann", "one")}, {"s", "search", "{}"}});
    }
  };
  const auto work = add_task(lead);
  run_through(lead, work);
  BOOST_TEST((status(work) == task_status::running));
  pass(5s);
  BOOST_TEST((status(work) == task_status::running));
  pass(6s);
  BOOST_TEST(record(work).task.error->code == "run_timeout");
  BOOST_TEST((status(children(work).front()) == task_status::error));
}

BOOST_AUTO_TEST_CASE(a_crash_at_every_step_loses_and_repeats_nothing) {
  for (std::size_t cut = 0;; ++cut) {
    BOOST_TEST_CONTEXT("the process ends after " << cut << " messages") {
      fleet_of_three in;
      const auto work = in.add_task(in.lead);
      (void)in.at->run(in.lead, work);
      const bool cut_short = in.at->steps(cut) == cut && in.status(work) != task_status::done;
      in.crash();
      in.start();
      in.settle();
      if (in.status(work) == task_status::pending) in.run_through(in.lead, work);
      in.check_done(work);
      BOOST_TEST(times(in.story(work), "delegated a") == 1U);
      if (!cut_short) break;
      BOOST_REQUIRE(cut < 1000);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_crash_at_every_step_of_a_cancel_leaves_nothing_running) {
  for (std::size_t cut = 0;; ++cut) {
    BOOST_TEST_CONTEXT("the process ends after " << cut << " messages") {
      fleet_of_three in;
      in.model.script = [](model_exchange& call) {
        if (call.input() == "do it") fleet_of_three::play(call);
      };
      const auto work = in.add_task(in.lead);
      in.run_through(in.lead, work);
      const auto accepted = in.at->cancel(in.lead, work);
      const bool cut_short = in.at->steps(cut) == cut;
      in.crash();
      in.start();
      in.settle();
      if (in.status(work) != task_status::error) {
        BOOST_TEST(!granted(accepted));
        (void)in.at->cancel(in.lead, work);
        in.settle();
      }
      for (const auto& each : in.children(work)) BOOST_TEST((in.status(each) == task_status::error));
      for (const auto& who : {in.lead, in.ann, in.bob}) BOOST_TEST(in.signals(who) == 0U);
      if (!cut_short) break;
      BOOST_REQUIRE(cut < 1000);
    }
  }
}

// A wake that comes while the parent takes the one before it in must not be lost.
BOOST_AUTO_TEST_CASE(one_part_ends_at_every_message_after_the_other) {
  for (std::size_t lead = 0; lead < 60; ++lead) {
    BOOST_TEST_CONTEXT("after " << lead << " messages") {
      fleet_of_three in;
      in.model.script = [](model_exchange& call) {
        if (call.input() == "do it") fleet_of_three::play(call);
      };
      const auto work = in.add_task(in.lead);
      (void)in.at->run(in.lead, work);
      in.settle();
      BOOST_REQUIRE_EQUAL(in.model.calls.size(), 3U);
      const auto end = [](model_exchange& call) {
        call.say("done: " + call.input());
        call.end();
      };
      end(*in.model.calls[1]);
      in.at->steps(lead);
      end(*in.model.calls[2]);
      in.settle();
      in.check_done(work);
    }
  }
}

// The org chart is turned round while a task is under way: each has then delegated to the other, and waits.
BOOST_FIXTURE_TEST_CASE(who_delegate_to_each_other_do_not_wait_for_ever, fleet_of_three) {
  model.script = nullptr;
  (void)add_agent({}, ann, "Zed");  // so that Ann can delegate from the first
  const auto work = add_task(lead);
  (void)at->run(lead, work);
  settle();
  model.last().ask_tools({{"a", "delegate", call_to("Ann", "one")}});
  settle();
  move_agent(ann, std::nullopt);
  move_agent(lead, ann);
  settle();
  BOOST_TEST((at->supervisor_of(lead) == ann));
  model.last().ask_tools({{"b", "delegate", call_to("Lead", "back")}});
  settle();
  BOOST_REQUIRE_EQUAL(model.calls.size(), 3U);
  BOOST_TEST(model.last().input() == "back");
  for (std::size_t call = 2; call < 5; ++call) {
    model.calls.at(call)->end();
    settle();
  }
  BOOST_TEST((status(work) == task_status::done));
  check(work);
}

BOOST_AUTO_TEST_CASE(whatever_comes_first) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      fleet_of_three in;
      const auto work = in.add_task(in.lead);
      (void)in.at->run(in.lead, work);
      in.at->shuffle(seed);
      in.check_done(work);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_cancel_whatever_comes_first) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      fleet_of_three in;
      const auto work = in.add_task(in.lead);
      (void)in.at->run(in.lead, work);
      in.at->steps(seed % 60);
      const auto cancelled = in.at->cancel(in.lead, work);
      in.at->shuffle(seed);
      BOOST_TEST(cancelled->has_value());
      BOOST_TEST((in.status(work) == task_status::done || in.status(work) == task_status::error));
      for (const auto& each : in.children(work)) {
        BOOST_TEST((in.status(each) == task_status::done || in.status(each) == task_status::error));
      }
      for (const auto& who : {in.lead, in.ann, in.bob}) BOOST_TEST(in.signals(who) == 0U);
    }
  }
}

// Whoever commits the end of a task may be gone before anybody has been told of it.
BOOST_AUTO_TEST_CASE(an_agent_or_a_run_crashes_at_every_message) {
  for (int victim = 0; victim < 4; ++victim) {
    for (std::size_t lead = 0; lead < 90; ++lead) {
      BOOST_TEST_CONTEXT("victim " << victim << " after " << lead << " messages") {
        fleet_of_three in;
        const auto work = in.add_task(in.lead);
        (void)in.at->run(in.lead, work);
        in.at->steps(lead);
        const actors::agent_key who{in.org, victim % 2 == 0 ? in.lead : in.ann};
        (void)(victim < 2 ? in.at->try_kill_agent(who) : in.at->try_kill_run(who));
        in.pass(3s);
        if (in.status(work) == task_status::pending) (void)in.at->run(in.lead, work);
        in.pass(3s);
        in.check_done(work);
      }
    }
  }
}

BOOST_FIXTURE_TEST_CASE(a_paused_parent_goes_on_when_it_is_resumed, fleet_of_three) {
  model.script = nullptr;
  const auto work = add_task(lead);
  (void)at->run(lead, work);
  settle();
  model.last().ask_tools({{"a", "delegate", call_to("Ann", "one")}});
  settle();
  change_agent(lead, agent_status::paused);
  settle();
  model.last().end();
  settle();
  BOOST_TEST((status(work) == task_status::waiting));
  change_agent(lead, agent_status::active);
  settle();
  BOOST_TEST((status(work) == task_status::running));
}

// A signal of an attempt that has ended must not wake the next one out of its wait for a human.
BOOST_FIXTURE_TEST_CASE(what_was_of_an_earlier_attempt_wakes_nobody, fleet_of_three) {
  model.script = nullptr;
  tools.offer("search", true);
  const auto careful = add_agent({"search"}, {}, "Careful");
  const auto hand = add_agent({}, careful, "Hand");
  const auto work = add_task(careful);
  (void)at->run(careful, work);
  settle();
  model.last().ask_tools({{"a", "delegate", call_to("Hand", "one", false)}});
  settle();
  const auto child = children(work).front();
  (void)at->cancel(careful, work);
  settle();
  (void)at->run(careful, work, true);
  settle();
  model.last().ask_tools({{"s", "search", "{}"}});
  settle();
  BOOST_REQUIRE((status(work) == task_status::waiting));
  signal(careful, work, child);
  settle();
  BOOST_TEST((status(work) == task_status::waiting));
  BOOST_TEST(record(work).parked_at.has_value());
  BOOST_TEST(signals(careful) == 0U);
  (void)at->decide(careful, work, true);
  settle();
  BOOST_TEST(tools.calls.size() == 1U);
  (void)hand;
}

BOOST_FIXTURE_TEST_CASE(a_limit_of_runs_is_no_deadlock, fleet_of_three) {
  at->env->limits.concurrent_runs = 1;
  const auto work = add_task(lead);
  run_through(lead, work);
  pass(actors::limit_retry * 10);
  check_done(work);
}

BOOST_FIXTURE_TEST_CASE(the_plans_tasks_hold_for_delegated_ones, fleet_of_three) {
  at->env->limits.tasks_per_month = 1;
  const auto work = add_task(lead);
  run_through(lead, work);
  BOOST_TEST((status(work) == task_status::done));
  BOOST_TEST(record(work).task.output->find("limit of 1 task a month is reached") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
