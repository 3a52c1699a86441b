// When a failed model call is made again.
#include "core/retry_policy.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

namespace {

using namespace flotilla;
using namespace std::chrono_literals;

model_failure retryable(std::optional<std::chrono::milliseconds> retry_after = std::nullopt) {
  return {
      .code = "provider_overloaded", .message = "busy", .retryable = true, .retry_after = retry_after, .usage = {}};
}

std::int64_t ms(std::optional<std::chrono::milliseconds> delay) {
  return delay ? delay->count() : -1;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(retry_policy)

BOOST_AUTO_TEST_CASE(half_is_fixed_and_half_is_drawn) {
  BOOST_TEST(ms(delay_before_retry(retryable(), 1, 0.0)) == 250);
  BOOST_TEST(ms(delay_before_retry(retryable(), 1, 0.5)) == 375);
  BOOST_TEST(ms(delay_before_retry(retryable(), 2, 0.0)) == 500);
  BOOST_TEST(ms(delay_before_retry(retryable(), 3, 0.0)) == 1'000);
  BOOST_TEST(ms(delay_before_retry(retryable(), 4, 0.0)) == 2'000);
  BOOST_TEST(ms(delay_before_retry(retryable(), 4, 0.25)) == 2'500);
  BOOST_TEST(ms(delay_before_retry(retryable(), 4, 0.999)) < 4'000);
}

BOOST_AUTO_TEST_CASE(a_jitter_out_of_its_range_stays_within_the_delay) {
  BOOST_TEST(ms(delay_before_retry(retryable(), 1, -3.0)) == 250);
  BOOST_TEST(ms(delay_before_retry(retryable(), 1, 7.0)) == 500);
  BOOST_TEST(ms(delay_before_retry(retryable(), 1, std::numeric_limits<double>::quiet_NaN())) == 250);
}

BOOST_AUTO_TEST_CASE(there_is_a_last_try) {
  BOOST_TEST(delay_before_retry(retryable(), max_model_tries - 1, 0.0).has_value());
  BOOST_TEST(!delay_before_retry(retryable(), max_model_tries, 0.0).has_value());
  BOOST_TEST(!delay_before_retry(retryable(), std::numeric_limits<std::uint32_t>::max(), 0.0).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_not_retryable_is_not_tried_again) {
  auto failure = retryable(1s);
  failure.retryable = false;
  BOOST_TEST(!delay_before_retry(failure, 1, 0.0).has_value());
}

BOOST_AUTO_TEST_CASE(retry_after_is_a_floor) {
  BOOST_TEST(ms(delay_before_retry(retryable(7s), 1, 0.9)) == 7'000);
  BOOST_TEST(ms(delay_before_retry(retryable(1ms), 1, 0.0)) == 250);
  BOOST_TEST(ms(delay_before_retry(retryable(0ms), 1, 0.0)) == 250);
  BOOST_TEST(ms(delay_before_retry(retryable(-5s), 1, 0.0)) == 250);
}

BOOST_AUTO_TEST_CASE(a_vendor_that_asks_for_too_much_is_given_up) {
  BOOST_TEST(ms(delay_before_retry(retryable(longest_retry_after), 1, 0.0)) == longest_retry_after.count());
  BOOST_TEST(!delay_before_retry(retryable(longest_retry_after + 1ms), 1, 0.0).has_value());
}

BOOST_AUTO_TEST_CASE(no_delay_of_our_own_is_longer_than_the_longest) {
  for (std::uint32_t tries = 0; tries < max_model_tries; ++tries) {
    const auto delay = delay_before_retry(retryable(), tries, 1.0);
    BOOST_REQUIRE(delay.has_value());
    BOOST_TEST((*delay <= longest_retry_delay));
  }
}

BOOST_AUTO_TEST_SUITE_END()
