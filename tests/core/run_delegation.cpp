// The tools of the runtime itself in a run: delegated tasks, questions to humans, and the bounds on a conversation.
#include <boost/test/unit_test.hpp>

#include <limits>

#include "core/builtin_tools.hpp"
#include "core/bus_types.hpp"
#include "core/run_events.hpp"
#include "core/run_machine.hpp"

namespace {

using namespace flotilla;
using namespace std::chrono_literals;

tool_request request_of(std::string id, std::string_view tool) {
  return {std::move(id), std::string(tool), "{}"};
}

task_id task_numbered(std::uint8_t number) {
  task_id made;
  made.value.bytes.fill(number);
  return made;
}

constexpr auto no_limit = std::numeric_limits<std::size_t>::max();

struct run {
  explicit run(std::size_t max_context = no_limit, std::vector<std::string> approvals = {})
      : machine(spec(max_context, std::move(approvals))) {
    tell(running_event(1, "p", "m"));
  }
  static run_spec spec(std::size_t max_context, std::vector<std::string> approvals) {
    run_spec made;
    made.input = "do it";
    made.approvals = std::move(approvals);
    made.max_context_bytes = max_context;
    tool_spec search;
    search.name = "search";
    made.tools = {search, builtin::delegate_tool({}), builtin::ask_approval_tool()};
    return made;
  }
  bool takes(event happened) {
    happened.at = now;
    return machine.apply(happened).has_value();
  }
  void tell(event happened) {
    const auto shown = happened.text;
    BOOST_TEST(takes(std::move(happened)), "refused: " + shown);
  }
  void turn(std::vector<tool_request> calls) {
    tell(model_call_event(1, 1));
    tell(model_answer_event({stop_reason::tool_use, std::move(calls), {}}));
  }
  void delegate(const std::string& id, std::uint8_t number, bool wait = true) {
    tell(tool_call_event(request_of(id, builtin::delegate)));
    tell(delegated_event(request_of(id, builtin::delegate), {task_numbered(number), {}, wait, false}));
  }
  void result(const std::string& id, std::string_view tool, std::string text) {
    tell(tool_result_event(tool, {id, std::move(text), false}));
  }
  bool wants(const std::vector<run_action>& actions) const { return machine.next() == actions; }
  std::string ends_with() const {
    const auto next = machine.next();
    if (next.size() != 1 || !std::holds_alternative<finish>(next[0])) return "goes on";
    return std::get<finish>(next[0]).error.value_or(task_error{"done", ""}).code;
  }
  std::string told(std::size_t turn, std::size_t call = 0) const {
    return std::get<tool_turn>(machine.request().turns.at(turn)).outcomes.at(call).text;
  }

  run_machine machine;
  timestamp now{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(run_delegation)

BOOST_AUTO_TEST_CASE(a_run_parks_until_its_tasks_have_ended) {
  run it;
  it.turn({request_of("a", builtin::delegate), request_of("b", builtin::delegate)});
  BOOST_TEST(it.wants(
      {delegate_task{request_of("a", builtin::delegate)}, delegate_task{request_of("b", builtin::delegate)}}));
  it.delegate("a", 1);
  it.delegate("b", 2);
  BOOST_TEST(it.wants({park{false}}));
  BOOST_TEST(!it.takes(status_event(run_status::waiting)));
  it.tell(status_event(run_status::parked));
  BOOST_TEST(it.machine.waiting());
  BOOST_TEST(it.machine.next().empty());
  BOOST_TEST(it.machine.call_waiting_for(task_numbered(2))->call_id == "b");
  it.result("b", builtin::delegate, "two");
  BOOST_TEST(!it.machine.waiting());
  BOOST_TEST(!it.machine.call_waiting_for(task_numbered(2)).has_value());
  BOOST_TEST(it.wants({park{false}}));
  it.result("a", builtin::delegate, "one");
  BOOST_TEST(it.wants({call_model{2, 1}}));
  BOOST_TEST(it.told(2, 0) == "one");
  BOOST_TEST(it.told(2, 1) == "two");
  BOOST_TEST(it.machine.delegated().size() == 2U);
  BOOST_TEST(it.machine.delegated()[0].ended);
}

BOOST_AUTO_TEST_CASE(a_delegated_task_is_not_lost_in_a_crash) {
  run it;
  it.turn({request_of("a", builtin::delegate)});
  it.delegate("a", 1);
  it.tell(status_event(run_status::resumed));
  BOOST_TEST(it.wants({park{false}}));
  it.tell(crashed_event(1));
  BOOST_TEST(it.wants({park{false}}));
}

BOOST_AUTO_TEST_CASE(a_task_that_nobody_waits_for_lets_the_run_go_on) {
  run it;
  it.turn({request_of("a", builtin::delegate)});
  it.delegate("a", 1, false);
  it.result("a", builtin::delegate, "made");
  BOOST_TEST(it.wants({call_model{2, 1}}));
  BOOST_TEST(!it.machine.delegated()[0].ended);
}

BOOST_AUTO_TEST_CASE(humans_and_tasks_are_waited_for_together) {
  run it(no_limit, {"search"});
  it.turn({request_of("a", builtin::delegate), request_of("s", "search")});
  it.delegate("a", 1);
  it.tell(approval_requested_event(request_of("s", "search"), approval_reason::policy));
  BOOST_TEST(it.wants({park{true}}));
  BOOST_TEST(!it.takes(status_event(run_status::parked)));
  it.tell(status_event(run_status::waiting));
  it.result("a", builtin::delegate, "one");
  BOOST_TEST(it.wants({park{true}}));
  it.tell(status_event(run_status::waiting));
  it.tell(decision_event({true, false, "go"}, "search", "s"));
  BOOST_TEST(it.wants({call_tool{request_of("s", "search"), false}}));
}

BOOST_AUTO_TEST_CASE(delegating_can_need_an_approval) {
  run it(no_limit, {"del*"});
  it.turn({request_of("a", builtin::delegate)});
  BOOST_TEST(it.wants({ask_approval{request_of("a", builtin::delegate), approval_reason::policy}}));
  it.tell(approval_requested_event(request_of("a", builtin::delegate), approval_reason::policy));
  it.tell(decision_event({true, false, ""}, builtin::delegate, "a"));
  BOOST_TEST(it.wants({delegate_task{request_of("a", builtin::delegate)}}));
}

BOOST_AUTO_TEST_CASE(a_question_is_answered_by_a_human) {
  const auto answered = [](const call_decision& word) {
    run it;
    it.turn({request_of("q", builtin::ask_approval)});
    BOOST_TEST(it.wants({ask_approval{request_of("q", builtin::ask_approval), approval_reason::asked}}));
    it.tell(approval_requested_event(request_of("q", builtin::ask_approval), approval_reason::asked));
    it.tell(status_event(run_status::waiting));
    it.tell(decision_event(word, builtin::ask_approval, "q"));
    const auto next = it.machine.next();
    BOOST_REQUIRE(next.size() == 1U);
    return std::get<answer_tool>(next[0]).outcome;
  };
  BOOST_TEST((answered({true, false, ""}) == tool_outcome{"q", "A human approved.", false}));
  BOOST_TEST((answered({true, false, "Gladly"}) == tool_outcome{"q", "A human approved. They said: Gladly", false}));
  BOOST_TEST(
      (answered({false, false, "No"}) == tool_outcome{"q", "A human rejected this call. They said: No", true}));
  BOOST_TEST((answered({false, true, ""}) == tool_outcome{"q", "Nobody approved this call in time.", true}));
}

BOOST_AUTO_TEST_CASE(what_a_human_said_when_approving_is_told_to_the_model) {
  run it(no_limit, {"search"});
  it.turn({request_of("s", "search")});
  it.tell(approval_requested_event(request_of("s", "search"), approval_reason::policy));
  it.tell(decision_event({true, false, "only the north"}, "search", "s"));
  it.tell(tool_call_event(request_of("s", "search")));
  it.result("s", "search", "found");
  BOOST_TEST(it.told(2) == "found\n\n[A human approved this call and said: only the north]");
}

BOOST_AUTO_TEST_CASE(the_oldest_results_are_left_out_of_a_conversation_that_grows_too_large) {
  run it(700);
  for (int i = 0; i < 3; ++i) {
    it.turn({request_of("s", "search")});
    it.tell(tool_call_event(request_of("s", "search")));
    it.result("s", "search", std::string(250, static_cast<char>('a' + i)));
  }
  BOOST_TEST(it.wants({trim_context{1, 250}}));
  it.tell(context_trimmed_event(1, 250));
  BOOST_TEST(it.wants({call_model{4, 1}}));
  BOOST_TEST(it.told(2) == "[dropped to keep the conversation within its limit: 250 bytes]");
  BOOST_TEST(it.told(4) == std::string(250, 'b'));
  it.turn({request_of("s", "search")});
  it.tell(tool_call_event(request_of("s", "search")));
  it.result("s", "search", std::string(250, 'd'));
  BOOST_TEST(it.wants({trim_context{1, 250}}));
  it.tell(context_trimmed_event(1, 250));
  BOOST_TEST(it.told(4) == "[dropped to keep the conversation within its limit: 250 bytes]");
  BOOST_TEST(it.told(6) == std::string(250, 'c'));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_made_to_fit_ends_the_run) {
  run it(100);
  it.turn({request_of("s", "search")});
  it.tell(tool_call_event(request_of("s", "search")));
  it.result("s", "search", std::string(250, 'a'));
  BOOST_TEST(it.ends_with() == "context_too_large");
}

BOOST_AUTO_TEST_CASE(time_counts_while_the_run_goes_on) {
  run it;
  const auto passes = [&](std::chrono::milliseconds ms) { it.now += ms; };
  passes(10ms);
  it.tell(model_call_event(1, 1));
  passes(5ms);
  it.tell(model_answer_event({stop_reason::tool_use, {request_of("q", builtin::ask_approval)}, {}}));
  it.tell(approval_requested_event(request_of("q", builtin::ask_approval), approval_reason::asked));
  it.tell(status_event(run_status::waiting));
  passes(1000ms);
  it.tell(decision_event({true, false, ""}, builtin::ask_approval, "q"));
  passes(7ms);
  it.result("q", builtin::ask_approval, "yes");
  passes(2000ms);
  it.tell(status_event(run_status::resumed));
  passes(1ms);
  it.tell(status_event(run_status::suspended));
  passes(3000ms);
  it.tell(status_event(run_status::resumed));
  BOOST_TEST(it.machine.active_time().count() == 23);
}

BOOST_AUTO_TEST_CASE(arguments_of_delegate_are_read) {
  const auto read = builtin::read_delegate_arguments(
      R"({"to":"Lookout","title":"Look","input":"Is there a sail?","priority":"high","wait":false})");
  BOOST_REQUIRE(read.has_value());
  BOOST_TEST(read->to == "Lookout");
  BOOST_TEST((read->priority == task_priority::high));
  BOOST_TEST(!read->wait);
  const auto complaint = [](std::string_view text) {
    const auto bad = builtin::read_delegate_arguments(text);
    return bad ? std::string("none") : bad.error().message;
  };
  BOOST_TEST(complaint(R"({"to":"x","title":"y","input":"z"})") == "none");
  BOOST_TEST(complaint(R"({"to":"x","title":"y","input":"z","priority":null,"wait":null})") == "none");
  BOOST_TEST(complaint("[]") == "the arguments must be a JSON object");
  BOOST_TEST(complaint("{}") == "to: is missing");
  BOOST_TEST(complaint(R"({"to":"x","title":7,"input":"z"})") == "title: must be a text");
  BOOST_TEST(complaint(R"({"to":"x","title":"y","input":""})") == "input: must not be empty");
  BOOST_TEST(complaint(R"({"to":"x","title":"y","input":"z","wait":"yes"})") == "wait: must be true or false");
  BOOST_TEST(complaint(R"({"to":"x","title":"y","input":"z","priority":"urgent"})") ==
             "priority: must be low, normal or high");
}

BOOST_AUTO_TEST_SUITE_END()
