// The parsers and the token bucket on their own: known cases, and seeded random input.
#include <boost/test/unit_test.hpp>

#include <random>

#include "http/fields.hpp"
#include "http/message.hpp"
#include "http/rate_limiter.hpp"
#include "http/uri.hpp"

namespace {

using namespace flotilla;
using namespace flotilla::http;
using namespace std::chrono_literals;

constexpr int random_cases = 5000;

std::string random_text(std::mt19937& random, std::string_view alphabet, std::size_t longest) {
  std::string text(random() % (longest + 1), ' ');
  for (auto& c : text) c = alphabet.empty() ? static_cast<char>(random()) : alphabet[random() % alphabet.size()];
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(parsers)

BOOST_AUTO_TEST_CASE(percent_encoding_reads_what_it_wrote) {
  std::mt19937 random(1);
  for (int i = 0; i < random_cases; ++i) {
    const auto text = random_text(random, {}, 40);
    const auto encoded = percent_encoded(text);
    BOOST_REQUIRE(percent_decoded(encoded, plus_sign::blank) == text);
    BOOST_REQUIRE(percent_decoded(encoded, plus_sign::literal) == text);
  }
  BOOST_TEST(!percent_decoded("%", plus_sign::literal));
  BOOST_TEST(!percent_decoded("a%2", plus_sign::literal));
  BOOST_TEST(!percent_decoded("%g0", plus_sign::literal));
  BOOST_TEST(percent_decoded("a+b%2Bc", plus_sign::blank).value() == "a b+c");
  BOOST_TEST(percent_decoded("a+b%2bc", plus_sign::literal).value() == "a+b+c");
}

BOOST_AUTO_TEST_CASE(queries_read_what_they_wrote_and_never_fail_otherwise_than_cleanly) {
  std::mt19937 random(2);
  for (int i = 0; i < random_cases; ++i) {
    query_parameters wanted;
    for (auto n = random() % 5; n > 0; --n) wanted["k" + random_text(random, {}, 5)] = random_text(random, {}, 10);
    BOOST_REQUIRE(parse_query(to_query(wanted)).value() == wanted);
    const auto wild = parse_query(random_text(random, "a=&%+2f", 30));
    BOOST_REQUIRE(wild.has_value() || wild.error().code == errc::invalid);
  }
  const auto read = parse_query("a=1&b=x%20y+z&a=2&&c&=d").value();
  BOOST_TEST(read.at("a") == "2");
  BOOST_TEST(read.at("b") == "x y z");
  BOOST_TEST(read.at("c").empty());
  BOOST_TEST(!parse_query("a=%zz"));
  std::string many;
  for (int i = 0; i < 100; ++i) many += "k" + std::to_string(i) + "=1&";
  BOOST_TEST(!parse_query(many));
}

BOOST_AUTO_TEST_CASE(paths_match_their_pattern_and_no_other) {
  std::string_view id;
  BOOST_TEST(matches_path("/api/tasks/{id}/events", "/api/tasks/tsk_1/events", id));
  BOOST_TEST(id == "tsk_1");
  BOOST_TEST(matches_path("/", "/", id));
  for (const auto* wrong : {"/api/tasks", "/api/tasks/", "/api/tasks//events", "/api/tasks/a/events/", "",
                            "api/tasks/a/events", "//api/tasks/a/events", "/api/tasks/a/b/events"}) {
    BOOST_TEST(!matches_path("/api/tasks/{id}/events", wrong, id), wrong);
  }
  std::mt19937 random(3);
  for (int i = 0; i < random_cases; ++i) {
    const auto path = random_text(random, "/a{id}", 12);
    if (matches_path("/a/{id}", path, id)) BOOST_REQUIRE(path == "/a/" + std::string(id));
  }
}

BOOST_AUTO_TEST_CASE(bodies_are_objects_of_bounded_depth_in_utf8) {
  const auto nested = [](std::size_t depth) {
    return R"({"a":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  BOOST_TEST(parse_object(nested(max_json_depth)).has_value());
  BOOST_TEST(parse_object(nested(max_json_depth + 1)).error().message.find("too deep") != std::string::npos);
  BOOST_TEST(!parse_object(std::string(1'000'000, '[')));
  BOOST_TEST(parse_object(R"({"a":")" + std::string(1000, '[') + "\\\"[\"}").has_value());
  BOOST_TEST(parse_object(R"({"a":1,"a":2})").value().at("a") == 2);
  for (const auto* wrong : {"", "[]", "1", "null", "{", "{\"a\":\"\xff\"}", "{\"a\":\"\xc0\x80\"}", "{\"a\":1e999}",
                            "{\"a\":1} x", "{'a':1}", R"({"a":"\ud800"})"}) {
    BOOST_TEST((parse_object(wrong).error().code == errc::invalid), wrong);
  }
  std::mt19937 random(4);
  for (int i = 0; i < random_cases; ++i) {
    const auto read = parse_object(random_text(random, R"({}[]":,a1\e-.)", 20));
    BOOST_REQUIRE(read.has_value() ? read->is_object() : read.error().code == errc::invalid);
  }
}

BOOST_AUTO_TEST_CASE(the_first_wrong_field_is_named) {
  const auto body =
      parse_object(R"({"empty":"","number":-1,"list":["a",1],"budget":{"tokens":"5"},"null":null})").value();
  const auto complaint_of = [&](auto read) {
    body_reader in(body);
    read(in);
    return std::move(in).check(0).error().message;
  };
  std::string text;
  std::uint32_t number = 0;
  std::vector<std::string> list;
  token_budget budget;
  std::optional<std::optional<std::string>> clearable;
  BOOST_TEST(complaint_of([&](auto& in) { in.required("missing", text); }) == "missing: is required");
  BOOST_TEST(complaint_of([&](auto& in) {
               in.required("empty", text);
               in.required("missing", text);
             }) == "empty: must not be empty");
  BOOST_TEST(complaint_of([&](auto& in) { in.optional("number", number); }).starts_with("number: must be a whole"));
  BOOST_TEST(complaint_of([&](auto& in) { in.optional("list", list); }) == "list: must be a list of strings");
  BOOST_TEST(complaint_of([&](auto& in) { in.optional("budget", budget); }).starts_with("budget.tokens: must be"));
  BOOST_TEST(complaint_of([&](auto& in) { in.required("null", text); }) == "null: must be a string");
  body_reader in(body);
  in.change("null", clearable);
  in.optional("null", text);
  BOOST_TEST(std::move(in).check(true).value());
  BOOST_REQUIRE(clearable.has_value());
  BOOST_TEST(!clearable->has_value());
}

BOOST_AUTO_TEST_CASE(authorization_headers_and_types) {
  BOOST_TEST(bearer_token("Bearer abc") == "abc");
  BOOST_TEST(bearer_token("bEARER  abc ") == "abc");
  for (const auto* wrong : {"", "Bearer", "Bearer ", "Basic abc", "Bearerabc"})
    BOOST_TEST(bearer_token(wrong).empty());
  BOOST_TEST(is_json_type("Application/JSON ; charset=utf-8"));
  BOOST_TEST(!is_json_type("application/json5"));
  BOOST_TEST(!is_request_id("a b"));
  BOOST_TEST(!is_request_id(std::string(129, 'a')));
  BOOST_TEST(is_request_id(make_request_id()));
}

BOOST_AUTO_TEST_CASE(a_bucket_empties_and_fills) {
  rate_limiter<token_id> limiter(60);
  token_id who;
  rate_limiter<token_id>::time_point now{};
  for (int i = 59; i >= 0; --i) BOOST_TEST(limiter.take(who, now)->remaining == static_cast<std::uint32_t>(i));
  const auto refused = limiter.take(who, now).value();
  BOOST_TEST(!refused.granted);
  BOOST_TEST((refused.retry_after == 1000ms));
  BOOST_TEST((refused.reset == 60s));
  BOOST_TEST(limiter.take(who, now + refused.retry_after)->granted);
  BOOST_TEST(!limiter.take(who, now + refused.retry_after)->granted);
  BOOST_TEST(limiter.take(who, now + 1h)->remaining == 59U);
  BOOST_TEST(!rate_limiter<token_id>(0).take(who, now));
}

BOOST_AUTO_TEST_CASE(buckets_are_bounded) {
  rate_limiter<token_id> limiter(60);
  std::mt19937_64 random(5);
  constexpr auto bound = rate_limiter<token_id>::shard_count * rate_limiter<token_id>::max_buckets_per_shard;
  for (std::size_t i = 0; i < bound + bound / 2; ++i) {
    token_id who;
    for (auto& byte : who.value.bytes) byte = static_cast<std::uint8_t>(random());
    (void)limiter.take(who, {});
  }
  BOOST_TEST(limiter.size() <= bound);
}

BOOST_AUTO_TEST_SUITE_END()
