// Messages between agents: they lie in the receiver's mailbox until its next turn, are read once, and may wake it.
#include "actors/mail.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

#include "core/bus_types.hpp"
#include "tests/actors/world.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

std::string call_to(const std::string& to, const std::string& text, bool wake = false) {
  return R"({"to":")" + to + R"(","text":")" + text + R"(","wake":)" + (wake ? "true" : "false") + "}";
}

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// Ada, who can be written to, and Bob, who writes.
struct with_mail : world {
  agent_id ada = add_agent({}, {}, "Ada");
  agent_id bob = add_agent({}, {}, "Bob");

  task_id begin(agent_id who) {
    const auto work = add_task(who);
    (void)at->run(who, work);
    settle();
    return work;
  }
  /// Has Bob call `send_message` in a run of his own, and gives what the tool answered.
  std::string send(const std::string& arguments) {
    const auto before = model.calls.size();
    const auto work = begin(bob);
    model.calls.at(before)->ask_tools({{"m1", "send_message", arguments}});
    settle();
    for (std::size_t i = before; i < model.calls.size(); ++i) {
      const auto call = model.calls[i];
      if (!call->gone && call->has_results()) call->end();
    }
    settle();
    BOOST_TEST((status(work) == task_status::done));
    check(work);
    for (const auto& each : events(work)) {
      if (each.type == event_type::tool_result) return each.text;
    }
    BOOST_FAIL("the tool has answered nothing");
    return {};
  }
  std::vector<message> said() const {
    auto found = bus();
    std::erase_if(found, [](const message& each) { return each.type != bus::agent_message; });
    return found;
  }
  std::vector<task> tasks_of(agent_id who) const {
    task_query query;
    query.assignee = who;
    return storage::list_tasks(*disk->snapshot().value(), org, query)->items;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(mail, with_mail)

BOOST_AUTO_TEST_CASE(a_message_lies_in_the_mailbox_until_the_next_turn) {
  BOOST_TEST(holds(send(call_to("Ada", "the harbour is closed")), ada.to_string()));
  BOOST_REQUIRE_EQUAL(said().size(), 1U);
  BOOST_TEST((said()[0].from == party::of(bob)));
  BOOST_TEST((said()[0].to == party::of(ada)));
  BOOST_TEST(unread(ada) == 1U);
  BOOST_TEST(tasks_of(ada).empty());
  const auto work = begin(ada);
  const auto& first = model.last();
  BOOST_TEST(first.input() == "do it");
  BOOST_TEST(holds(first.background(), "Message from Bob (" + bob.to_string()));
  BOOST_TEST(holds(first.background(), "the harbour is closed"));
  BOOST_TEST(unread(ada) == 0U);
  const auto told = events(work);
  BOOST_TEST(std::count_if(told.begin(), told.end(), [](const event& each) { return each.text == "mail"; }) == 1);
  model.last().end();
  settle();
  check(work);
  // From then on it is a memory.
  const auto next = begin(ada);
  const auto again = events(next);
  BOOST_TEST(std::none_of(again.begin(), again.end(), [](const event& each) { return each.text == "mail"; }));
  BOOST_TEST(holds(model.last().background(), "the harbour is closed"));
}

BOOST_AUTO_TEST_CASE(a_message_comes_in_the_middle_of_a_run) {
  tools.offer("look", true);
  const auto work = begin(ada);
  model.calls[0]->say("I look.");
  settle();
  post(ada, "look left");
  settle();
  model.calls[0]->ask_tools({{"c1", "look", "{}"}});
  settle();
  tools.calls.at(0)->answer("a ship");
  settle();
  BOOST_TEST(model.calls[0]->background().empty());
  BOOST_REQUIRE_EQUAL(model.calls.size(), 2U);
  const auto& turns = model.calls[1]->request.turns;
  const auto* mail = std::get_if<user_turn>(&turns.back());
  BOOST_REQUIRE(mail != nullptr);
  BOOST_TEST(mail->background);
  BOOST_TEST(holds(mail->text, "Message from a user"));
  BOOST_TEST(holds(mail->text, "look left"));
  BOOST_TEST(unread(ada) == 0U);
  model.last().end();
  settle();
  BOOST_TEST((status(work) == task_status::done));
  check(work);
}

BOOST_AUTO_TEST_CASE(what_comes_too_late_stays_for_the_next_task) {
  (void)begin(ada);
  post(ada, "too late");
  model.last().end();
  settle();
  BOOST_TEST(unread(ada) == 1U);
  (void)begin(ada);
  BOOST_TEST(holds(model.last().background(), "too late"));
  BOOST_TEST(unread(ada) == 0U);
}

BOOST_AUTO_TEST_CASE(many_messages_are_given_in_portions) {
  tools.offer("look", true);
  for (std::size_t i = 0; i < actors::max_mail_per_turn + 2; ++i) post(ada, "number " + std::to_string(i));
  (void)begin(ada);
  BOOST_TEST(unread(ada) == 2U);
  model.last().ask_tools({{"c1", "look", "{}"}});
  settle();
  tools.calls.at(0)->answer("nothing");
  settle();
  BOOST_TEST(unread(ada) == 0U);
}

BOOST_AUTO_TEST_CASE(whom_a_message_is_for) {
  const auto zoe = add_agent({}, {}, "Zoe");
  const auto twin = add_agent({}, {}, "Zoe");
  const auto gone = add_agent({}, {}, "Gone");
  change_agent(gone, agent_status::archived);
  settle();
  BOOST_TEST(holds(send(call_to(zoe.to_string(), "x")), zoe.to_string()));
  BOOST_TEST(unread(zoe) == 1U);
  BOOST_TEST(holds(send(call_to("Zoe", "x")), "more than one agent"));
  BOOST_TEST(holds(send(call_to("Nobody", "x")), "to: there is no agent"));
  BOOST_TEST(holds(send(call_to(agent_id::make(clock.now()).to_string(), "x")), "to: there is no agent"));
  BOOST_TEST(holds(send(call_to("Gone", "x")), "to: there is no agent"));
  BOOST_TEST(holds(send(call_to("Bob", "x")), "to: that is you"));
  BOOST_TEST(holds(send(R"({"text":"x"})"), "to"));
  BOOST_TEST(holds(send(R"({"team":"deck","text":"x"})"), "team: there is nobody else"));
  BOOST_TEST(said().size() == 1U);
  for (const auto& each : {ada, zoe, bob}) {
    change_agent(each, [](agent& to) { to.team = "deck"; });
  }
  BOOST_TEST(holds(send(R"({"team":"deck","text":"all hands"})"), "Ada"));
  BOOST_TEST(said().size() == 3U);
  BOOST_TEST(unread(ada) == 1U);
  BOOST_TEST(unread(zoe) == 2U);
  BOOST_TEST(unread(bob) == 0U);
  BOOST_TEST(unread(twin) == 0U);
  (void)begin(ada);
  BOOST_TEST(holds(model.last().background(), "deck"));
}

BOOST_AUTO_TEST_CASE(a_message_wakes_one_who_is_idle) {
  (void)send(call_to("Ada", "please look", true));
  const auto made = tasks_of(ada);
  BOOST_REQUIRE_EQUAL(made.size(), 1U);
  BOOST_TEST((made[0].status == task_status::running));
  BOOST_TEST(made[0].title == "Message from Bob");
  BOOST_TEST((made[0].requester == bob));
  BOOST_TEST(holds(model.last().background(), "please look"));
  BOOST_TEST(unread(ada) == 0U);
  BOOST_TEST(signals(ada) == 0U);
  model.last().end();
  settle();
  BOOST_TEST((status(made[0].id) == task_status::done));
  check(made[0].id);
}

BOOST_AUTO_TEST_CASE(one_who_is_busy_is_not_woken_but_reads_it) {
  tools.offer("look", true);
  (void)begin(ada);
  post(ada, "psst", true);
  settle();
  model.last().ask_tools({{"c1", "look", "{}"}});
  settle();
  tools.calls.at(0)->answer("nothing");
  settle();
  BOOST_TEST(holds(model.last().background(), "psst"));
  model.last().end();
  settle();
  BOOST_TEST(tasks_of(ada).size() == 1U);
  BOOST_TEST(signals(ada) == 0U);
}

BOOST_AUTO_TEST_CASE(one_who_had_no_turn_left_is_woken_when_it_is_idle) {
  (void)begin(ada);
  post(ada, "psst", true);
  settle();
  model.last().end();
  settle();
  BOOST_REQUIRE_EQUAL(tasks_of(ada).size(), 2U);
  BOOST_TEST(tasks_of(ada)[0].title == "Message from a user");
  BOOST_TEST(holds(model.last().background(), "psst"));
  BOOST_TEST(signals(ada) == 0U);
}

BOOST_AUTO_TEST_CASE(one_who_is_paused_is_woken_later) {
  change_agent(ada, agent_status::paused);
  settle();
  post(ada, "psst", true);
  pass(idle_after * 3);
  BOOST_TEST(tasks_of(ada).empty());
  BOOST_TEST(signals(ada) == 1U);
  change_agent(ada, agent_status::active);
  settle();
  BOOST_REQUIRE_EQUAL(tasks_of(ada).size(), 1U);
  BOOST_TEST(holds(model.last().background(), "psst"));
}

BOOST_AUTO_TEST_CASE(two_agents_do_not_wake_each_other_for_ever) {
  std::size_t refused = 0;
  model.script = [&refused](model_exchange& call) {
    if (!call.has_results()) {
      const bool is_ada = holds(call.background(), "Message from Bob") || holds(call.background(), "from a user");
      return call.ask_tools({{"m", "send_message", call_to(is_ada ? "Bob" : "Ada", "your turn", true)}});
    }
    const auto& outcome = std::get<tool_turn>(call.request.turns.back()).outcomes.front();
    if (outcome.is_error) ++refused;
    call.end();
  };
  // Memory would hold the other's messages, too.
  for (const auto& each : {ada, bob}) change_agent(each, [](agent& to) { to.memory_tokens = 0; });
  post(ada, "begin", true);
  pass(5s);
  BOOST_TEST(refused == 1U);
  BOOST_TEST(tasks_of(ada).size() + tasks_of(bob).size() == actors::max_wakes_in_a_row);
}

BOOST_AUTO_TEST_CASE(memory_stands_before_a_task_and_stays_the_same_after_a_crash) {
  tools.offer("look", true);
  model.script = [](model_exchange& call) {
    call.say("it was done");
    call.end();
  };
  run_through(ada, add_task(ada));
  model.script = nullptr;
  clock.time += 1s;
  const auto work = begin(ada);
  const auto before = model.last().background();
  BOOST_TEST(holds(before, "it was done"));
  BOOST_TEST(std::get<user_turn>(model.last().request.turns.at(0)).text == before);
  BOOST_TEST(std::get<user_turn>(model.last().request.turns.at(1)).text == "do it");
  clock.time += 1s;
  post(ada, "something new");
  model.last().ask_tools({{"c1", "look", "{}"}});
  settle();
  tools.calls.at(0)->answer("nothing");
  settle();
  const auto with_mail = model.last().background();
  clock.time += 1s;
  crash();
  start();
  settle();
  BOOST_TEST(model.last().background() == with_mail);
  BOOST_TEST(std::get<user_turn>(model.last().request.turns.at(0)).text == before);
  model.last().end();
  settle();
  BOOST_TEST((status(work) == task_status::done));
  check(work);
}

BOOST_AUTO_TEST_CASE(one_who_may_remember_nothing_is_told_nothing) {
  model.script = [](model_exchange& call) { call.end(); };
  run_through(ada, add_task(ada));
  change_agent(ada, [](agent& to) { to.memory_tokens = 0; });
  run_through(ada, add_task(ada));
  BOOST_TEST(model.last().background().empty());
  change_agent(ada, [this](agent& to) {
    to.memory_tokens = 1000;
    to.memory_since = clock.now();
  });
  run_through(ada, add_task(ada));
  BOOST_TEST(model.last().background().empty());
}

// --- at every message
// ------------------------------------------------------------------------------------------------

namespace {

/// Bob writes to Ada, who is woken, reads it, and answers.
void play(model_exchange& call) {
  if (call.has_results()) return call.end();
  const bool is_ada = holds(call.background(), "ping");
  call.ask_tools({{"m", "send_message", is_ada ? call_to("Bob", "pong") : call_to("Ada", "ping", true)}});
}

void check_exchange(with_mail& in, task_id work) {
  in.pass(5s);
  BOOST_TEST((in.status(work) == task_status::done));
  const auto said = in.said();
  BOOST_REQUIRE_EQUAL(said.size(), 2U);
  BOOST_TEST(said[0].text == "ping");
  BOOST_TEST(said[1].text == "pong");
  const auto made = in.tasks_of(in.ada);
  BOOST_REQUIRE_EQUAL(made.size(), 1U);
  BOOST_TEST((made[0].status == task_status::done));
  BOOST_TEST(in.unread(in.ada) == 0U);
  // A run of Bob's that goes on after a crash may have a turn left for the answer.
  const auto by_bob = in.events(work);
  const auto read =
      std::count_if(by_bob.begin(), by_bob.end(), [](const event& each) { return each.text == "mail"; });
  BOOST_TEST(in.unread(in.bob) + static_cast<std::size_t>(read) == 1U);
  BOOST_TEST(in.signals(in.ada) == 0U);
  const auto told = in.events(made[0].id);
  BOOST_TEST(std::count_if(told.begin(), told.end(), [](const event& each) { return each.text == "mail"; }) == 1);
  in.check(work);
  in.check(made[0].id);
  in.pass(idle_after * 2);
  BOOST_TEST(in.at->env->slots->taken() == 0U);
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_exchange_whatever_comes_first) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      with_mail in;
      in.model.script = play;
      const auto work = in.add_task(in.bob);
      (void)in.at->run(in.bob, work);
      in.at->shuffle(seed);
      check_exchange(in, work);
    }
  }
}

// Ada is busy, and is written to with a wish to wake her: she reads it in this run, or is woken behind it.
BOOST_AUTO_TEST_CASE(one_who_is_busy_and_is_called_whatever_comes_first) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      with_mail in;
      in.model.script = [](model_exchange& call) { call.end(); };
      const auto work = in.add_task(in.ada);
      (void)in.at->run(in.ada, work);
      in.at->steps(seed % 20);
      in.post(in.ada, "psst", true);
      in.at->shuffle(seed);
      BOOST_TEST((in.status(work) == task_status::done));
      BOOST_TEST(in.unread(in.ada) == 0U);
      BOOST_TEST(in.signals(in.ada) == 0U);
      for (const auto& each : in.tasks_of(in.ada)) BOOST_TEST((each.status == task_status::done));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_process_ends_at_every_message_of_an_exchange) {
  for (std::size_t lead = 0;; ++lead) {
    BOOST_TEST_CONTEXT("after " << lead << " messages") {
      with_mail in;
      in.model.script = play;
      const auto work = in.add_task(in.bob);
      (void)in.at->run(in.bob, work);
      const auto made = in.at->steps(lead);
      in.crash();
      in.start();
      in.settle();
      if (in.status(work) == task_status::pending) (void)in.at->run(in.bob, work);
      check_exchange(in, work);
      if (made < lead) break;
      BOOST_REQUIRE(lead < 500);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_agent_or_a_run_crashes_at_every_message_of_an_exchange) {
  for (int victim = 0; victim < 4; ++victim) {
    for (std::size_t lead = 0; lead < 90; ++lead) {
      BOOST_TEST_CONTEXT("victim " << victim << " after " << lead << " messages") {
        with_mail in;
        in.model.script = play;
        const auto work = in.add_task(in.bob);
        (void)in.at->run(in.bob, work);
        in.at->steps(lead);
        const actors::agent_key who{in.org, victim % 2 == 0 ? in.ada : in.bob};
        (void)(victim < 2 ? in.at->try_kill_agent(who) : in.at->try_kill_run(who));
        in.pass(3s);
        if (in.status(work) == task_status::pending) (void)in.at->run(in.bob, work);
        check_exchange(in, work);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
