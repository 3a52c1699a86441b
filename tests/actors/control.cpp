// What people do to runs: approve, reject, cancel, pause, archive, drain; and how agents come and go.
#include <boost/test/unit_test.hpp>

#include "core/bus_types.hpp"
#include "tests/actors/world.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

using words = std::vector<std::string>;

/// A world with a tool that needs a human.
struct with_approvals : world {
  with_approvals() {
    tools.offer("pay");
    tools.script = [](tool_exchange& call) { call.answer("paid"); };
    ada = add_agent({"p*"});
    work = add_task(ada);
  }
  void reach_waiting(std::vector<tool_request> calls = {{"a", "pay", "{}"}}) {
    (void)at->run(ada, work);
    settle();
    model.last().ask_tools(std::move(calls));
    settle();
    BOOST_REQUIRE((status(work) == task_status::waiting));
  }
  agent_id ada;
  task_id work;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(control, with_approvals)

BOOST_AUTO_TEST_CASE(an_approval_lets_the_run_go_on) {
  watcher live(at->hub.watch_task(org, work, 0));
  reach_waiting();
  BOOST_TEST(live.ended);
  BOOST_TEST(tools.calls.empty());
  const auto said = at->decide(ada, work, true);
  settle();
  BOOST_TEST(granted(said));
  BOOST_TEST(tools.calls.size() == 1U);
  model.last().end();
  settle();
  BOOST_TEST(told(work) == (words{"task.started", "approval.requested", "task.waiting", "approval.granted",
                                  "tool.call", "tool.result", "task.done"}),
             boost::test_tools::per_element());
  BOOST_TEST(
      story(work) == (words{"running", "model_call", "model_answer", "approval_requested a", "waiting", "approved a",
                            "resumed", "pay>a", "pay<paid", "model_call", "model_answer", "done"}),
      boost::test_tools::per_element());
  check(work);
}

BOOST_AUTO_TEST_CASE(a_rejection_goes_to_the_model) {
  reach_waiting();
  (void)at->decide(ada, work, false, "a", "not today");
  settle();
  BOOST_TEST(tools.calls.empty());
  BOOST_REQUIRE_EQUAL(model.calls.size(), 2U);
  const auto& outcome = std::get<tool_turn>(model.last().request.turns.back()).outcomes.front();
  BOOST_TEST(outcome.is_error);
  BOOST_TEST(outcome.text.find("not today") != std::string::npos);
  BOOST_TEST(told_times(work, bus::approval_rejected) == 1U);
  model.last().end();
  settle();
  check(work);
}

BOOST_AUTO_TEST_CASE(one_of_two_decided_waits_again) {
  reach_waiting({{"a", "pay", "{}"}, {"b", "pay", "{}"}});
  (void)at->decide(ada, work, true, "b");
  settle();
  BOOST_TEST((status(work) == task_status::waiting));
  BOOST_TEST(tools.calls.size() == 1U);
  const auto twice = at->decide(ada, work, true, "b");
  settle();
  BOOST_TEST((refusal(twice) == errc::invalid));
  (void)at->decide(ada, work, true);
  settle();
  BOOST_TEST(tools.calls.size() == 2U);
  model.last().end();
  settle();
  BOOST_TEST((status(work) == task_status::done));
  check(work);
}

BOOST_AUTO_TEST_CASE(a_decision_while_the_agent_is_busy_waits_its_turn) {
  reach_waiting();
  const auto other = add_task(ada);
  (void)at->run(ada, other);
  settle();
  const auto said = at->decide(ada, work, true);
  settle();
  BOOST_TEST(granted(said));
  BOOST_TEST((status(work) == task_status::waiting));
  BOOST_TEST(tools.calls.empty());
  model.last().end();
  settle();
  BOOST_TEST((status(other) == task_status::done));
  BOOST_TEST(tools.calls.size() == 1U);
  model.last().end();
  settle();
  BOOST_TEST((status(work) == task_status::done));
  check(work);
}

BOOST_AUTO_TEST_CASE(a_decision_right_after_the_question_is_not_lost) {
  // The decision may come in between any two steps of the run that is about to wait.
  for (std::size_t lead = 0; lead < 40; ++lead) {
    BOOST_TEST_CONTEXT("after " << lead << " messages") {
      with_approvals in;
      (void)in.at->run(in.ada, in.work);
      in.settle();
      in.model.last().ask_tools({{"a", "pay", "{}"}});
      in.at->steps(lead);
      auto said = in.at->decide(in.ada, in.work, true);
      in.settle();
      if (!granted(said)) {
        said = in.at->decide(in.ada, in.work, true);
        in.settle();
      }
      BOOST_TEST(granted(said));
      BOOST_REQUIRE_EQUAL(in.model.calls.size(), 2U);
      in.model.last().end();
      in.settle();
      BOOST_TEST((in.status(in.work) == task_status::done));
      in.check(in.work);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_decision_is_refused_where_nothing_waits) {
  const auto early = at->decide(ada, work, true);
  settle();
  BOOST_TEST((refusal(early) == errc::invalid));
  reach_waiting();
  const auto wrong = at->decide(ada, work, true, "zzz");
  settle();
  BOOST_TEST((refusal(wrong) == errc::invalid));
  BOOST_TEST((status(work) == task_status::waiting));
  const auto unknown = at->decide(ada, task_id::make(clock.now()), true);
  settle();
  BOOST_TEST((refusal(unknown) == errc::not_found));
}

BOOST_AUTO_TEST_CASE(cancel_wherever_a_task_stands) {
  const auto cancel_ok = [this](task_id which) {
    const auto done = at->cancel(ada, which);
    settle();
    BOOST_TEST(granted(done));
    const auto now = record(which).task;
    BOOST_TEST((now.status == task_status::error));
    BOOST_TEST(now.error->code == "cancelled");
    BOOST_TEST(told_times(which, bus::task_cancelled) == 1U);
    BOOST_TEST(!record(which).queued);
    const auto twice = at->cancel(ada, which);
    settle();
    BOOST_TEST((refusal(twice) == errc::invalid));
    check(which);
  };
  reach_waiting();
  cancel_ok(work);
  const auto pending = add_task(ada);
  cancel_ok(pending);
  const auto running = add_task(ada);
  const auto queued = add_task(ada);
  (void)at->run(ada, running);
  settle();
  (void)at->run(ada, queued);
  settle();
  cancel_ok(queued);
  model.last().say("par");
  settle();
  cancel_ok(running);
  BOOST_TEST(model.last().gone);
  BOOST_TEST(*record(running).task.output == "par");
  const auto next = add_task(ada);
  model.script = [](model_exchange& call) { call.end(); };
  run_through(ada, next);
  BOOST_TEST((status(next) == task_status::done));
  BOOST_TEST((status(queued) == task_status::error));
}

BOOST_AUTO_TEST_CASE(cancel_at_every_step_of_a_run) {
  for (std::size_t lead = 0; lead < 60; ++lead) {
    BOOST_TEST_CONTEXT("after " << lead << " messages") {
      with_approvals in;
      in.model.script = [](model_exchange& call) {
        call.say("x");
        call.ask_tools({{"a", "pay", "{}"}});
      };
      (void)in.at->run(in.ada, in.work);
      in.at->steps(lead);
      const auto done = in.at->cancel(in.ada, in.work);
      in.settle();
      BOOST_TEST(granted(done));
      const auto now = in.record(in.work).task;
      BOOST_TEST((now.status == task_status::error));
      BOOST_TEST(in.told_times(in.work, bus::task_cancelled) == 1U);
      BOOST_TEST(in.tools.calls.empty());
      if (in.told_times(in.work, bus::task_started) == 1) BOOST_TEST(now.started_at.has_value());
      in.check(in.work);
      const auto next = in.add_task(in.ada);
      in.model.script = [](model_exchange& call) { call.end(); };
      in.run_through(in.ada, next);
      BOOST_TEST((in.status(next) == task_status::done));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_paused_agent_takes_nothing_up) {
  const auto queued = add_task(ada);
  const auto fresh = add_task(ada);
  (void)at->run(ada, work);
  settle();
  (void)at->run(ada, queued);
  settle();
  change_agent(ada, agent_status::paused);
  settle();
  model.last().end();
  settle();
  BOOST_TEST((status(work) == task_status::done));
  BOOST_TEST((status(queued) == task_status::pending));
  const auto refused = at->run(ada, fresh);
  settle();
  BOOST_TEST((refusal(refused) == errc::invalid));
  pass(idle_after * 3);  // it is let go, and comes back
  model.script = [](model_exchange& call) { call.end(); };
  change_agent(ada, agent_status::active);
  settle();
  BOOST_TEST((status(queued) == task_status::done));
  BOOST_TEST((status(fresh) == task_status::pending));
}

BOOST_AUTO_TEST_CASE(an_archived_agent_cancels_what_it_had) {
  reach_waiting();
  const auto running = add_task(ada);
  const auto queued = add_task(ada);
  const auto fresh = add_task(ada);
  (void)at->run(ada, running);
  settle();
  (void)at->run(ada, queued);
  settle();
  change_agent(ada, agent_status::archived);
  settle();
  for (const auto& each : {work, running, queued, fresh}) {
    BOOST_TEST((status(each) == task_status::error));
    BOOST_TEST(record(each).task.error->code == "cancelled");
    BOOST_TEST(told_times(each, bus::task_cancelled) == 1U);
    check(each);
  }
  BOOST_TEST(model.last().gone);
}

BOOST_AUTO_TEST_CASE(an_idle_agent_is_let_go_and_comes_back) {
  const auto actors_now = [this] { return at->system->registry().running(); };
  const auto none = actors_now();
  (void)at->cancel(ada, task_id::make(clock.now()));
  settle();
  BOOST_TEST(actors_now() == none + 1);
  pass(idle_after - 1s);
  BOOST_TEST(actors_now() == none + 1);
  pass(idle_after + 2s);
  BOOST_TEST(actors_now() == none);
  // A refusal keeps it no longer than anything else does.
  for (int i = 0; i < 3; ++i) (void)at->decide(ada, work, true);
  pass(idle_after * 2 + 2s);
  BOOST_TEST(actors_now() == none);
  model.script = [](model_exchange& call) { call.end(); };
  run_through(ada, work);
  BOOST_TEST((status(work) == task_status::done));
  pass(idle_after * 2 + 2s);
  BOOST_TEST(actors_now() == none);
}

BOOST_AUTO_TEST_CASE(a_message_that_meets_passivation_is_not_lost) {
  model.script = [](model_exchange& call) { call.end(); };
  for (std::size_t lead = 0; lead < 12; ++lead) {
    (void)at->cancel(ada, task_id::make(clock.now()));
    settle();
    const auto each = add_task(ada);
    // The timer has gone off; the agent's wish to go and the request cross.
    clock.time += idle_after;
    at->scheduler->advance_time(idle_after);
    at->steps(lead);
    const auto accepted = at->run(ada, each);
    settle();
    BOOST_TEST(granted(accepted));
    BOOST_TEST((status(each) == task_status::done));
  }
}

BOOST_AUTO_TEST_CASE(settling_waits_for_what_runs) {
  const auto queued = add_task(ada);
  (void)at->run(ada, work);
  settle();
  (void)at->run(ada, queued);
  settle();
  const auto settled = at->order(actors::settle{});
  pass(10min);  // a drain may take long
  BOOST_TEST(!*settled);
  const auto refused = at->run(ada, add_task(ada));
  settle();
  BOOST_TEST((refusal(refused) == errc::unavailable));
  model.last().end();
  settle();
  BOOST_TEST(*settled);
  BOOST_TEST((status(work) == task_status::done));
  BOOST_TEST((status(queued) == task_status::pending));
  BOOST_TEST(model.calls.size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_agent_that_is_not_there_is_not_found) {
  const auto nobody = agent_id::make(clock.now());
  const auto asked = at->run(nobody, task_id::make(clock.now()));
  pass(1s);
  BOOST_TEST((refusal(asked) == errc::not_found));
}

BOOST_AUTO_TEST_SUITE_END()
