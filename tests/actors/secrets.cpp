// What a run stores and tells is without secrets, however they come; the key that a model is called with.
#include <boost/test/unit_test.hpp>

#include "core/run_events.hpp"
#include "tests/actors/world.hpp"
#include "tests/support/literal_redactor.hpp"

using namespace flotilla;
using namespace flotilla::testing;
using words = std::vector<std::string>;

namespace {

struct with_a_secret : world {
  with_a_secret() { hide(); }
  void hide() {
    at->env->redactor_of = [this](org_id of) { return of == org ? with : nullptr; };
  }
  void check_hidden(task_id which) const {
    check(which);
    for (const auto& each : events(which)) {
      for (const auto& text :
           {each.text, each.tool.value_or(""), each.call_id.value_or(""), each.data.value_or("")}) {
        BOOST_TEST(text.find("swordfish") == std::string::npos, text);
      }
    }
    const auto now = record(which).task;
    BOOST_TEST(now.output.value_or("").find("swordfish") == std::string::npos);
    if (now.error) BOOST_TEST(now.error->message.find("swordfish") == std::string::npos);
  }
  std::string output(task_id which) const { return record(which).task.output.value_or(""); }

  redactor_ptr with = std::make_shared<literal_redactor>(
      std::map<std::string, std::string>{{"swordfish", "WORD"}, {"1234567", "PIN"}});
};

credential_ptr credential_of(const std::string& value) {
  return std::make_shared<const credential>(credential{"SCRIPTED_API_KEY", secret_text(value)});
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(secrets, with_a_secret)

BOOST_AUTO_TEST_CASE(a_value_in_pieces_is_told_as_its_key) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  (void)at->run(ada, work);
  settle();
  for (const auto* piece : {"the sw", "ord", "fish!", " swor", "d"}) {
    model.last().say(piece);
    settle();
  }
  model.last().end();
  settle();
  BOOST_TEST(story(work) ==
                 (words{"running", "model_call", "+the ", "+[secret:WORD]!", "+ ", "+sword", "model_answer", "done"}),
             boost::test_tools::per_element());
  check_hidden(work);
}

BOOST_AUTO_TEST_CASE(what_may_be_a_beginning_is_told_when_the_answer_is_over) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  model.script = [](model_exchange& call) {
    call.think("a sword");
    call.say("swordf");
    call.end();
  };
  run_through(ada, work);
  BOOST_TEST(story(work) == (words{"running", "model_call", "?a ", "?sword", "+swordf", "model_answer", "done"}),
             boost::test_tools::per_element());
  BOOST_TEST(output(work) == "swordf");
}

BOOST_AUTO_TEST_CASE(a_value_over_two_turns_is_never_whole) {
  tools.offer("look", true);
  tools.script = [](tool_exchange& call) { call.answer("nothing"); };
  const auto ada = add_agent();
  const auto work = add_task(ada);
  model.script = [&](model_exchange& call) {
    if (model.calls.size() > 1) {
      call.say("fish");
      return call.end();
    }
    call.say("sword");
    call.ask_tools({{"c1", "look", "{}"}});
  };
  run_through(ada, work);
  BOOST_TEST(output(work) == "sword[secret:WORD]");
  check_hidden(work);
}

BOOST_AUTO_TEST_CASE(a_broken_answer_goes_on_without_a_gap) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  (void)at->run(ada, work);
  settle();
  model.last().say("my sword");
  settle();
  model.last().fail("provider_unreachable", true);
  settle();
  pass(5s);
  BOOST_REQUIRE_EQUAL(model.calls.size(), 2U);
  // What was held back was never said: the model is asked to go on from before it.
  const auto& turns = model.last().request.turns;
  BOOST_TEST(std::get<assistant_turn>(turns.at(1)).text == "my ");
  model.last().say("swordfish is ");
  model.last().say("gone");
  model.last().end();
  settle();
  BOOST_TEST(output(work) == "my [secret:WORD] is gone");
  check_hidden(work);
}

BOOST_AUTO_TEST_CASE(an_answer_that_repeats_a_hidden_value_repeats_nothing) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  (void)at->run(ada, work);
  settle();
  model.last().say("swordfish and ");
  settle();
  model.last().fail("provider_unreachable", true);
  settle();
  pass(5s);
  model.last().say("swordfish and chips");
  model.last().end();
  settle();
  BOOST_TEST(output(work) == "[secret:WORD] and chips");
}

BOOST_AUTO_TEST_CASE(a_crash_in_the_middle_of_a_value_leaves_none) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  (void)at->run(ada, work);
  settle();
  model.last().say("my sword");
  settle();
  crash();
  start();
  hide();
  settle();
  BOOST_REQUIRE_EQUAL(model.calls.size(), 2U);
  model.last().say("swordfish");
  model.last().end();
  settle();
  BOOST_TEST(output(work) == "my [secret:WORD]");
  check_hidden(work);
}

BOOST_AUTO_TEST_CASE(a_value_cut_by_a_crash_after_its_turn_is_never_whole) {
  tools.offer("look", true);
  const auto ada = add_agent();
  const auto work = add_task(ada);
  (void)at->run(ada, work);
  settle();
  model.last().say("sword");
  model.last().ask_tools({{"c1", "look", "{}"}});
  settle();
  crash();
  start();
  hide();
  tools.script = [](tool_exchange& call) { call.answer("nothing"); };
  settle();
  model.last().say("fish");
  model.last().end();
  settle();
  BOOST_TEST(output(work) == "sword[secret:WORD]");
}

BOOST_AUTO_TEST_CASE(a_suspended_run_tells_no_beginning) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  (void)at->run(ada, work);
  settle();
  model.last().say("my sword");
  settle();
  (void)at->order(actors::suspend{});
  settle();
  BOOST_TEST(story(work) == (words{"running", "model_call", "+my ", "suspended"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(thinking_with_a_secret_is_not_sent_back_as_the_vendor_s) {
  tools.offer("look", true);
  tools.script = [](tool_exchange& call) { call.answer("nothing"); };
  const auto ada = add_agent();
  const auto work = add_task(ada);
  model.script = [&](model_exchange& call) {
    if (model.calls.size() > 1) return call.end();
    call.think("sword");
    call.think("fish!");
    call.sink->on_delta(thinking_end{R"({"signature":"s1"})"});
    call.think("plain");
    call.sink->on_delta(thinking_end{R"({"signature":"s2"})"});
    call.ask_tools({{"c1", "look", "{}"}});
  };
  run_through(ada, work);
  const auto& said = std::get<assistant_turn>(model.last().request.turns.at(1));
  BOOST_REQUIRE_EQUAL(said.thinking.size(), 2U);
  BOOST_TEST(said.thinking[0].text == "[secret:WORD]!");
  BOOST_TEST(said.thinking[0].opaque == "{}");
  BOOST_TEST(said.thinking[1].text == "plain");
  BOOST_TEST(said.thinking[1].opaque == R"({"signature":"s2"})");
  check_hidden(work);
}

BOOST_AUTO_TEST_CASE(tools_are_called_and_answer_without_secrets) {
  tools.offer("look", true);
  const auto ada = add_agent();
  const auto work = add_task(ada);
  model.script = [&](model_exchange& call) {
    if (model.calls.size() > 1) return call.end();
    call.ask_tools({{"c-swordfish", "look", R"({"word":"swordfish","pin":1234567,"swordfish":[true,"x"]})"},
                    {"c2", "swordfish", "{}"}});
  };
  tools.script = [](tool_exchange& call) { call.answer("the \"swordfish\" swims"); };
  run_through(ada, work);
  BOOST_REQUIRE_EQUAL(tools.calls.size(), 1U);
  BOOST_TEST(tools.calls[0]->invocation.request.arguments ==
             R"({"word":"[secret:WORD]","pin":"[secret:PIN]","[secret:WORD]":[true,"x"]})");
  const auto& turns = model.last().request.turns;
  const auto& answers = std::get<tool_turn>(turns.back()).outcomes;
  BOOST_TEST(answers.at(0).text == "the \"[secret:WORD]\" swims");
  BOOST_TEST(answers.at(1).text == "There is no tool named \"[secret:WORD]\".");
  BOOST_TEST((status(work) == task_status::done));
  check_hidden(work);
}

BOOST_AUTO_TEST_CASE(a_long_result_is_redacted_before_it_is_cut) {
  tools.offer("look", true);
  const auto ada = add_agent();
  const auto work = add_task(ada);
  model.script = [&](model_exchange& call) {
    if (model.calls.size() > 1) return call.end();
    call.ask_tools({{"c1", "look", "{}"}});
  };
  tools.script = [](tool_exchange& call) {
    std::string text;
    while (text.size() < max_tool_result_bytes - 5) text += 'x';
    text += "swordfish and more";
    call.answer(std::move(text));
  };
  run_through(ada, work);
  for (const auto& each : events(work)) BOOST_TEST(each.text.find("sword") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(counts_stay_counts) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  model.script = [](model_exchange& call) { call.end({1234567, 1}); };
  run_through(ada, work);
  BOOST_TEST((status(work) == task_status::done));
  BOOST_TEST(record(work).task.usage.input_tokens == 1234567U);
}

BOOST_AUTO_TEST_CASE(a_failure_s_words_are_redacted_in_event_and_record) {
  const auto ada = add_agent();
  const auto work = add_task(ada);
  model.script = [](model_exchange& call) {
    call.say("sword");
    call.sink->on_failure({.code = "provider_rejected",
                           .message = "bad swordfish",
                           .retryable = false,
                           .retry_after = {},
                           .usage = {}});
  };
  run_through(ada, work);
  BOOST_TEST(record(work).task.error->message == "bad [secret:WORD]");
  BOOST_TEST(output(work) == "sword");
  check_hidden(work);
}

BOOST_AUTO_TEST_CASE(a_secret_that_is_put_while_a_model_speaks_is_hidden_at_once) {
  with = nullptr;
  const auto ada = add_agent();
  const auto work = add_task(ada);
  (void)at->run(ada, work);
  settle();
  model.last().say("one swordfish, ");
  settle();
  with = std::make_shared<literal_redactor>(std::map<std::string, std::string>{{"swordfish", "WORD"}});
  model.last().say("two swordfish");
  model.last().end();
  settle();
  BOOST_TEST(output(work) == "one swordfish, two [secret:WORD]");
}

BOOST_AUTO_TEST_CASE(a_humans_comment_is_redacted) {
  tools.offer("look");
  const auto ada = add_agent({"look"});
  const auto work = add_task(ada);
  model.script = [&](model_exchange& call) {
    if (model.calls.size() > 1) return call.end();
    call.ask_tools({{"c1", "look", "{}"}});
  };
  run_through(ada, work);
  (void)at->decide(ada, work, false, "", "not swordfish");
  settle();
  BOOST_TEST((status(work) == task_status::done));
  check_hidden(work);
}

BOOST_AUTO_TEST_CASE(messages_are_redacted_where_they_are_put_on_the_bus) {
  actors::journal hiding(at->store, at->hub, std::make_shared<storage::bus_stamp>(clock, timestamp{}),
                         [this](org_id) { return with; });
  storage::message_draft draft;
  draft.type = "agent.message";
  draft.text = "the swordfish";
  draft.data = R"({"swordfish":["a swordfish",1234567]})";
  hiding.commit(org, {}, {draft}, [](const auto& outcome) { BOOST_TEST(outcome.has_value()); });
  BOOST_TEST(bus().back().text == "the [secret:WORD]");
  BOOST_TEST(bus().back().data.value_or("") == R"({"[secret:WORD]":["a [secret:WORD]",1234567]})");
}

// --- the key of a model call --------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_key_of_the_agent_s_secrets_goes_with_each_call) {
  const auto ada = add_agent();
  at->env->credential_for = [&](const actors::agent_key& who, std::string_view provider,
                                const reply<credential_ptr>& handler) {
    BOOST_TEST((who.agent == ada && who.org == org));
    BOOST_TEST(provider == "scripted");
    handler(credential_of("k1"));
  };
  const auto work = add_task(ada);
  model.script = [](model_exchange& call) {
    BOOST_REQUIRE(call.request.key);
    BOOST_TEST(call.request.key->value.view() == "k1");
    call.end();
  };
  run_through(ada, work);
  BOOST_TEST((status(work) == task_status::done));
}

BOOST_AUTO_TEST_CASE(a_key_may_come_later) {
  std::vector<reply<credential_ptr>> asked;
  at->env->credential_for = [&](const actors::agent_key&, std::string_view, reply<credential_ptr> handler) {
    asked.push_back(std::move(handler));
  };
  const auto ada = add_agent();
  const auto work = add_task(ada);
  (void)at->run(ada, work);
  settle();
  BOOST_TEST(model.calls.empty());
  BOOST_REQUIRE_EQUAL(asked.size(), 1U);
  asked[0](credential_ptr());
  settle();
  BOOST_REQUIRE_EQUAL(model.calls.size(), 1U);
  BOOST_TEST(!model.last().request.key);
  model.last().end();
  settle();
  BOOST_TEST((status(work) == task_status::done));
}

BOOST_AUTO_TEST_CASE(a_key_that_comes_after_a_cancel_calls_nobody) {
  std::vector<reply<credential_ptr>> asked;
  at->env->credential_for = [&](const actors::agent_key&, std::string_view, reply<credential_ptr> handler) {
    asked.push_back(std::move(handler));
  };
  const auto ada = add_agent();
  const auto work = add_task(ada);
  (void)at->run(ada, work);
  settle();
  (void)at->cancel(ada, work);
  settle();
  BOOST_TEST((status(work) == task_status::error));
  asked.at(0)(credential_of("k1"));
  settle();
  BOOST_TEST(model.calls.empty());
}

BOOST_AUTO_TEST_CASE(a_key_that_cannot_be_opened_ends_the_task) {
  at->env->credential_for = [](const actors::agent_key&, std::string_view, const reply<credential_ptr>& handler) {
    handler(fail(errc::internal, "The secret SCRIPTED_API_KEY cannot be opened: it is damaged."));
  };
  const auto ada = add_agent();
  const auto work = add_task(ada);
  run_through(ada, work);
  BOOST_TEST((status(work) == task_status::error));
  BOOST_TEST(record(work).task.error->code == "secret_unreadable");
  BOOST_TEST(record(work).task.error->message == "The secret SCRIPTED_API_KEY cannot be opened: it is damaged.");
  BOOST_TEST(model.calls.empty());
}

BOOST_AUTO_TEST_CASE(a_store_that_cannot_be_read_for_a_while_is_asked_again) {
  int times = 0;
  at->env->credential_for = [&](const actors::agent_key&, std::string_view, const reply<credential_ptr>& handler) {
    if (++times == 1) return handler(fail(errc::unavailable, "The store cannot be read."));
    handler(credential_of("k1"));
  };
  const auto ada = add_agent();
  const auto work = add_task(ada);
  model.script = [](model_exchange& call) { call.end(); };
  run_through(ada, work);
  pass(5s);
  BOOST_TEST(times == 2);
  BOOST_TEST((status(work) == task_status::done));
}

BOOST_AUTO_TEST_SUITE_END()
