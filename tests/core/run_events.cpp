// The events of a run's journal: what is written is what is read back, and what is not ours is refused.
#include "core/run_events.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

#include "core/bus_types.hpp"

namespace {

using namespace flotilla;
using namespace std::chrono_literals;

/// What an answer's calls look like after they went through the journal.
std::vector<tool_request> journaled(std::vector<tool_request> calls) {
  const auto read = read_model_answer(model_answer_event({stop_reason::tool_use, std::move(calls), {}}));
  BOOST_REQUIRE(read.has_value());
  return read->calls;
}

event with_data(event made, std::optional<std::string> data) {
  made.data = std::move(data);
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(run_events)

BOOST_AUTO_TEST_CASE(an_answer_is_read_back) {
  const model_answer said{
      stop_reason::tool_use, {{"a", "search", R"({"q":"x","deep":[1,2]})"}, {"b", "write", "{}"}}, {12, 34}};
  const auto written = model_answer_event(said);
  BOOST_TEST((written.type == event_type::status));
  BOOST_TEST(written.text == run_status::model_answer);
  const auto read = read_model_answer(written);
  BOOST_REQUIRE(read.has_value());
  BOOST_TEST((read->stop == said.stop));
  BOOST_TEST((read->calls == said.calls));
  BOOST_TEST((read->usage == said.usage));
}

BOOST_AUTO_TEST_CASE(arguments_that_are_no_object_become_an_empty_one) {
  for (const auto* bad : {"", "[1]", "7", "{\"half\":", "null"}) {
    BOOST_TEST(journaled({{"a", "t", bad}}).front().arguments == "{}");
  }
}

BOOST_AUTO_TEST_CASE(call_ids_are_unique_and_never_empty) {
  const auto calls = journaled({{"", "t", "{}"},
                                {"x", "t", "{}"},
                                {"x", "t", "{}"},
                                {"", "t", "{}"},
                                {"x", "u", "{}"},
                                {"x_2", "t", "{}"},
                                {"call_1", "t", "{}"}});
  std::set<std::string> ids;
  for (const auto& call : calls) {
    BOOST_TEST(!call.call_id.empty());
    BOOST_TEST(ids.insert(call.call_id).second, call.call_id + " comes twice");
  }
  // What is unique already stays as the vendor wrote it.
  BOOST_TEST(calls[1].call_id == "x");
  BOOST_TEST(calls[5].call_id == "x_2");
  BOOST_TEST(calls[6].call_id == "call_1");
}

BOOST_AUTO_TEST_CASE(deltas_become_increments) {
  const auto text = delta_event(text_delta{"hello"});
  BOOST_REQUIRE(text.has_value());
  BOOST_TEST((text->type == event_type::output));
  BOOST_TEST(text->text == "hello");
  BOOST_TEST(!text->data.has_value());
  const auto thought = delta_event(thinking_delta{"hm"});
  BOOST_REQUIRE(thought.has_value());
  BOOST_TEST((thought->type == event_type::thinking));
  const auto end = delta_event(thinking_end{R"({"z":1,"signature":"s"})"});
  BOOST_REQUIRE(end.has_value());
  BOOST_TEST(read_opaque(*end) == R"({"z":1,"signature":"s"})");
  BOOST_TEST(!delta_event(thinking_end{""}).has_value());
}

BOOST_AUTO_TEST_CASE(a_failed_try_keeps_what_it_used) {
  model_failure failure{
      .code = "provider_overloaded", .message = "busy", .retryable = true, .retry_after = {}, .usage = {3, 4}};
  const auto written = retrying_event(failure, 2, 750ms);
  BOOST_TEST(written.text == run_status::retrying);
  BOOST_TEST(*written.data == R"({"code":"provider_overloaded","message":"busy","try":2,"delayMs":750,)"
                              R"("usage":{"input_tokens":3,"output_tokens":4,"total_tokens":7}})");
  const auto read = read_retry_usage(written);
  BOOST_REQUIRE(read.has_value());
  BOOST_TEST((*read == token_usage{3, 4}));
}

BOOST_AUTO_TEST_CASE(tool_events_name_their_call) {
  const auto called = tool_call_event({"c1", "search", R"({"q":1})"});
  BOOST_TEST(called.text == R"(search {"q":1})");
  BOOST_TEST(*called.tool == "search");
  BOOST_TEST(*called.call_id == "c1");
  BOOST_TEST(*called.data == R"({"arguments":{"q":1}})");
  const tool_outcome outcome{"c1", "found", true};
  const auto answered = tool_result_event("search", outcome);
  BOOST_TEST(*answered.tool == "search");
  BOOST_TEST((*read_tool_outcome(answered) == outcome));
  BOOST_TEST(
      (*read_tool_outcome(tool_result_event("search", {"c1", "ok", false})) == tool_outcome{"c1", "ok", false}));
}

BOOST_AUTO_TEST_CASE(long_texts_are_cut_between_characters) {
  const auto called = tool_call_event({"c", "t", "{\"q\":\"" + std::string(494, 'a') + "\xC3\xA9\xC3\xA9\"}"});
  BOOST_TEST(called.text.size() < 600U);
  BOOST_TEST((static_cast<unsigned char>(called.text.back()) & 0x80U) == 0U);  // the two-byte sign is out as a whole
  std::string big(max_tool_result_bytes - 1, 'x');
  big += "\xC3\xA9 and more";
  const auto answered = tool_result_event("t", {"c", big, false});
  const std::string_view text = answered.text;
  BOOST_TEST(text.substr(0, max_tool_result_bytes - 1) == std::string(max_tool_result_bytes - 1, 'x'));
  BOOST_TEST(text.substr(max_tool_result_bytes - 1) == "\n[cut: 65535 of 65546 bytes]");
  const auto whole = tool_result_event("t", {"c", std::string(max_tool_result_bytes, 'x'), false});
  BOOST_TEST(whole.text.size() == max_tool_result_bytes);
}

BOOST_AUTO_TEST_CASE(approvals_and_decisions_are_read_back) {
  const auto asked = approval_requested_event({"c", "t", R"({"a":1})"}, approval_reason::unknown_outcome);
  BOOST_TEST(*asked.data == R"({"reason":"unknown_outcome","arguments":{"a":1}})");
  BOOST_TEST((read_approval_reason(asked) == approval_reason::unknown_outcome));
  BOOST_TEST((read_approval_reason(approval_requested_event({"c", "t", "{}"}, approval_reason::policy)) ==
              approval_reason::policy));
  const auto said = decision_event({false, false, "not \"now\""}, "t", "c");
  BOOST_TEST(said.text == run_status::rejected);
  BOOST_TEST(*said.data == R"({"comment":"not \"now\""})");
  BOOST_TEST((read_decision(said) == call_decision{false, false, "not \"now\""}));
  const auto granted = decision_event({true, false, ""}, "t", "c");
  BOOST_TEST(!granted.data.has_value());
  BOOST_TEST((read_decision(granted) == call_decision{true, false, ""}));
  const auto expired = decision_event({false, true, ""}, "t", "c");
  BOOST_TEST(*expired.data == R"({"expired":true})");
  BOOST_TEST((read_decision(expired) == call_decision{false, true, ""}));
}

BOOST_AUTO_TEST_CASE(an_error_carries_its_code) {
  const auto made = error_event({"refusal", "no"});
  BOOST_TEST((made.type == event_type::error));
  BOOST_TEST(made.text == "no");
  BOOST_TEST(*made.data == R"({"code":"refusal"})");
}

BOOST_AUTO_TEST_CASE(a_delegated_task_is_read_back) {
  delegated_task made;
  made.task.value.bytes.fill(1);
  made.assignee.value.bytes.fill(2);
  made.wait = false;
  const auto told = delegated_event({"c", "delegate", "{}"}, made);
  BOOST_TEST(told.text == run_status::delegated);
  BOOST_TEST(*told.call_id == "c");
  BOOST_REQUIRE(read_delegated(told).has_value());
  BOOST_TEST((*read_delegated(told) == made));
}

BOOST_AUTO_TEST_CASE(tries_that_led_nowhere_are_counted_from_the_end) {
  const auto resumed = status_event(run_status::resumed);
  const auto asks = model_call_event(1, 1);
  const auto says = *delta_event(text_delta{"x"});
  const auto tries = [](std::vector<event> events) {
    const auto counted = count_futile_tries(events);
    return std::pair(counted.crashes, counted.resumes);
  };
  BOOST_TEST((tries({}) == std::pair(0U, 0U)));
  BOOST_TEST((tries({resumed, asks, resumed, asks, crashed_event(1), resumed}) == std::pair(1U, 3U)));
  BOOST_TEST((tries({resumed, asks, says, crashed_event(1), crashed_event(2)}) == std::pair(2U, 0U)));
  BOOST_TEST((tries({crashed_event(1), resumed, asks, says}) == std::pair(0U, 0U)));
}

BOOST_AUTO_TEST_CASE(what_is_not_ours_is_refused) {
  const auto answer = model_answer_event({});
  for (const auto* bad : {"", "7", "[]", "{", R"({"calls":[]})", R"({"stopReason":"end_turn"})",
                          R"({"stopReason":"no","calls":[]})", R"({"stopReason":"end_turn","calls":{}})",
                          R"({"stopReason":"end_turn","calls":[7]})", R"({"stopReason":"end_turn","calls":[{}]})",
                          R"({"stopReason":"end_turn","calls":[{"callId":1,"tool":"t","arguments":{}}]})",
                          R"({"stopReason":"end_turn","calls":[],"usage":{"input_tokens":"many"}})",
                          R"({"stopReason":"end_turn","calls":[],"usage":{"output_tokens":-1}})"}) {
    BOOST_TEST(!read_model_answer(with_data(answer, bad)).has_value(), bad);
  }
  BOOST_TEST(!read_model_answer(with_data(answer, std::nullopt)).has_value());
  const auto retrying = status_event(run_status::retrying);
  BOOST_TEST(!read_retry_usage(with_data(retrying, "[]")).has_value());
  BOOST_TEST(!read_retry_usage(with_data(retrying, R"({"usage":{"input_tokens":{}}})")).has_value());
  const auto outcome = tool_result_event("t", {"c", "x", false});
  BOOST_TEST(!read_tool_outcome(with_data(outcome, "7")).has_value());
  BOOST_TEST(!read_tool_outcome(with_data(outcome, R"({"isError":"yes"})")).has_value());
  auto nameless = outcome;
  nameless.call_id.reset();
  BOOST_TEST(!read_tool_outcome(nameless).has_value());
  BOOST_TEST(read_opaque(with_data(outcome, "{")) == "");
  BOOST_TEST(read_decision(with_data(outcome, R"({"comment":7})")).comment == "");
  const auto made = delegated_event({"c", "delegate", "{}"}, {});
  BOOST_TEST(read_delegated(made).has_value());
  for (const auto* bad : {"7", "{}", R"({"taskId":"tsk_x","assignee":"agt_x","wait":true})"}) {
    BOOST_TEST(!read_delegated(with_data(made, bad)).has_value(), bad);
  }
  const auto trimmed = context_trimmed_event(3, 90);
  BOOST_TEST(*read_trimmed_results(trimmed) == 3U);
  BOOST_TEST(!read_trimmed_results(with_data(trimmed, R"({"results":-1})")).has_value());
  BOOST_TEST(!read_approval_reason(with_data(outcome, R"({"reason":7})")).has_value());
  BOOST_TEST(!read_approval_reason(with_data(outcome, R"({"reason":"why not"})")).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
