// The offline provider: its script language and what it plays at each point of a conversation.
#include <boost/test/unit_test.hpp>

#include "providers/providers.hpp"
#include "tests/support/manual_timer.hpp"
#include "tests/support/recording_sink.hpp"

using namespace flotilla;
using namespace flotilla::testing;
using namespace std::chrono_literals;

namespace {

struct stage {
  std::shared_ptr<manual_timer> clock = std::make_shared<manual_timer>();
  std::unique_ptr<model_provider> provider = make_rehearsal(clock);

  told play(const model_request& request) {
    auto sink = std::make_shared<recording_sink>();
    const auto call = provider->start(request, sink);
    return sink->so_far();
  }
};

model_request asked(std::string input) {
  model_request request;
  request.model = "rehearsal";
  request.turns.emplace_back(user_turn{std::move(input)});
  return request;
}

void continue_after(model_request& request, std::string said) {
  request.turns.emplace_back(assistant_turn{{}, std::move(said), {}});
  request.turns.emplace_back(user_turn{"Continue exactly where you stopped."});
}

void answer_tools(model_request& request, const told& before, const std::string& result) {
  request.turns.emplace_back(assistant_turn{{}, before.text, before.answer->calls});
  tool_turn turn;
  for (const auto& call : before.answer->calls) turn.outcomes.push_back({call.call_id, result, false});
  request.turns.emplace_back(std::move(turn));
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(rehearsal_test, stage)

BOOST_AUTO_TEST_CASE(a_task_without_a_script_is_mentioned) {
  const auto got = play(asked("Weigh the\n  anchors"));
  BOOST_TEST(got.text.find("\"Weigh the anchors\"") != std::string::npos);
  BOOST_TEST(got.pieces.size() > 5U);
  BOOST_TEST(got.thinking.size() == 1U);
  BOOST_REQUIRE(got.answer.has_value());
  BOOST_TEST((got.answer->stop == stop_reason::end_turn));
  BOOST_TEST(got.answer->usage.input_tokens == 3U);
  BOOST_TEST(provider->most_input_tokens(asked("Weigh the\n  anchors")) == 3U);  // it is known in advance
  BOOST_TEST(got.answer->usage.output_tokens > 10U);
  BOOST_TEST(play(asked("Weigh the\n  anchors")).text == got.text);
}

BOOST_AUTO_TEST_CASE(background_is_not_the_task_but_counts) {
  const auto plain = asked("@tool rehearse_echo {}\n@say \"Aye.\"");
  auto request = plain;
  request.turns.insert(request.turns.begin(), user_turn{"@say \"Another task.\"", false, true});
  const auto first = play(request);
  BOOST_REQUIRE(first.answer.has_value());
  BOOST_TEST(first.answer->calls.size() == 1U);
  BOOST_TEST(first.answer->usage.input_tokens == play(plain).answer->usage.input_tokens + 3);
  answer_tools(request, first, "echoed");
  request.turns.emplace_back(user_turn{"Message from a user", false, true});
  const auto second = play(request);
  BOOST_TEST(second.text == "Aye.");
  BOOST_TEST(second.answer->usage.input_tokens == provider->most_input_tokens(request));
}

BOOST_AUTO_TEST_CASE(an_answer_is_cut_after_as_many_words_as_it_may_have) {
  auto request = asked("@think a b\n@say \"one two \"\n@say \"three four\"\n@say \" five\"");
  const auto with = [&](std::uint32_t most) {
    request.max_output_tokens = most;
    return play(request);
  };
  const auto cut = with(5);
  BOOST_TEST(cut.text == "one two three");
  BOOST_REQUIRE(cut.answer.has_value());
  BOOST_TEST((cut.answer->stop == stop_reason::max_tokens));
  BOOST_TEST(cut.answer->usage.output_tokens == 5U);
  BOOST_TEST(with(1).text.empty());
  BOOST_TEST((with(1).thinking == std::vector<thinking_block>{{"a", ""}}));
  const auto whole = with(7);
  BOOST_TEST(whole.text == "one two three four five");
  BOOST_TEST((whole.answer->stop == stop_reason::end_turn));
}

BOOST_AUTO_TEST_CASE(a_call_that_is_cut_is_not_made) {
  auto request = asked("@say so\n@tool rehearse_echo {\"text\": \"x\"}\n@tool rehearse_echo {\"text\": \"y\"}");
  const auto words = play(request).answer->usage.output_tokens;
  BOOST_TEST(play(request).answer->calls.size() == 2U);
  request.max_output_tokens = static_cast<std::uint32_t>(words - 1);
  const auto cut = play(request);
  BOOST_TEST(cut.answer->calls.empty());
  BOOST_TEST((cut.answer->stop == stop_reason::max_tokens));
  BOOST_TEST(cut.answer->usage.output_tokens == words - 1);
}

BOOST_AUTO_TEST_CASE(says_and_thinks_what_stands_there) {
  const auto got = play(asked("Title\n@think first this\n@say  one \n@say \" two\\n\"\n@repeat 3 \"x \"\r\nprose"));
  BOOST_TEST(got.text == "one two\nx x x ");
  BOOST_TEST(got.pieces.size() == 5U);
  BOOST_REQUIRE(got.thinking.size() == 1U);
  BOOST_TEST(got.thinking[0].text == "first this");
  BOOST_TEST(got.ends == 1U);
}

BOOST_AUTO_TEST_CASE(consecutive_tools_are_one_turn) {
  auto request =
      asked("@say a\n@tool rehearse_echo {\"text\":\"hi\"}\n@tool rehearse_sleep\n@say b\n@tool x {}\n@result");
  const auto first = play(request);
  BOOST_REQUIRE(first.answer.has_value());
  BOOST_TEST((first.answer->stop == stop_reason::tool_use));
  BOOST_REQUIRE(first.answer->calls.size() == 2U);
  BOOST_TEST(first.answer->calls[0].tool == "rehearse_echo");
  BOOST_TEST(first.answer->calls[0].arguments == "{\"text\":\"hi\"}");
  BOOST_TEST(first.answer->calls[1].arguments == "{}");
  BOOST_TEST(first.answer->calls[0].call_id != first.answer->calls[1].call_id);

  answer_tools(request, first, "unused");
  const auto second = play(request);
  BOOST_TEST(second.text == "b");
  BOOST_REQUIRE(second.answer->calls.size() == 1U);
  BOOST_TEST(second.answer->calls[0].call_id != first.answer->calls[0].call_id);

  answer_tools(request, second, "the result");
  const auto third = play(request);
  BOOST_TEST(third.text == "the result");
  BOOST_TEST((third.answer->stop == stop_reason::end_turn));
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_sent_back_is_followed_by_another) {
  auto request = asked("@say no\n@another\n@tool rehearse_echo\n@say maybe\n@another\n@say yes");
  const auto send_back = [&request](const told& before) {
    request.turns.emplace_back(assistant_turn{{}, before.text, {}});
    request.turns.emplace_back(user_turn{"That is wrong.", true});
  };
  const auto first = play(request);
  BOOST_TEST(first.text == "no");
  BOOST_TEST((first.answer->stop == stop_reason::end_turn));
  // An answer that was cut is gone on with: it was not sent back.
  auto cut = request;
  continue_after(cut, "no");
  BOOST_TEST(play(cut).text.empty());
  send_back(first);
  const auto second = play(request);
  BOOST_REQUIRE_EQUAL(second.answer->calls.size(), 1U);
  answer_tools(request, second, "r");
  const auto third = play(request);
  BOOST_TEST(third.text == "maybe");
  send_back(third);
  auto half = request;
  continue_after(half, "y");
  BOOST_TEST(play(half).text == "es");
  const auto fourth = play(request);
  BOOST_TEST(fourth.text == "yes");
  send_back(fourth);
  BOOST_TEST(play(request).text == "r");
}

BOOST_AUTO_TEST_CASE(each_of_several_results_can_be_told) {
  auto request = asked("@tool a\n@tool b\n@result 2\n@say \", \"\n@result 1\n@say \", \"\n@result\n@result 3");
  const auto calls = play(request).answer->calls;
  BOOST_REQUIRE(calls.size() == 2U);
  request.turns.emplace_back(assistant_turn{{}, "", calls});
  request.turns.emplace_back(tool_turn{{{calls[0].call_id, "one", false}, {calls[1].call_id, "two", false}}});
  BOOST_TEST(play(request).text == "two, one, twoThere is no result.");
  for (const auto* wrong : {"@result 0", "@result 1001", "@result first", "@result 1 2"}) {
    const auto got = play(asked(wrong));
    BOOST_REQUIRE(got.failure.has_value());
    BOOST_TEST(got.failure->code == "rehearsal_script");
    BOOST_TEST(got.failure->message.find("@result takes a number from 1 to 1000") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_script_that_ends_with_tools_tells_their_result) {
  auto request = asked("@tool rehearse_echo {\"text\":\"hi\"}");
  answer_tools(request, play(request), "hi");
  BOOST_TEST(play(request).text == "hi");
}

BOOST_AUTO_TEST_CASE(failures_count_the_tries) {
  auto request = asked("@fail 503 times 2 after \"so far \" overloaded, sorry\n@fail 400 bad\n@say done");
  for (const auto attempt : {1U, 2U}) {
    request.attempt = attempt;
    const auto got = play(request);
    BOOST_REQUIRE(got.failure.has_value());
    BOOST_TEST(got.text == "so far ");
    BOOST_TEST(got.failure->retryable);
    BOOST_TEST(got.failure->code == "provider_overloaded");
    BOOST_TEST(got.failure->message == "rehearsal: 503 overloaded, sorry");
  }
  request.attempt = 3;
  const auto rejected = play(request);
  BOOST_REQUIRE(rejected.failure.has_value());
  BOOST_TEST(!rejected.failure->retryable);
  BOOST_TEST(rejected.failure->code == "provider_rejected");
  request.attempt = 4;
  BOOST_TEST(play(request).text == "so far done");
  continue_after(request, "so far ");
  BOOST_TEST(play(request).text == "done");
}

BOOST_AUTO_TEST_CASE(a_cut_answer_goes_on_behind_what_was_said) {
  auto request = asked("@think t\n@say one \n@say \"two \"\n@cut\n@say three\n@cut\n@say !");
  const auto first = play(request);
  BOOST_TEST((first.answer->stop == stop_reason::max_tokens));
  BOOST_TEST(first.text == "onetwo ");
  continue_after(request, first.text);
  const auto second = play(request);
  BOOST_TEST(second.text == "three");
  BOOST_TEST(second.thinking.empty());
  BOOST_TEST((second.answer->stop == stop_reason::max_tokens));
  continue_after(request, second.text);
  const auto third = play(request);
  BOOST_TEST(third.text == "!");
  BOOST_TEST((third.answer->stop == stop_reason::end_turn));
}

BOOST_AUTO_TEST_CASE(every_prefix_of_a_broken_answer_is_continued_exactly) {
  const std::string whole = "abcdefabcdefabcdefend";
  for (std::size_t said = 1; said <= whole.size(); ++said) {
    auto request = asked("@repeat 3 abcdef\n@say end");
    continue_after(request, whole.substr(0, said));
    BOOST_TEST(play(request).text == whole.substr(said));
  }
  auto other = asked("@say abc");
  continue_after(other, "x");
  BOOST_TEST(play(other).text == "abc");
}

BOOST_AUTO_TEST_CASE(a_refusal_is_an_answer) {
  const auto got = play(asked("@refuse I will not."));
  BOOST_TEST(got.text == "I will not.");
  BOOST_TEST((got.answer->stop == stop_reason::refusal));
}

BOOST_AUTO_TEST_CASE(delays_wait_for_the_clock_and_zero_does_not) {
  auto sink = std::make_shared<recording_sink>();
  const auto call =
      provider->start(asked("@say a\n@delay 0ms\n@say b\n@delay 250ms\n@say c\n@delay 2s\n@say d"), sink);
  BOOST_TEST(sink->so_far().text == "ab");
  clock->advance(249ms);
  BOOST_TEST(sink->so_far().text == "ab");
  clock->advance(1ms);
  BOOST_TEST(sink->so_far().text == "abc");
  clock->advance(2s);
  BOOST_TEST(sink->so_far().text == "abcd");
  BOOST_TEST(sink->so_far().ends == 1U);
}

BOOST_AUTO_TEST_CASE(a_destroyed_call_is_silent) {
  auto sink = std::make_shared<recording_sink>();
  auto call = provider->start(asked("@say a\n@delay 1s\n@say b"), sink);
  call.reset();
  BOOST_TEST(clock->waiting() == 0U);
  clock->advance(2s);
  BOOST_TEST(sink->so_far().text == "a");
  BOOST_TEST(sink->so_far().ends == 0U);
}

BOOST_AUTO_TEST_CASE(the_threaded_timer_plays_delays) {
  const auto real = make_rehearsal(make_timer());
  auto sink = std::make_shared<recording_sink>();
  const auto call = real->start(asked("@say a\n@delay 1ms\n@say b\n@delay 1ms\n@say c"), sink);
  BOOST_TEST(sink->wait().text == "abc");
}

BOOST_AUTO_TEST_CASE(what_is_no_directive_names_its_line) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"@dance", "there is no directive @dance"},
      {"@say", "@say needs a text"},
      {"@delay 5", "@delay needs a time such as"},
      {"@delay 601s", "@delay needs a time of at most"},
      {"@repeat 100001 x", "@repeat needs a number of at most"},
      {"@repeat 2", "@repeat needs a text"},
      {"@tool", "@tool needs the name"},
      {"@tool x [1]", "not a JSON object"},
      {"@fail 200", "a status from 400 to 599"},
      {"@fail 500 times x", "times needs a number"},
      {"@cut now", "stands alone"},
      {"@repeat 100000 " + std::string(100, 'x'), "says more than"},
  };
  for (const auto& [line, words] : cases) {
    const auto got = play(asked("@say hello\n" + line));
    BOOST_REQUIRE(got.failure.has_value());
    BOOST_TEST(got.failure->code == "rehearsal_script");
    BOOST_TEST(!got.failure->retryable);
    BOOST_TEST(got.failure->message.starts_with("Line 2 of the rehearsal script: "));
    BOOST_TEST(got.failure->message.find(words) != std::string::npos, got.failure->message);
    BOOST_TEST(got.text.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_broken_connection_is_retryable) {
  const auto got = play(asked("@fail broken after abc"));
  BOOST_REQUIRE(got.failure.has_value());
  BOOST_TEST(got.failure->code == "provider_unreachable");
  BOOST_TEST(got.failure->retryable);
  BOOST_TEST(got.text == "abc");
}

BOOST_AUTO_TEST_SUITE_END()
