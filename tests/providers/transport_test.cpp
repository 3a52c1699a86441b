// The vendors over real sockets: time limits, failures, aborts, and many calls at once.
#include <boost/test/unit_test.hpp>

#include <array>

#include "providers/failures.hpp"
#include "providers/providers.hpp"
#include "tests/support/decoders.hpp"

using namespace flotilla;
using namespace flotilla::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::array formats{wire::anthropic, wire::openai, wire::openrouter};
constexpr auto key_text = "sk-very-secret";

struct harbour {
  fake_upstream upstream;
  std::shared_ptr<http_transport> transport = http_transport::open().value();
  provider_limits limits;

  [[nodiscard]] std::unique_ptr<model_provider> vendor(wire format) {
    provider_access access{upstream.url(), key_text};
    if (format == wire::anthropic) return make_anthropic(transport, access, limits);
    access.base_url += "/v1/";
    if (format == wire::openai) return make_openai(transport, access, limits);
    return make_openrouter(transport, access, limits);
  }

  told run(wire format) { return run(format, request()); }
  told run(wire format, model_request asked) {
    const auto provider = vendor(format);
    auto sink = std::make_shared<recording_sink>();
    const auto call = provider->start(std::move(asked), sink);
    return sink->wait();
  }

  model_failure failure(wire format, canned_reply reply) {
    upstream.queue(std::move(reply));
    const auto got = run(format);
    BOOST_REQUIRE(got.failure.has_value());
    BOOST_TEST(got.failure->message.find(key_text) == std::string::npos);
    return *got.failure;
  }

  static model_request request() {
    model_request request;
    request.model = "m";
    request.turns.emplace_back(user_turn{"Hello"});
    return request;
  }
};

canned_reply refused(wire format, int status, const std::string& message, std::vector<std::string> headers = {}) {
  canned_reply reply;
  reply.status = status;
  reply.headers = std::move(headers);
  reply.body = error_body(format, status, "some_error", message);
  return reply;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(transport_test, harbour)

BOOST_AUTO_TEST_CASE(a_full_answer_of_each_vendor) {
  for (const auto format : formats) {
    upstream.queue(streamed(stream_of(format, full_answer())));
    const auto got = run(format);
    BOOST_REQUIRE(got.answer.has_value());
    BOOST_TEST(got.answer->calls.size() == 2U);
    BOOST_TEST(got.thinking.size() == 1U);
    BOOST_TEST((got.answer->usage == token_usage{100, 42}));
  }
  const auto seen = upstream.requests();
  BOOST_TEST(seen[0].method == "POST");
  BOOST_TEST(seen[0].path == "/v1/messages");
  BOOST_TEST(seen[0].headers.at("x-api-key") == key_text);
  BOOST_TEST(seen[0].headers.at("anthropic-version") == "2023-06-01");
  BOOST_TEST(!seen[0].headers.contains("authorization"));
  BOOST_TEST(!seen[0].headers.contains("expect"));
  BOOST_TEST(seen[1].path == "/v1/chat/completions");
  BOOST_TEST(seen[2].headers.at("authorization") == "Bearer sk-very-secret");
  for (const auto& one : seen) BOOST_TEST(one.headers.at("content-type") == "application/json");
  BOOST_TEST(seen[1].body == chat_body(request(), chat_dialect::compatible));
}

BOOST_AUTO_TEST_CASE(the_bound_of_an_answer_is_on_the_wire) {
  for (const auto format : formats) {
    upstream.queue(streamed(stream_of(format, full_answer())));
    auto bounded = request();
    bounded.max_output_tokens = 777;
    BOOST_TEST(run(format, bounded).answer.has_value());
  }
  // Under `openai` this is a server at another address.
  for (const auto& one : upstream.requests()) {
    BOOST_TEST(one.body.find("\"max_tokens\":777") != std::string::npos, one.body);
    BOOST_TEST(one.body.find("max_completion_tokens") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(answers_split_at_many_bytes) {
  constexpr std::size_t stride = 13;
  for (const auto format : formats) {
    const auto stream = stream_of(format, full_answer());
    const auto whole = decode(format, stream);
    for (std::size_t at = 1; at < stream.size(); at += stride) {
      auto reply = streamed(stream);
      reply.splits = {at, at + 1};
      upstream.queue(std::move(reply));
      const auto got = run(format);
      BOOST_TEST(got.text == whole.text);
      BOOST_TEST((got.thinking == whole.thinking));
      BOOST_REQUIRE(got.answer.has_value());
      BOOST_TEST((got.answer->calls == whole.answer->calls));
    }
  }
}

BOOST_AUTO_TEST_CASE(connections_are_used_again) {
  for (int i = 0; i < 20; ++i) {
    upstream.queue(streamed(stream_of(wire::openai, full_answer())));
    BOOST_TEST(run(wire::openai).answer.has_value());
  }
  // A call that begins before the one before it has read its last bytes takes a second connection.
  BOOST_TEST(upstream.connection_count() <= 3U);
}

BOOST_AUTO_TEST_CASE(statuses_of_each_vendor) {
  for (const auto format : formats) {
    const auto rejected = failure(format, refused(format, 400, "prompt is too long"));
    BOOST_TEST(!rejected.retryable);
    BOOST_TEST(rejected.code == "provider_rejected");
    BOOST_TEST(rejected.message.ends_with("prompt is too long"), rejected.message);
    const auto busy = failure(format, refused(format, 429, "slow down", {"Retry-After: 7"}));
    BOOST_TEST(busy.retryable);
    BOOST_TEST(busy.code == "provider_rate_limited");
    BOOST_TEST((busy.retry_after == 7000ms));
    BOOST_TEST(failure(format, refused(format, 529, "overloaded")).code == "provider_overloaded");
  }
  BOOST_TEST(failure(wire::anthropic, refused(wire::anthropic, 400, "bad")).message ==
             "anthropic: 400 some_error: bad");
}

BOOST_AUTO_TEST_CASE(a_server_that_repeats_the_key_gives_nothing_away) {
  const auto got = failure(wire::openai, refused(wire::openai, 401, "wrong key " + std::string(key_text) + "!"));
  BOOST_TEST(got.message == "openai: 401 some_error: wrong key [secret:OPENAI_API_KEY]!");
}

BOOST_AUTO_TEST_CASE(redirects_are_not_followed) {
  canned_reply elsewhere;
  elsewhere.status = 307;
  elsewhere.headers = {"Location: " + upstream.url() + "/elsewhere"};
  const auto got = failure(wire::openai, elsewhere);
  BOOST_TEST(!got.retryable);
  BOOST_TEST(got.message == "openai: 307 answered with a redirect, which is not followed");
  BOOST_TEST(upstream.request_count() == 1U);
}

BOOST_AUTO_TEST_CASE(a_connection_cut_in_the_middle_is_retryable) {
  for (const auto format : formats) {
    auto reply = streamed(stream_of(format, full_answer()));
    reply.cut_after = reply.body.size() / 2;
    const auto got = failure(format, std::move(reply));
    BOOST_TEST(got.retryable);
    BOOST_TEST(got.code == "provider_unreachable");
  }
}

BOOST_AUTO_TEST_CASE(a_refused_connection_is_retryable) {
  std::string nobody;
  {
    const fake_upstream gone;
    nobody = gone.url();
  }
  const auto provider = make_openai(transport, {nobody, std::nullopt}, limits);
  auto sink = std::make_shared<recording_sink>();
  const auto call = provider->start(request(), sink);
  const auto got = sink->wait();
  BOOST_REQUIRE(got.failure.has_value());
  BOOST_TEST(got.failure->retryable);
  BOOST_TEST(got.failure->code == "provider_unreachable");
}

BOOST_AUTO_TEST_CASE(only_http_is_spoken) {
  const auto provider = make_openai(transport, {"file:///etc", std::nullopt}, limits);
  auto sink = std::make_shared<recording_sink>();
  const auto call = provider->start(request(), sink);
  BOOST_TEST(sink->wait().failure->code == "provider_unreachable");
}

BOOST_AUTO_TEST_CASE(a_silent_vendor_is_given_up_at_the_first_byte_limit) {
  limits.first_byte = 50ms;
  canned_reply silent;
  silent.silent = true;
  const auto got = failure(wire::anthropic, silent);
  BOOST_TEST(got.code == "provider_timeout");
  BOOST_TEST(got.retryable);
  BOOST_TEST(got.message == "anthropic: no answer began within 50 ms");
  upstream.wait_for_disconnects(1);
}

BOOST_AUTO_TEST_CASE(a_stream_that_stalls_is_given_up_at_the_idle_limit) {
  limits.idle = 50ms;
  for (const auto format : formats) {
    auto reply = streamed(broken_stream(format, "so far", R"({"type":"x"})"));
    reply.body.resize(reply.body.size() - 1);  // its last event stays open
    reply.stall = true;
    const auto got = failure(format, std::move(reply));
    BOOST_TEST(got.code == "provider_timeout");
    BOOST_TEST(got.message.ends_with("the answer paused for more than 50 ms"), got.message);
  }
}

BOOST_AUTO_TEST_CASE(the_total_limit_ends_a_call) {
  limits.total = 50ms;
  canned_reply silent;
  silent.silent = true;
  BOOST_TEST(failure(wire::openai, silent).message == "openai: the call took longer than 50 ms");
}

BOOST_AUTO_TEST_CASE(a_destroyed_call_closes_its_socket_and_is_silent) {
  auto reply = streamed(broken_stream(wire::openai, "so far", R"({"type":"x"})"));
  reply.body.resize(reply.body.size() - 1);
  reply.stall = true;
  upstream.queue(reply);
  const auto provider = vendor(wire::openai);
  auto sink = std::make_shared<recording_sink>();
  auto call = provider->start(request(), sink);
  sink->wait_for_deltas(1);
  call.reset();
  upstream.wait_for_disconnects(1);
  BOOST_TEST(sink->so_far().ends == 0U);
}

BOOST_AUTO_TEST_CASE(two_hundred_calls_at_once) {
  constexpr std::size_t count = 200;
  const auto stream = stream_of(wire::openai, full_answer());
  const auto provider = vendor(wire::openai);
  std::vector<std::shared_ptr<recording_sink>> sinks;
  std::vector<std::unique_ptr<model_call>> calls;
  for (std::size_t i = 0; i < count; ++i) {
    auto reply = streamed(stream);
    reply.splits = {stream.size() / 3, stream.size() / 2};
    upstream.queue(std::move(reply));
  }
  for (std::size_t i = 0; i < count; ++i) {
    sinks.push_back(std::make_shared<recording_sink>());
    calls.push_back(provider->start(request(), sinks.back()));
  }
  const auto whole = decode(wire::openai, stream);
  for (const auto& sink : sinks) BOOST_TEST(sink->wait().text == whole.text);
  BOOST_TEST(upstream.request_count() == count);
}

BOOST_AUTO_TEST_CASE(a_transport_that_goes_ends_its_calls) {
  canned_reply silent;
  silent.silent = true;
  upstream.queue(silent);
  auto provider = vendor(wire::anthropic);
  auto sink = std::make_shared<recording_sink>();
  const auto call = provider->start(request(), sink);
  upstream.wait_for_requests(1);
  provider.reset();
  transport.reset();
  const auto got = sink->wait();
  BOOST_REQUIRE(got.failure.has_value());
  BOOST_TEST(got.failure->retryable);
}

BOOST_AUTO_TEST_CASE(keys) {
  const auto failure_of = [&](const std::unique_ptr<model_provider>& provider) {
    auto sink = std::make_shared<recording_sink>();
    const auto call = provider->start(request(), sink);
    return sink->so_far().failure.value();
  };
  const auto missing = failure_of(make_anthropic(transport, {}, limits));
  BOOST_TEST(missing.code == "missing_key");
  BOOST_TEST(missing.message == "No key for anthropic: set ANTHROPIC_API_KEY.");
  BOOST_TEST(!missing.retryable);
  BOOST_TEST(failure_of(make_anthropic(transport, {upstream.url(), ""}, limits)).code == "missing_key");
  BOOST_TEST(failure_of(make_openrouter(transport, {upstream.url(), std::nullopt}, limits)).message ==
             "No key for openrouter: set OPENROUTER_API_KEY.");
  BOOST_TEST(failure_of(make_openai(transport, {}, limits)).message == "No key for openai: set OPENAI_API_KEY.");
  const auto illegal = failure_of(make_openai(transport, {upstream.url(), "sk\r\nX-Evil: 1"}, limits));
  BOOST_TEST(illegal.code == "invalid_key");
  BOOST_TEST(illegal.message.find("Evil") == std::string::npos);

  upstream.queue(streamed(stream_of(wire::openai, full_answer())));
  auto sink = std::make_shared<recording_sink>();
  const auto call = make_openai(transport, {upstream.url(), std::nullopt}, limits)->start(request(), sink);
  BOOST_TEST(sink->wait().answer.has_value());
  BOOST_TEST(!upstream.requests().back().headers.contains("authorization"));
}

BOOST_AUTO_TEST_CASE(the_key_of_a_request_goes_before_the_provider_s_own) {
  const auto provider = make_openai(transport, {upstream.url(), std::string("sk-of-the-environment")}, limits);
  const auto with = [](std::string_view key) {
    auto made = request();
    made.key = std::make_shared<const credential>(credential{"OPENAI_API_KEY", secret_text(key)});
    return made;
  };
  upstream.queue(streamed(stream_of(wire::openai, full_answer())));
  auto sink = std::make_shared<recording_sink>();
  const auto call = provider->start(with("sk-of-a-secret"), sink);
  BOOST_TEST(sink->wait().answer.has_value());
  BOOST_TEST(upstream.requests().back().headers.at("authorization") == "Bearer sk-of-a-secret");

  upstream.queue(refused(wire::openai, 401, "wrong key sk-of-a-secret!"));
  auto second = std::make_shared<recording_sink>();
  const auto refused_call = provider->start(with("sk-of-a-secret"), second);
  BOOST_TEST(second->wait().failure.value().message == "openai: 401 some_error: wrong key [secret:OPENAI_API_KEY]!");

  auto third = std::make_shared<recording_sink>();
  const auto illegal = provider->start(with("sk\r\nX-Evil: 1"), third);
  BOOST_TEST(third->so_far().failure.value().message ==
             "The key for openai holds a character that no key has: see OPENAI_API_KEY.");
}

BOOST_AUTO_TEST_CASE(a_key_at_the_end_of_a_message_that_is_cut_is_hidden) {
  for (std::size_t shown = 4; shown < std::string(key_text).size(); ++shown) {
    const std::string prefix("openai: 400 some_error: ");
    const auto filler = std::string(max_failure_message_bytes - prefix.size() - shown, 'x');
    const auto got = failure(wire::openai, refused(wire::openai, 400, filler + std::string(key_text)));
    BOOST_TEST(got.message.find(std::string(key_text).substr(0, 4)) == std::string::npos, got.message);
  }
}

BOOST_AUTO_TEST_CASE(retry_after_in_both_forms) {
  const auto now = std::chrono::system_clock::from_time_t(784111777);  // Sun, 06 Nov 1994 08:49:37 GMT
  BOOST_TEST((parse_retry_after("120", now) == 120'000ms));
  BOOST_TEST((parse_retry_after("0", now) == 0ms));
  BOOST_TEST((parse_retry_after("Sun, 06 Nov 1994 08:49:47 GMT", now) == 10'000ms));
  BOOST_TEST((parse_retry_after("Sun, 06 Nov 1994 08:49:00 GMT", now) == 0ms));
  for (const auto* text : {"", "-1", "soon", "1.5", "12 s", "99999999999999999999"}) {
    BOOST_TEST(!parse_retry_after(text, now).has_value(), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
