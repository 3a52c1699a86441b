// The decoders of the vendors' streams: what each stream becomes, however its bytes are split.
#include <boost/test/unit_test.hpp>

#include <array>

#include "tests/support/decoders.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

constexpr std::array formats{wire::anthropic, wire::openai, wire::openrouter};

std::string expected_opaque(wire format) {
  if (format == wire::anthropic) return R"({"signature":"c2lnbmF0dXJl"})";
  if (format == wire::openai) return "";
  return "{\"reasoning_details\":[{\"format\":\"f\",\"index\":0,\"signature\":\"c2lnbmF0dXJl\",\"text\":\"Let me "
         "think "
         "\xE2\x80\xA6 twice.\",\"type\":\"reasoning.text\"}]}";
}

void check_full_answer(wire format, const told& got) {
  BOOST_REQUIRE(got.answer.has_value());
  BOOST_TEST(got.ends == 1U);
  BOOST_TEST(got.text ==
             "Gr\xC3\xBC\xC3\x9F"
             "e, \xF0\x9F\x9A\xA2\n\"quoted\"");
  BOOST_TEST(got.pieces.size() == 3U);
  BOOST_REQUIRE(got.thinking.size() == 1U);
  BOOST_TEST(got.thinking[0].text == "Let me think \xE2\x80\xA6 twice.");
  BOOST_TEST(got.thinking[0].opaque == expected_opaque(format));
  BOOST_TEST((got.answer->stop == stop_reason::tool_use));
  const std::vector<tool_request> calls{{"call_a", "search", "{\"q\": \"caf\xC3\xA9\"}"}, {"call_b", "now", "{}"}};
  BOOST_TEST((got.answer->calls == calls));
  BOOST_TEST((got.answer->usage == token_usage{100, 42}));
}

std::string data_line(std::string_view json) {
  return "data: " + std::string(json) + "\n\n";
}

told chat(std::initializer_list<std::string_view> chunks, wire format = wire::openai) {
  std::string stream;
  for (const auto chunk : chunks) stream += data_line(chunk);
  return decode(format, stream);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(decoder_test)

BOOST_AUTO_TEST_CASE(a_full_answer_split_at_every_byte) {
  for (const auto format : formats) {
    const auto stream = stream_of(format, full_answer());
    for (std::size_t at = 0; at <= stream.size(); ++at) check_full_answer(format, decode(format, stream, at));
    recording_sink sink;
    const auto decoder = decoder_of(format, sink);
    for (const char c : stream) decoder->feed({&c, 1});
    check_full_answer(format, sink.so_far());
  }
}

BOOST_AUTO_TEST_CASE(a_stream_cut_at_any_byte_is_whole_or_a_broken_connection) {
  for (const auto format : formats) {
    const auto stream = stream_of(format, full_answer());
    for (std::size_t at = 0; at < stream.size(); ++at) {
      const auto got = decode(format, std::string_view(stream).substr(0, at));
      BOOST_TEST(got.ends == 1U);
      BOOST_TEST((got.answer.has_value() || got.failure->retryable));
      if (got.answer) BOOST_TEST(got.answer->calls.size() == 2U);
    }
  }
}

BOOST_AUTO_TEST_CASE(stop_reasons) {
  const auto stop_of = [](wire format, const std::string& word) {
    wire_answer answer;
    answer.text = {"x"};
    answer.stop = word;
    const auto got = decode(format, stream_of(format, answer));
    BOOST_REQUIRE(got.answer.has_value());
    return got.answer->stop;
  };
  const std::vector<std::pair<std::string, stop_reason>> anthropic{
      {"end_turn", stop_reason::end_turn},     {"stop_sequence", stop_reason::end_turn},
      {"max_tokens", stop_reason::max_tokens}, {"model_context_window_exceeded", stop_reason::max_tokens},
      {"pause_turn", stop_reason::pause},      {"refusal", stop_reason::refusal},
      {"tool_use", stop_reason::end_turn}};
  for (const auto& [word, stop] : anthropic) BOOST_TEST((stop_of(wire::anthropic, word) == stop), word);
  const std::vector<std::pair<std::string, stop_reason>> chat_words{{"stop", stop_reason::end_turn},
                                                                    {"length", stop_reason::max_tokens},
                                                                    {"content_filter", stop_reason::refusal},
                                                                    {"tool_calls", stop_reason::end_turn}};
  for (const auto& [word, stop] : chat_words) {
    BOOST_TEST((stop_of(wire::openai, word) == stop), word);
    BOOST_TEST((stop_of(wire::openrouter, word) == stop), word);
  }
}

BOOST_AUTO_TEST_CASE(a_cut_answer_has_no_calls) {
  for (const auto format : formats) {
    auto answer = full_answer();
    answer.calls.back().argument_pieces = {"{\"half\":"};
    answer.stop = format == wire::anthropic ? "max_tokens" : "length";
    const auto got = decode(format, stream_of(format, answer));
    BOOST_REQUIRE(got.answer.has_value());
    BOOST_TEST((got.answer->stop == stop_reason::max_tokens));
    BOOST_TEST(got.answer->calls.empty());
  }
}

BOOST_AUTO_TEST_CASE(arguments_that_are_no_object_become_an_empty_one) {
  for (const auto format : formats) {
    auto answer = full_answer();
    answer.calls[0].argument_pieces = {"[1"};
    const auto got = decode(format, stream_of(format, answer));
    BOOST_REQUIRE(got.answer.has_value());
    BOOST_TEST(got.answer->calls[0].arguments == "{}");
  }
}

BOOST_AUTO_TEST_CASE(anthropic_errors_in_mid_stream) {
  const auto fail = [](const std::string& type) {
    const auto error = R"({"type":")" + type + R"(","message":"words"})";
    const auto got = decode(wire::anthropic, broken_stream(wire::anthropic, "so far", error));
    BOOST_TEST(got.text == "so far");
    BOOST_REQUIRE(got.failure.has_value());
    BOOST_TEST(got.failure->usage.input_tokens == 9U);
    return *got.failure;
  };
  BOOST_TEST(fail("overloaded_error").code == "provider_overloaded");
  BOOST_TEST(fail("overloaded_error").retryable);
  BOOST_TEST(fail("overloaded_error").message == "anthropic: 529 overloaded_error: words");
  BOOST_TEST(fail("api_error").retryable);
  BOOST_TEST(fail("rate_limit_error").code == "provider_rate_limited");
  BOOST_TEST(fail("timeout_error").code == "provider_timeout");
  BOOST_TEST(fail("something_new").retryable);
  BOOST_TEST(!fail("invalid_request_error").retryable);
  BOOST_TEST(fail("invalid_request_error").code == "provider_rejected");
}

BOOST_AUTO_TEST_CASE(chat_errors_in_mid_stream) {
  const auto fail = [](wire format, const std::string& error) {
    const auto got = decode(format, broken_stream(format, "so far", error));
    BOOST_TEST(got.text == "so far");
    BOOST_REQUIRE(got.failure.has_value());
    return *got.failure;
  };
  BOOST_TEST(fail(wire::openai, R"({"type":"server_error","message":"m"})").message == "openai: 500 server_error: m");
  BOOST_TEST(fail(wire::openai, R"({"type":"server_error","message":"m"})").retryable);
  BOOST_TEST(!fail(wire::openai, R"({"type":"invalid_request_error","message":"m"})").retryable);
  BOOST_TEST(fail(wire::openai, R"("plain words")").message == "openai: 500 plain words");
  const auto gone = fail(wire::openrouter, R"({"code":502,"message":"down","metadata":{"provider_name":"p"}})");
  BOOST_TEST(gone.message == "openrouter: 502 down");
  BOOST_TEST(gone.retryable);
  BOOST_TEST(!fail(wire::openrouter, R"({"code":402,"message":"no credits"})").retryable);
  BOOST_TEST(fail(wire::openrouter, R"({"code":"server_error","message":"m"})").retryable);
  const auto at_choice =
      chat({R"({"choices":[{"index":0,"delta":{},"finish_reason":"error","error":{"code":503,"message":"m"}}]})"});
  BOOST_TEST(at_choice.failure->code == "provider_overloaded");
  const auto word_only = chat({R"({"choices":[{"index":0,"delta":{},"finish_reason":"error"}]})"});
  BOOST_TEST(word_only.failure->retryable);
  const auto local = chat({R"({"object":"error","message":"too long","type":"BadRequestError","code":400})"});
  BOOST_TEST(local.failure->message == "openai: 400 BadRequestError: too long");
  BOOST_TEST(!local.failure->retryable);
}

BOOST_AUTO_TEST_CASE(what_is_not_the_format_is_a_protocol_failure) {
  for (const auto format : formats) {
    for (const auto* stream : {"data: {\n\n", "data: [1]\n\n", "data: \"\xFF\"\n\n", "<html>no stream</html>", ""}) {
      const auto got = decode(format, stream);
      BOOST_REQUIRE(got.failure.has_value());
      BOOST_TEST(got.failure->code == "provider_protocol");
      BOOST_TEST(got.failure->retryable);
    }
  }
  const auto orphan = decode(wire::anthropic, data_line(R"({"type":"content_block_stop","index":3})"));
  BOOST_TEST(orphan.failure->code == "provider_protocol");
}

BOOST_AUTO_TEST_CASE(too_large_an_answer_is_given_up) {
  for (const auto format : formats) {
    const auto got = decode(format, stream_of(format, full_answer()), 0, 20);
    BOOST_REQUIRE(got.failure.has_value());
    BOOST_TEST(got.failure->code == "provider_answer_too_large");
    BOOST_TEST(!got.failure->retryable);
  }
}

BOOST_AUTO_TEST_CASE(redacted_thinking_is_kept) {
  const auto got = decode(
      wire::anthropic,
      data_line(
          R"({"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":"ZGF0YQ=="}})") +
          data_line(R"({"type":"content_block_stop","index":0})") +
          data_line(R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1}})") +
          data_line(R"({"type":"message_stop"})"));
  BOOST_REQUIRE(got.thinking.size() == 1U);
  BOOST_TEST(got.thinking[0].text.empty());
  BOOST_TEST(got.thinking[0].opaque == R"({"redacted":"ZGF0YQ=="})");
}

BOOST_AUTO_TEST_CASE(chat_refusals_are_answers) {
  const auto got =
      chat({R"({"choices":[{"index":0,"delta":{"refusal":"I cannot "}}]})",
            R"({"choices":[{"index":0,"delta":{"refusal":"do that."},"finish_reason":"stop"}]})", "[DONE]"});
  BOOST_REQUIRE(got.answer.has_value());
  BOOST_TEST(got.text == "I cannot do that.");
  BOOST_TEST((got.answer->stop == stop_reason::refusal));
}

BOOST_AUTO_TEST_CASE(calls_as_compatible_servers_send_them) {
  // No id, no index, arguments as an object.
  const auto bare = chat(
      {R"({"choices":[{"delta":{"tool_calls":[{"function":{"name":"a","arguments":{"x":1}}}]},"finish_reason":"stop"}]})",
       "[DONE]"});
  BOOST_REQUIRE(bare.answer.has_value());
  BOOST_TEST((bare.answer->stop == stop_reason::tool_use));
  BOOST_TEST((bare.answer->calls == std::vector<tool_request>{{"call_1_1", "a", R"({"x":1})"}}));
  // Every call at index 0, told apart by its id.
  const auto same = chat(
      {R"({"choices":[{"delta":{"tool_calls":[{"index":0,"id":"i","function":{"name":"a","arguments":"{}"}},{"index":0,"id":"j","function":{"name":"b","arguments":"{}"}}]}}]})",
       "[DONE]"});
  BOOST_REQUIRE(same.answer.has_value());
  BOOST_TEST((same.answer->calls == std::vector<tool_request>{{"i", "a", "{}"}, {"j", "b", "{}"}}));
  // The function_call of old.
  const auto old = chat(
      {R"({"choices":[{"index":0,"delta":{"function_call":{"name":"a","arguments":"{\"x\""}}}]})",
       R"({"choices":[{"index":0,"delta":{"function_call":{"arguments":":2}"}},"finish_reason":"function_call"}]})"});
  BOOST_REQUIRE(old.answer.has_value());
  BOOST_TEST((old.answer->calls == std::vector<tool_request>{{"call_1_1", "a", R"({"x":2})"}}));
}

BOOST_AUTO_TEST_CASE(an_end_without_done_is_an_answer_only_with_a_reason) {
  const auto said = R"({"choices":[{"index":0,"delta":{"content":"x"}}]})";
  BOOST_TEST(chat({said}).failure->code == "provider_unreachable");
  BOOST_TEST(chat({said}).failure->retryable);
  BOOST_TEST(chat({said, "[DONE]"}).answer.has_value());
  BOOST_TEST(chat({said, R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"}).answer.has_value());
}

BOOST_AUTO_TEST_CASE(a_connection_that_breaks_behind_a_whole_answer_costs_nothing) {
  recording_sink sink;
  const auto decoder = decoder_of(wire::openai, sink);
  decoder->feed(data_line(R"({"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]})"));
  decoder->abandon({"provider_unreachable", "gone", true, {}, {}});
  BOOST_TEST(sink.so_far().answer.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
