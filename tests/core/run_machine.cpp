// How a run proceeds, case by case: what the machine asks for, and what it does with what it is told.
#include "core/run_machine.hpp"

#include <boost/test/unit_test.hpp>

#include <initializer_list>
#include <utility>

#include "core/bus_types.hpp"
#include "core/run_events.hpp"

namespace {

using namespace flotilla;
using namespace std::chrono_literals;

run_spec spec_of(std::vector<std::string> approvals = {}, std::uint32_t max_turns = default_max_turns) {
  run_spec spec;
  spec.input = "do it";
  spec.approvals = std::move(approvals);
  spec.max_turns = max_turns;
  for (const auto* name : {"search", "write", "pay", "sync"}) {
    tool_spec tool;
    tool.name = name;
    tool.input_schema = "{}";
    tool.read_only = tool.name == "search";
    tool.idempotent = tool.name == "sync";
    spec.tools.push_back(std::move(tool));
  }
  return spec;
}

tool_request request_of(std::string id, std::string tool) {
  return {std::move(id), std::move(tool), "{}"};
}

/// A machine, and short words for what is told to it.
struct run {
  explicit run(run_spec spec = spec_of(), bool begun = true) : machine(std::move(spec)) {
    if (begun) tell(running_event(1, "p", "m"));
  }
  bool takes(event happened) {
    happened.seq = ++seq;
    return machine.apply(happened).has_value();
  }
  void tell(event happened) {
    const auto shown = std::string(to_string(happened.type)) + " " + happened.text;
    BOOST_TEST(takes(std::move(happened)), "refused: " + shown);
  }
  void ask() { tell(model_call_event(1, 1)); }
  void say(std::string text) { tell(*delta_event(text_delta{std::move(text)})); }
  void answer(stop_reason stop = stop_reason::end_turn, std::vector<tool_request> calls = {},
              token_usage usage = {}) {
    tell(model_answer_event({stop, std::move(calls), usage}));
  }
  void turn(std::vector<tool_request> calls) {
    ask();
    answer(stop_reason::tool_use, std::move(calls));
  }
  void result(std::string id, std::string tool, std::string text) {
    tell(tool_result_event(tool, {std::move(id), std::move(text), false}));
  }
  void fails() {
    tell(
        retrying_event({.code = "x", .message = "y", .retryable = true, .retry_after = {}, .usage = {1, 2}}, 1, 1ms));
  }
  void resumes() { tell(status_event(run_status::resumed)); }
  bool wants(const std::vector<run_action>& actions) const { return machine.next() == actions; }
  std::string ends_with() const {
    const auto next = machine.next();
    if (next.size() != 1 || !std::holds_alternative<finish>(next[0])) return "goes on";
    const auto& end = std::get<finish>(next[0]);
    return end.error ? end.error->code : "done";
  }
  std::vector<conversation_turn> talk() const { return machine.request().turns; }

  run_machine machine;
  event_seq seq = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(run_machine)

BOOST_AUTO_TEST_CASE(a_plain_answer) {
  run it(spec_of(), false);
  BOOST_TEST(it.machine.next().empty());
  it.tell(status_event(run_status::queued));
  it.tell(running_event(1, "p", "m"));
  BOOST_TEST(it.wants({call_model{1, 1}}));
  BOOST_TEST((it.talk() == std::vector<conversation_turn>{user_turn{"do it"}}));
  it.ask();
  BOOST_TEST(it.machine.next().empty());
  it.say("Hello");
  it.say(" there");
  it.answer(stop_reason::end_turn, {}, {5, 7});
  BOOST_TEST(it.machine.output() == "Hello there");
  BOOST_TEST((it.machine.usage() == token_usage{5, 7}));
  BOOST_TEST(it.ends_with() == "done");
  it.tell(status_event(run_status::done));
  BOOST_TEST(it.machine.ended());
  BOOST_TEST(it.machine.next().empty());
}

BOOST_AUTO_TEST_CASE(thinking_goes_back_unchanged) {
  run it;
  it.ask();
  it.tell(*delta_event(thinking_delta{"first "}));
  it.tell(*delta_event(thinking_delta{"thought"}));
  it.tell(*delta_event(thinking_end{R"({"signature":"s1"})"}));
  it.tell(*delta_event(thinking_end{R"({"redacted":"r"})"}));
  it.say("so");
  it.answer(stop_reason::tool_use, {request_of("a", "search")});
  it.tell(tool_call_event(request_of("a", "search")));
  it.result("a", "search", "found");
  const std::vector<conversation_turn> expected{
      user_turn{"do it"},
      assistant_turn{{{"first thought", R"({"signature":"s1"})"}, {"", R"({"redacted":"r"})"}},
                     "so",
                     {request_of("a", "search")}},
      tool_turn{{{"a", "found", false}}}};
  BOOST_TEST((it.talk() == expected));
  BOOST_TEST(it.wants({call_model{2, 1}}));
}

BOOST_AUTO_TEST_CASE(calls_are_answered_in_any_order_and_told_in_theirs) {
  run it;
  const auto a = request_of("a", "search");
  const auto b = request_of("b", "write");
  const auto c = request_of("c", "search");
  it.turn({a, b, c});
  BOOST_TEST(it.wants({call_tool{a}, call_tool{b}, call_tool{c}}));
  for (const auto& each : {a, b, c}) it.tell(tool_call_event(each));
  BOOST_TEST(it.machine.next().empty());
  it.result("c", "search", "3");
  it.result("a", "search", "1");
  BOOST_TEST(it.machine.next().empty());
  it.result("b", "write", "2");
  BOOST_TEST((std::get<tool_turn>(it.talk().back()).outcomes ==
              std::vector<tool_outcome>{{"a", "1", false}, {"b", "2", false}, {"c", "3", false}}));
  BOOST_TEST(it.wants({call_model{2, 1}}));
}

BOOST_AUTO_TEST_CASE(an_unknown_tool_is_answered) {
  run it;
  it.turn({request_of("a", "nope")});
  const tool_outcome said{"a", "There is no tool named \"nope\".", true};
  BOOST_TEST(it.wants({answer_tool{said, "nope"}}));
  it.tell(tool_result_event("nope", said));
  BOOST_TEST(it.wants({call_model{2, 1}}));
  BOOST_TEST((std::get<tool_turn>(it.talk().back()).outcomes.front() == said));
}

BOOST_AUTO_TEST_CASE(a_human_approves_one_and_rejects_the_other) {
  run it(spec_of({"p*", "wr?te"}));
  const auto pay = request_of("a", "pay");
  const auto write = request_of("b", "write");
  const auto search = request_of("c", "search");
  it.turn({pay, write, search});
  BOOST_TEST(it.wants({ask_approval{pay}, ask_approval{write}, call_tool{search}}));
  it.tell(approval_requested_event(pay, approval_reason::policy));
  it.tell(approval_requested_event(write, approval_reason::policy));
  it.tell(tool_call_event(search));
  BOOST_TEST(it.machine.next().empty());  // it parks only when nothing else goes on
  it.result("c", "search", "found");
  BOOST_TEST(it.wants({park{true}}));
  it.tell(status_event(run_status::waiting));
  BOOST_TEST(it.machine.waiting());
  BOOST_TEST(it.machine.next().empty());
  BOOST_TEST((it.machine.awaiting_approval() == std::vector<tool_request>{pay, write}));
  it.tell(decision_event({true, false, ""}, "pay", "a"));
  BOOST_TEST(it.wants({call_tool{pay}}));
  it.tell(tool_call_event(pay));
  it.result("a", "pay", "paid");
  BOOST_TEST(it.wants({park{true}}));
  it.tell(status_event(run_status::waiting));
  it.tell(decision_event({false, false, "too early"}, "write", "b"));
  const tool_outcome no{"b", "A human rejected this call. They said: too early", true};
  BOOST_TEST(it.wants({answer_tool{no, "write"}}));
  it.tell(tool_result_event("write", no));
  BOOST_TEST(it.wants({call_model{2, 1}}));
}

BOOST_AUTO_TEST_CASE(failed_tries_are_counted_until_an_answer) {
  run it;
  it.ask();
  it.fails();
  BOOST_TEST(it.wants({call_model{1, 2}}));
  BOOST_TEST(it.machine.request().attempt == 2U);
  it.ask();
  it.fails();
  it.resumes();
  BOOST_TEST(it.machine.failed_tries() == 2U);
  BOOST_TEST(it.wants({call_model{1, 3}}));
  it.ask();
  it.answer(stop_reason::tool_use, {request_of("a", "nope")}, {10, 10});
  BOOST_TEST(it.machine.failed_tries() == 0U);
  BOOST_TEST((it.machine.usage() == token_usage{12, 14}));
}

BOOST_AUTO_TEST_CASE(what_was_said_before_a_cut_goes_back) {
  run it;
  it.ask();
  it.say("Once upon");
  it.resumes();
  BOOST_TEST(it.machine.partial() == "Once upon");
  BOOST_TEST(it.wants({call_model{1, 1}}));
  auto talk = it.talk();
  BOOST_REQUIRE_EQUAL(talk.size(), 3U);
  BOOST_TEST((std::get<assistant_turn>(talk[1]) == assistant_turn{{}, "Once upon", {}}));
  BOOST_TEST(std::get<user_turn>(talk[2]).text.find("interrupted") != std::string::npos);
  it.ask();
  it.say(" a time");
  it.fails();
  it.ask();
  it.say(".");
  it.answer(stop_reason::pause);
  BOOST_TEST(it.machine.output() == "Once upon a time.");
  BOOST_TEST((std::get<assistant_turn>(it.talk().back()).text == "Once upon a time."));
}

BOOST_AUTO_TEST_CASE(blank_words_before_a_cut_do_not_go_back) {
  run it;
  it.ask();
  it.say(" \n\t");
  it.resumes();
  BOOST_TEST(it.talk().size() == 1U);
}

BOOST_AUTO_TEST_CASE(thinking_of_a_cut_call_is_dropped) {
  run it;
  it.ask();
  it.tell(*delta_event(thinking_delta{"lost"}));
  it.tell(*delta_event(thinking_end{R"({"s":1})"}));
  it.tell(*delta_event(thinking_delta{"half"}));
  it.resumes();
  it.ask();
  it.tell(*delta_event(thinking_delta{"kept"}));
  it.tell(*delta_event(thinking_end{R"({"s":2})"}));
  it.answer(stop_reason::pause);
  BOOST_TEST(
      (std::get<assistant_turn>(it.talk().back()).thinking == std::vector<thinking_block>{{"kept", R"({"s":2})"}}));
}

BOOST_AUTO_TEST_CASE(lost_calls_are_made_again_or_asked_about) {
  run it;
  const auto search = request_of("a", "search");
  const auto sync = request_of("b", "sync");
  const auto pay = request_of("c", "pay");
  it.turn({search, sync, pay});
  for (const auto& each : {search, sync, pay}) it.tell(tool_call_event(each));
  it.resumes();
  BOOST_TEST(it.wants(
      {call_tool{search, true}, call_tool{sync, true}, ask_approval{pay, approval_reason::unknown_outcome}}));
  it.tell(approval_requested_event(pay, approval_reason::unknown_outcome));
  it.result("a", "search", "1");
  it.result("b", "sync", "2");
  BOOST_TEST(it.wants({park{true}}));
}

BOOST_AUTO_TEST_CASE(a_repeated_call_that_is_cut_again_is_asked_about_again) {
  run it;
  const auto pay = request_of("c", "pay");
  it.turn({pay});
  it.tell(tool_call_event(pay));
  it.resumes();
  it.tell(approval_requested_event(pay, approval_reason::unknown_outcome));
  it.tell(status_event(run_status::waiting));
  it.tell(decision_event({true, false, ""}, "pay", "c"));
  // The second beginning stands in the journal like the first.
  BOOST_TEST(it.wants({call_tool{pay, false}}));
  it.tell(tool_call_event(pay));
  it.resumes();
  BOOST_TEST(it.wants({ask_approval{pay, approval_reason::unknown_outcome}}));
  it.tell(approval_requested_event(pay, approval_reason::unknown_outcome));
  it.tell(decision_event({false, false, ""}, "pay", "c"));
  BOOST_TEST(it.wants({answer_tool{
      {"c", "It is not known whether this call happened, and a human decided not to repeat it.", true}, "pay"}}));
}

BOOST_AUTO_TEST_CASE(every_way_to_stop) {
  const auto ends = [](stop_reason stop, std::vector<tool_request> calls = {}) {
    run it;
    it.ask();
    it.say("x");
    it.answer(stop, std::move(calls));
    return it.ends_with();
  };
  BOOST_TEST(ends(stop_reason::end_turn) == "done");
  BOOST_TEST(ends(stop_reason::tool_use) == "done");
  BOOST_TEST(ends(stop_reason::max_tokens) == "max_tokens");
  BOOST_TEST(ends(stop_reason::refusal) == "refusal");
  BOOST_TEST(ends(stop_reason::pause) == "goes on");
  // Half a call is not made.
  BOOST_TEST(ends(stop_reason::max_tokens, {request_of("a", "pay")}) == "max_tokens");
  BOOST_TEST(ends(stop_reason::refusal, {request_of("a", "pay")}) == "refusal");
  BOOST_TEST(ends(stop_reason::end_turn, {request_of("a", "pay")}) == "goes on");
}

BOOST_AUTO_TEST_CASE(turns_are_limited) {
  run it(spec_of({}, 2));
  it.turn({request_of("a", "nope")});
  it.tell(tool_result_event("nope", {"a", "no", true}));
  it.turn({request_of("a", "nope")});
  it.tell(tool_result_event("nope", {"a", "no", true}));
  BOOST_TEST(it.ends_with() == "max_turns");
  run last(spec_of({}, 1));
  last.ask();
  last.answer();
  BOOST_TEST(last.ends_with() == "done");
}

BOOST_AUTO_TEST_CASE(the_output_is_limited_while_it_comes) {
  run it;
  it.ask();
  it.say(std::string(max_output_bytes, 'x'));
  BOOST_TEST(it.machine.next().empty());
  it.say("y");
  BOOST_TEST(it.ends_with() == "output_too_large");
}

BOOST_AUTO_TEST_CASE(calls_without_an_id_of_their_own_are_answered_all) {
  run it;
  it.turn({request_of("", "nope"), request_of("", "nope"), request_of("x", "nope"), request_of("x", "nope")});
  while (it.ends_with() == "goes on") {
    const auto next = it.machine.next();
    BOOST_REQUIRE(!next.empty());
    if (std::holds_alternative<call_model>(next[0])) break;
    const auto& said = std::get<answer_tool>(next[0]);
    it.tell(tool_result_event(said.tool, said.outcome));
  }
  BOOST_TEST(it.wants({call_model{2, 1}}));
  BOOST_TEST(std::get<tool_turn>(it.talk().back()).outcomes.size() == 4U);
}

BOOST_AUTO_TEST_CASE(a_journal_that_cannot_be_changes_nothing) {
  const auto a = request_of("a", "pay");
  const auto damaged_answer = [] {
    auto made = model_answer_event({});
    made.data = "{";
    return made;
  }();
  using told = std::vector<event>;
  const auto running = running_event(1, "p", "m");
  const auto called = model_call_event(1, 1);
  const auto asked = model_answer_event({stop_reason::tool_use, {a}, {}});
  const auto needs = approval_requested_event(a, approval_reason::policy);
  const auto says = *delta_event(text_delta{"x"});
  const auto result = tool_result_event("pay", {"a", "x", false});
  const std::pair<told, told> cases[] = {
      {{},
       {says, called, result, status_event(run_status::resumed), status_event(run_status::waiting),
        status_event(run_status::done)}},
      {{running},
       {running, says, model_answer_event({}), result, needs, status_event("what"), status_event(run_status::waiting),
        status_event(run_status::done), status_event(run_status::retrying)}},
      {{running, called},
       {called, damaged_answer, tool_call_event(a), status_event(run_status::waiting),
        status_event(run_status::done)}},
      {{running, called, asked},
       {called, says, decision_event({true, false, ""}, "pay", "a"), tool_call_event(request_of("b", "pay")),
        status_event(run_status::waiting), status_event(run_status::done)}},
      {{running, called, asked, tool_call_event(a)}, {tool_call_event(a), needs, status_event(run_status::waiting)}},
      {{running, called, asked, needs}, {needs, tool_call_event(a), result}},
      {{running, called, asked, result}, {result, tool_call_event(a), needs, says}},
      {{running, called, model_answer_event({})}, {called, says, result, status_event(run_status::waiting)}},
      {{running, called, model_answer_event({}), status_event(run_status::done)},
       {status_event(run_status::error), says, called}},
  };
  for (const auto& [before, refused] : cases) {
    for (const auto& bad : refused) {
      run it(spec_of({"pay"}), false);
      for (const auto& each : before) it.tell(each);
      const auto next = it.machine.next();
      const auto talk = it.talk();
      const auto applied = it.machine.apply(bad);
      BOOST_TEST(!applied.has_value(), "taken after " << before.size() << " events: " << bad.text);
      if (!applied) BOOST_TEST((applied.error().code == errc::internal));
      BOOST_TEST((it.machine.next() == next));
      BOOST_TEST((it.talk() == talk));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_repetition_is_dropped_however_it_is_split) {
  const std::string said = "Once upon a time";
  for (const auto& [answer, fresh] : std::initializer_list<std::pair<std::string, std::string>>{
           {"Once upon a time there was", " there was"},  // says it all again
           {"Once upon a time", ""},
           {" there was", " there was"},                // goes on as asked
           {"Once upon another", "Once upon another"},  // diverges: everything is kept
           {"Once upon", ""},                           // only says some of it again
           {"", ""}}) {
    for (std::size_t first = 0; first <= answer.size(); ++first) {
      for (std::size_t second = first; second <= answer.size(); ++second) {
        repeat_filter filter(said);
        auto passed = filter.pass(std::string_view(answer).substr(0, first));
        passed += filter.pass(std::string_view(answer).substr(first, second - first));
        passed += filter.pass(std::string_view(answer).substr(second));
        passed += filter.flush();
        if (passed != fresh) BOOST_TEST(passed == fresh, answer << " split at " << first << ", " << second);
      }
    }
  }
  repeat_filter nothing_said{std::string()};
  BOOST_TEST(nothing_said.pass("a") == "a");
  BOOST_TEST(nothing_said.flush() == "");
}

BOOST_AUTO_TEST_SUITE_END()
