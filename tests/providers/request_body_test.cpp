// The bodies of requests, field by field, and the words of failures.
#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include "providers/anthropic_format.hpp"
#include "providers/failures.hpp"
#include "providers/openai_format.hpp"

using namespace flotilla;
using nlohmann::json;

namespace {

model_request conversation() {
  model_request request;
  request.model = "the-model";
  request.system = "You are a helmsman.";
  request.tools = {{"search", "Finds.", R"({"type":"object","properties":{"q":{"type":"string"}}})", true, true}};
  request.turns.emplace_back(user_turn{"Hello"});
  assistant_turn asks;
  asks.thinking = {{"hmm", R"({"signature":"sig"})"},
                   {"", R"({"redacted":"blob"})"},
                   {"of another vendor", ""},
                   {"routed", R"({"reasoning_details":[{"type":"reasoning.text","text":"routed"}]})"}};
  asks.text = "I look.";
  asks.calls = {{"c1", "search", R"({"q":"x"})"}, {"c2", "search", "{}"}};
  request.turns.emplace_back(asks);
  request.turns.emplace_back(tool_turn{{{"c1", "found", false}, {"c2", "it broke", true}}});
  request.turns.emplace_back(assistant_turn{{}, "So", {}});
  request.turns.emplace_back(user_turn{"Continue."});
  return request;
}

/// Memory before the task, and mail behind the results of tools.
model_request with_background() {
  model_request request;
  request.model = "the-model";
  request.turns.emplace_back(user_turn{"Remember.", false, true});
  request.turns.emplace_back(user_turn{"Hello"});
  request.turns.emplace_back(assistant_turn{{}, "", {{"c1", "search", "{}"}}});
  request.turns.emplace_back(tool_turn{{{"c1", "found", false}}});
  request.turns.emplace_back(user_turn{"Message from a user.", false, true});
  return request;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(request_body_test)

BOOST_AUTO_TEST_CASE(anthropic_field_by_field) {
  const auto body = json::parse(anthropic_body(conversation()));
  const auto expected = json::parse(R"({
    "model": "the-model", "max_tokens": 8192, "stream": true, "system": "You are a helmsman.",
    "tools": [{"name": "search", "description": "Finds.",
               "input_schema": {"type": "object", "properties": {"q": {"type": "string"}}}}],
    "messages": [
      {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
      {"role": "assistant", "content": [
        {"type": "thinking", "thinking": "hmm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "blob"},
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "c1", "name": "search", "input": {"q": "x"}},
        {"type": "tool_use", "id": "c2", "name": "search", "input": {}}]},
      {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "c1", "content": "found"},
        {"type": "tool_result", "tool_use_id": "c2", "content": "it broke", "is_error": true}]},
      {"role": "assistant", "content": [{"type": "text", "text": "So"}]},
      {"role": "user", "content": [{"type": "text", "text": "Continue."}]}]})");
  BOOST_TEST(body == expected, body.dump(1));
}

BOOST_AUTO_TEST_CASE(anthropic_leaves_out_what_the_api_refuses) {
  model_request request;
  request.model = "m";
  request.turns.emplace_back(user_turn{"Hello"});
  request.turns.emplace_back(assistant_turn{{}, " \n", {}});
  request.turns.emplace_back(user_turn{"Continue."});
  auto body = json::parse(anthropic_body(request));
  BOOST_TEST(
      body["messages"] ==
      json::parse(
          R"([{"role":"user","content":[{"type":"text","text":"Hello"},{"type":"text","text":"Continue."}]}])"));
  BOOST_TEST(!body.contains("system"));
  BOOST_TEST(!body.contains("tools"));

  request.turns.back() = assistant_turn{{}, "paused \n", {{"c1", "t", "not json"}}};
  request.turns.emplace_back(tool_turn{{{"c1", "", false}}});
  body = json::parse(anthropic_body(request));
  BOOST_TEST(body["messages"][1]["content"][1]["input"] == json::object());
  BOOST_TEST(body["messages"][2]["content"] == json::parse(R"([{"type":"tool_result","tool_use_id":"c1"}])"));

  request.turns.back() = assistant_turn{{}, "more \n", {}};
  body = json::parse(anthropic_body(request));
  BOOST_TEST(body["messages"].back()["content"].back()["type"] == "text");
  BOOST_TEST(body["messages"].back()["content"].back()["text"] == "more");
}

BOOST_AUTO_TEST_CASE(openai_field_by_field) {
  const auto body = json::parse(chat_body(conversation(), chat_dialect::openai));
  const auto expected = json::parse(R"({
    "model": "the-model", "stream": true, "stream_options": {"include_usage": true},
    "tools": [{"type": "function", "function": {"name": "search", "description": "Finds.",
               "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}}}],
    "messages": [
      {"role": "system", "content": "You are a helmsman."},
      {"role": "user", "content": "Hello"},
      {"role": "assistant", "content": "I look.", "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "search", "arguments": "{\"q\":\"x\"}"}},
        {"id": "c2", "type": "function", "function": {"name": "search", "arguments": "{}"}}]},
      {"role": "tool", "tool_call_id": "c1", "content": "found"},
      {"role": "tool", "tool_call_id": "c2", "content": "Error: it broke"},
      {"role": "assistant", "content": "So"},
      {"role": "user", "content": "Continue."}]})");
  BOOST_TEST(body == expected, body.dump(1));
}

BOOST_AUTO_TEST_CASE(openrouter_gets_its_reasoning_back) {
  auto body = json::parse(chat_body(conversation(), chat_dialect::openrouter));
  BOOST_TEST(body["messages"][2]["reasoning_details"] ==
             json::parse(R"([{"type":"reasoning.text","text":"routed"}])"));
  body["messages"][2].erase("reasoning_details");
  BOOST_TEST(body == json::parse(chat_body(conversation(), chat_dialect::openai)));
}

BOOST_AUTO_TEST_CASE(anthropic_has_background_in_the_user_message_behind_the_results) {
  const auto body = json::parse(anthropic_body(with_background()));
  const auto expected = json::parse(R"([
      {"role": "user", "content": [{"type": "text", "text": "Remember."}, {"type": "text", "text": "Hello"}]},
      {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "search", "input": {}}]},
      {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "c1", "content": "found"},
        {"type": "text", "text": "Message from a user."}]}])");
  BOOST_TEST(body["messages"] == expected, body.dump(1));
}

BOOST_AUTO_TEST_CASE(chat_has_background_as_messages_of_its_own) {
  for (const auto dialect : {chat_dialect::openai, chat_dialect::compatible, chat_dialect::openrouter}) {
    const auto body = json::parse(chat_body(with_background(), dialect));
    const auto expected = json::parse(R"([
      {"role": "user", "content": "Remember."},
      {"role": "user", "content": "Hello"},
      {"role": "assistant", "content": null, "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "search", "arguments": "{}"}}]},
      {"role": "tool", "tool_call_id": "c1", "content": "found"},
      {"role": "user", "content": "Message from a user."}])");
    BOOST_TEST(body["messages"] == expected, body.dump(1));
  }
}

BOOST_AUTO_TEST_CASE(an_answer_is_bounded_in_the_words_of_each_vendor) {
  auto asked = conversation();
  const auto unbounded = asked;
  asked.max_output_tokens = 300;
  BOOST_TEST(json::parse(anthropic_body(asked))["max_tokens"] == 300);
  const auto differs_by = [&](chat_dialect dialect, const char* name) {
    auto body = json::parse(chat_body(asked, dialect));
    BOOST_TEST(body[name] == 300);
    body.erase(name);
    BOOST_TEST(body == json::parse(chat_body(unbounded, dialect)), body.dump(1));
  };
  differs_by(chat_dialect::openai, "max_completion_tokens");
  differs_by(chat_dialect::compatible, "max_tokens");
  differs_by(chat_dialect::openrouter, "max_tokens");
}

BOOST_AUTO_TEST_CASE(chat_leaves_empty_answers_out) {
  model_request request;
  request.turns.emplace_back(user_turn{"Hello"});
  request.turns.emplace_back(assistant_turn{{}, "", {}});
  request.turns.emplace_back(assistant_turn{{}, "", {{"c", "t", "{}"}}});
  const auto body = json::parse(chat_body(request, chat_dialect::openai));
  BOOST_REQUIRE(body["messages"].size() == 2U);
  BOOST_TEST(body["messages"][1]["content"].is_null());
}

BOOST_AUTO_TEST_CASE(broken_text_never_stops_a_request) {
  model_request request;
  request.turns.emplace_back(
      user_turn{"a\xFF"
                "b"});
  BOOST_TEST(json::parse(anthropic_body(request))["messages"][0]["content"][0]["text"] ==
             "a\xEF\xBF\xBD"
             "b");
  BOOST_TEST(json::parse(chat_body(request, chat_dialect::openai))["messages"][0]["content"] ==
             "a\xEF\xBF\xBD"
             "b");
}

BOOST_AUTO_TEST_CASE(statuses_become_failures) {
  const auto of = [](int status) { return status_failure("v", status, "words", std::chrono::seconds(3)); };
  for (const int status : {408, 409, 429, 500, 502, 503, 504, 529, 599}) {
    BOOST_TEST(of(status).retryable, status);
    BOOST_TEST((of(status).retry_after == std::chrono::milliseconds(3000)), status);
  }
  for (const int status : {201, 301, 400, 401, 402, 403, 404, 413, 418, 422}) {
    BOOST_TEST(!of(status).retryable, status);
    BOOST_TEST(of(status).code == "provider_rejected", status);
    BOOST_TEST(!of(status).retry_after.has_value(), status);
  }
  BOOST_TEST(of(429).message == "v: 429 words");
}

BOOST_AUTO_TEST_CASE(vendors_words_are_bounded_and_clean) {
  BOOST_TEST(vendor_words(R"({"type":"error","error":{"type":"t","message":"m"}})") == "t: m");
  BOOST_TEST(vendor_words(R"({"error":{"code":"c","message":"m"}})") == "c: m");
  BOOST_TEST(vendor_words(R"({"error":"plain"})") == "plain");
  BOOST_TEST(vendor_words(R"({"detail":"Not Found"})") == "Not Found");
  BOOST_TEST(vendor_words("<html>\n\xFF") == "<html> \xEF\xBF\xBD");
  BOOST_TEST(vendor_words("[]") == "[]");
  const auto cut = bounded_text(std::string(1023, 'x') + "\xC3\xA9");
  BOOST_TEST(cut.size() == 1023U);
  std::string ferries;
  for (int i = 0; i < 1000; ++i) ferries += "\xF0\x9F\x9A\xA2";
  BOOST_TEST(bounded_text(ferries).size() == max_failure_message_bytes);
}

BOOST_AUTO_TEST_SUITE_END()
