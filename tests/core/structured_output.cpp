// Runs whose output must fit a schema: what the model is told, what becomes of its answers, and when it is over.
#include "core/structured_output.hpp"

#include <boost/test/unit_test.hpp>

#include "core/bus_types.hpp"
#include "core/run_events.hpp"
#include "core/run_machine.hpp"

namespace {

using namespace flotilla;
using namespace std::chrono_literals;

constexpr auto schema_text = R"({"type":"object","required":["n"]})";
constexpr auto wrong_type = "at the top: must be of the type object, not number";

/// A machine of such a run, and short words for what is told to it.
struct run {
  explicit run(bool with_schema = true) : machine(spec(with_schema)) { tell(running_event(1, "p", "m")); }
  static run_spec spec(bool with_schema) {
    run_spec made;
    made.input = "count";
    made.max_turns = 6;
    made.tools.push_back({"search", "", "{}", true, false});
    if (with_schema) made.output_schema = *output_schema::parse(schema_text);
    return made;
  }
  bool takes(event happened) {
    happened.seq = ++seq;
    return machine.apply(happened).has_value();
  }
  void tell(event happened) {
    const auto shown = std::string(to_string(happened.type)) + " " + happened.text;
    BOOST_TEST(takes(std::move(happened)), "refused: " + shown);
  }
  void ask() { tell(model_call_event(machine.turn() + 1, machine.failed_tries() + 1)); }
  void draft(std::string_view text) { tell(draft_event(text)); }
  void end(stop_reason stop = stop_reason::end_turn, std::vector<tool_request> calls = {}) {
    tell(model_answer_event({stop, std::move(calls), {}}));
  }
  void answer(std::string_view text) {
    ask();
    draft(text);
    end();
  }
  /// Journals the rejection that the machine asks for.
  void reject() {
    const auto next = machine.next();
    BOOST_REQUIRE(next.size() == 1 && std::holds_alternative<reject_output>(next[0]));
    const auto& wanted = std::get<reject_output>(next[0]);
    tell(output_rejected_event(wanted.errors, wanted.number));
  }
  bool wants(const run_action& action) const { return machine.next() == std::vector<run_action>{action}; }

  run_machine machine;
  event_seq seq = 0;
};

event output_event(std::string text) {
  return *delta_event(text_delta{std::move(text)});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(structured_output)

BOOST_AUTO_TEST_CASE(the_model_is_given_the_schema_with_the_task) {
  const run it;
  const auto opening = std::get<user_turn>(it.machine.request().turns.at(0)).text;
  BOOST_TEST(opening.starts_with("count\n\nYour final answer must be one JSON value"));
  BOOST_TEST(opening.ends_with(std::string("\n") + schema_text));
  BOOST_TEST(opening_turn("count", std::nullopt) == "count");
}

BOOST_AUTO_TEST_CASE(the_bare_answer) {
  BOOST_TEST(bare_answer(" \n{\"a\": 1}\r\n") == "{\"a\": 1}");
  BOOST_TEST(bare_answer("```json\n{\n}\n```") == "{\n}");
  BOOST_TEST(bare_answer("\n```\n{}\n```\n") == "{}");
  BOOST_TEST(bare_answer("Here:\n```json\n{}\n```") == "Here:\n```json\n{}\n```");
  for (const auto* odd : {"```", "``````", "```json```", "```{}"}) BOOST_TEST(bare_answer(odd) == odd);
  BOOST_TEST(bare_answer("```\n```").empty());
  BOOST_TEST(bare_answer(" \n ").empty());
}

BOOST_AUTO_TEST_CASE(an_answer_that_fits_is_the_output_and_drafts_are_not) {
  run it;
  it.ask();
  it.draft("```json\n{\"n\"");
  BOOST_TEST(it.machine.output().empty());
  BOOST_TEST(it.machine.said() == "```json\n{\"n\"");
  it.draft(": 1}\n```\n");
  it.end();
  BOOST_TEST(it.wants(tell_output{"{\"n\": 1}"}));
  BOOST_TEST(!it.takes(status_event(run_status::done)));
  BOOST_TEST(!it.takes(model_call_event(2, 1)));
  it.tell(output_event("{\"n\": 1}"));
  BOOST_TEST(it.machine.output() == "{\"n\": 1}");
  BOOST_TEST(!it.takes(output_event("{}")));
  BOOST_TEST(it.wants(finish{}));
  it.tell(status_event(run_status::done));
}

BOOST_AUTO_TEST_CASE(an_answer_that_does_not_fit_goes_back_with_the_errors) {
  run it;
  it.answer("7");
  BOOST_TEST(it.wants(reject_output{{wrong_type}, 1}));
  it.reject();
  BOOST_TEST(it.wants(call_model{2, 1}));
  const auto talk = it.machine.request().turns;
  BOOST_REQUIRE(talk.size() == 3U);
  BOOST_TEST((talk[1] == conversation_turn{assistant_turn{{}, "7", {}}}));
  const auto& back = std::get<user_turn>(talk[2]);
  BOOST_TEST(back.rejects);
  BOOST_TEST(back.text.find(std::string("- ") + wrong_type + "\n") != std::string::npos);
  it.answer(R"({"n":7})");
  BOOST_TEST(it.wants(tell_output{R"({"n":7})"}));
}

BOOST_AUTO_TEST_CASE(it_goes_back_three_times_and_no_more) {
  run it;
  for (std::uint32_t number = 1; number <= max_output_rejections; ++number) {
    it.answer(std::to_string(number));
    BOOST_TEST(it.wants(reject_output{{wrong_type}, number}));
    it.reject();
  }
  it.answer("{}");
  const auto next = it.machine.next();
  BOOST_REQUIRE(next.size() == 1 && std::holds_alternative<finish>(next[0]));
  const auto& why = *std::get<finish>(next[0]).error;
  BOOST_TEST(why.code == "output_invalid");
  BOOST_TEST(
      why.message ==
      "The answer does not fit the output schema, and has gone back to the model 3 times. What is wrong with the "
      "last one: at the top: must have the property \"n\"");
  it.tell(error_event(why));
  it.tell(status_event(run_status::error));
  BOOST_TEST(it.machine.output().empty());
}

BOOST_AUTO_TEST_CASE(each_answer_counts_as_a_turn) {
  run it;
  for (int i = 0; i < 3; ++i) {
    it.ask();
    it.end(stop_reason::tool_use, {{"c" + std::to_string(i), "search", "{}"}});
    it.tell(tool_call_event({"c" + std::to_string(i), "search", "{}"}));
    it.tell(tool_result_event("search", {"c" + std::to_string(i), "r", false}));
  }
  for (int i = 0; i < 3; ++i) {
    it.answer("7");
    it.reject();
  }
  const auto next = it.machine.next();
  BOOST_REQUIRE(next.size() == 1 && std::holds_alternative<finish>(next[0]));
  BOOST_TEST(std::get<finish>(next[0]).error->code == "max_turns");
}

BOOST_AUTO_TEST_CASE(what_is_said_before_tools_is_no_answer_and_what_is_said_around_a_pause_is_one) {
  run it;
  it.ask();
  it.draft("Let me look. ");
  it.end(stop_reason::tool_use, {{"c", "search", "{}"}});
  BOOST_TEST(it.wants(call_tool{{"c", "search", "{}"}, false}));
  it.tell(tool_call_event({"c", "search", "{}"}));
  it.tell(tool_result_event("search", {"c", "seven", false}));
  it.ask();
  it.draft("{\"n\":");
  it.end(stop_reason::pause);
  BOOST_TEST(it.wants(call_model{3, 1}));
  it.answer("7}");
  BOOST_TEST(it.wants(tell_output{"{\"n\":7}"}));
}

BOOST_AUTO_TEST_CASE(a_cut_call_goes_on_behind_its_drafts) {
  run it;
  it.ask();
  it.draft("{\"n\"");
  it.tell(status_event(run_status::resumed));
  BOOST_TEST(it.machine.partial() == "{\"n\"");
  BOOST_TEST((it.machine.request().turns.at(1) == conversation_turn{assistant_turn{{}, "{\"n\"", {}}}));
  BOOST_TEST(!std::get<user_turn>(it.machine.request().turns.at(2)).rejects);
  it.ask();
  it.draft(":7}");
  it.end();
  it.tell(status_event(run_status::resumed));
  BOOST_TEST(it.wants(tell_output{"{\"n\":7}"}));
}

BOOST_AUTO_TEST_CASE(a_cut_or_refused_answer_ends_as_it_does_elsewhere) {
  for (const auto& [stop, code] :
       {std::pair{stop_reason::max_tokens, "max_tokens"}, {stop_reason::refusal, "refusal"}}) {
    run it;
    it.ask();
    it.draft("{\"n\":7}");
    it.end(stop);
    const auto next = it.machine.next();
    BOOST_REQUIRE(next.size() == 1 && std::holds_alternative<finish>(next[0]));
    BOOST_TEST(std::get<finish>(next[0]).error->code == code);
    BOOST_TEST(!it.takes(output_event("{}")));
  }
}

BOOST_AUTO_TEST_CASE(drafts_have_the_bound_of_the_output) {
  run it;
  it.ask();
  for (std::size_t said = 0; said <= max_output_bytes; said += 1U << 20U) it.draft(std::string(1U << 20U, 'x'));
  const auto next = it.machine.next();
  BOOST_REQUIRE(next.size() == 1 && std::holds_alternative<finish>(next[0]));
  BOOST_TEST(std::get<finish>(next[0]).error->code == "output_too_large");
}

BOOST_AUTO_TEST_CASE(events_that_have_no_place_change_nothing) {
  run plain(false);
  plain.ask();
  BOOST_TEST(!plain.takes(draft_event("x")));
  BOOST_TEST(!plain.takes(output_rejected_event({"e"}, 1)));
  run it;
  BOOST_TEST(!it.takes(draft_event("x")));
  it.ask();
  BOOST_TEST(!it.takes(output_event("x")));
  BOOST_TEST(!it.takes(output_rejected_event({"e"}, 1)));
  auto damaged = draft_event("x");
  for (const auto* data : {"{}", "{\"text\":1}", "[]"}) {
    damaged.data = data;
    BOOST_TEST(!it.takes(damaged));
  }
  BOOST_TEST(it.machine.said().empty());
  it.draft("7");
  it.end();
  damaged = output_rejected_event({"e"}, 1);
  for (const auto* data : {"{}", "{\"errors\":1}", "{\"errors\":[1]}"}) {
    damaged.data = data;
    BOOST_TEST(!it.takes(damaged));
  }
  BOOST_TEST(it.wants(reject_output{{wrong_type}, 1}));
}

BOOST_AUTO_TEST_SUITE_END()
