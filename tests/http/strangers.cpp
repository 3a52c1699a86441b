// Who fails to authenticate too often is told to wait, by address; who has a token never is.
#include <boost/test/unit_test.hpp>

#include "http/client_address.hpp"
#include "http/rate_limiter.hpp"
#include "tests/http/serving.hpp"

using namespace flotilla;
using namespace flotilla::test;
using http::client_address;

namespace {

http::server_options with_limit(std::uint32_t failures) {
  http::server_options options;
  options.failed_authentications_per_minute = failures;
  return options;
}

answer ask_with(const serving& one, const std::string& authorization) {
  return fetch(one.server->port(), "GET", "/api/me", {}, {}, authorization);
}

const std::string wrong_token = "Authorization: Bearer fr_live_" + std::string(42, 'Z') + "A\r\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(strangers)

BOOST_AUTO_TEST_CASE(wait_after_so_many_failures) {
  const serving one(with_limit(3));
  for (const std::string authorization : {"", "Authorization: Bearer x\r\n", wrong_token.c_str()}) {
    const auto refused = ask_with(one, authorization);
    BOOST_TEST(refused.status == 401);
    BOOST_TEST(refused.at("ratelimit-limit") == "3");
  }
  const auto waits = ask_with(one, wrong_token);
  BOOST_TEST(waits.status == 429);
  BOOST_TEST(std::stoi(waits.at("retry-after")) >= 1);
  BOOST_TEST(waits.at("ratelimit-remaining") == "0");
  BOOST_TEST(waits.at("www-authenticate").empty());
}

BOOST_AUTO_TEST_CASE(hold_up_nobody_whose_token_is_valid) {
  const serving one(with_limit(1));
  BOOST_TEST(ask_with(one, wrong_token).status == 401);
  BOOST_TEST(ask_with(one, wrong_token).status == 429);
  BOOST_TEST(one.ask("GET", "/api/me").status == 200);
  BOOST_TEST(ask_with(one, wrong_token).status == 429);
}

BOOST_AUTO_TEST_CASE(are_not_limited_where_there_is_no_limit) {
  const serving one(with_limit(0));
  for (int i = 0; i < 30; ++i) BOOST_TEST(ask_with(one, wrong_token).status == 401);
}

BOOST_AUTO_TEST_CASE(may_fail_twenty_times_a_minute) {
  BOOST_TEST(http::server_options{}.failed_authentications_per_minute == 20U);
}

BOOST_AUTO_TEST_CASE(are_told_apart_by_their_network) {
  const auto v6 = [](std::uint8_t network, std::uint8_t host) {
    std::array<std::uint8_t, client_address::size> bytes{0x20, 0x01};
    bytes[7] = network;
    bytes[15] = host;
    return client_address::v6(bytes);
  };
  BOOST_TEST((v6(1, 1) == v6(1, 2)));
  BOOST_TEST((v6(1, 1) != v6(2, 1)));
  BOOST_TEST((client_address::v4({10, 0, 0, 1}) != client_address::v4({10, 0, 0, 2})));
  const auto mapped = client_address::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 0, 0, 1});
  BOOST_TEST((mapped == client_address::v4({10, 0, 0, 1})));

  http::rate_limiter<client_address> limiter(1);
  BOOST_TEST(limiter.take(v6(1, 1), {})->granted);
  BOOST_TEST(!limiter.take(v6(1, 2), {})->granted);
  BOOST_TEST(limiter.take(v6(2, 1), {})->granted);
}

BOOST_AUTO_TEST_CASE(cost_bounded_memory) {
  http::rate_limiter<client_address> limiter(20);
  using limits = http::rate_limiter<client_address>;
  constexpr auto bound = limits::shard_count * limits::max_buckets_per_shard;
  std::array<std::uint8_t, client_address::size> bytes{0x20, 0x01};
  for (std::size_t i = 0; i < bound + bound / 2; ++i) {
    for (std::size_t at = 0; at < 4; ++at) bytes[4 + at] = static_cast<std::uint8_t>(i >> (8 * at));
    (void)limiter.take(client_address::v6(bytes), {});
  }
  BOOST_TEST(limiter.size() <= bound);
}

BOOST_AUTO_TEST_SUITE_END()
