// May a call be made, and how much may it take?
#include "core/budget_rules.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace flotilla;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t input = 100;
constexpr std::uint64_t whole = input + default_max_output_tokens;

budget_verdict weigh(std::vector<budget_standing> limits) {
  return weigh_call(limits, input);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(budget_rules)

BOOST_AUTO_TEST_CASE(a_call_far_from_any_limit_has_a_whole_answer) {
  const budget_fits fits{whole, default_max_output_tokens, false, 1};
  BOOST_TEST((weigh({{1'000'000, 0, 0}, {50'000, 10, 20}}) == budget_verdict(fits)));
  // To the last token.
  BOOST_TEST((weigh({{whole, 0, 0}}) == budget_verdict(budget_fits{whole, default_max_output_tokens, false, 0})));
}

BOOST_AUTO_TEST_CASE(near_a_limit_the_answer_is_made_shorter) {
  BOOST_TEST(
      (weigh({{whole, 1, 0}}) == budget_verdict(budget_fits{whole - 1, default_max_output_tokens - 1, true, 0})));
  const auto least = input + min_output_tokens;
  BOOST_TEST((weigh({{9'000'000, 0, 0}, {5'000 + least, 5'000, 0}}) ==
              budget_verdict(budget_fits{least, min_output_tokens, true, 1})));
}

BOOST_AUTO_TEST_CASE(a_limit_that_leaves_less_is_used_up) {
  const auto least = input + min_output_tokens;
  BOOST_TEST((weigh({{5'000 + least - 1, 5'000, 0}}) == budget_verdict(budget_used_up{0})));
  BOOST_TEST((weigh({{0, 0, 0}}) == budget_verdict(budget_used_up{0})));
  BOOST_TEST((weigh({{99, 0, 0}}) == budget_verdict(budget_used_up{0})));
  BOOST_TEST((weigh({{900'000, 0, 0}, {10, 4'000, 0}}) == budget_verdict(budget_used_up{1})));  // it was made lower
  // Also while others have reserved: what they give back does not help.
  BOOST_TEST((weigh({{20'000, 20'000, 9'000}}) == budget_verdict(budget_used_up{0})));
}

BOOST_AUTO_TEST_CASE(a_small_limit_is_not_used_up_from_the_start) {
  BOOST_TEST(shortest_answer(0) == 1U);
  BOOST_TEST(shortest_answer(100) == 10U);
  BOOST_TEST(shortest_answer(2'559) == 255U);
  BOOST_TEST(shortest_answer(2'560) == 256U);
  BOOST_TEST(shortest_answer(2'000'000'000) == 256U);
  BOOST_TEST((weigh_call({{100, 0, 0}}, 20) == budget_verdict(budget_fits{100, 80, true, 0})));
  BOOST_TEST((weigh_call({{100, 70, 0}}, 20) == budget_verdict(budget_fits{30, 10, true, 0})));
  BOOST_TEST((weigh_call({{100, 71, 0}}, 20) == budget_verdict(budget_used_up{0})));
  // What is enough for a small limit is too little for a large one, though it leaves more.
  BOOST_TEST((weigh_call({{100, 60, 0}, {9'000, 8'900, 0}}, 20) == budget_verdict(budget_used_up{1})));
}

BOOST_AUTO_TEST_CASE(what_others_have_reserved_is_waited_for) {
  BOOST_TEST(
      (weigh({{2 * whole, 0, whole}}) == budget_verdict(budget_fits{whole, default_max_output_tokens, false, 0})));
  BOOST_TEST((weigh({{2 * whole, 0, whole + 1}}) == budget_verdict(budget_busy{0})));
  BOOST_TEST((weigh({{9'000'000, 0, 0}, {2 * whole, 1, whole}}) == budget_verdict(budget_busy{1})));
  // The answer is not made shorter for it.
  BOOST_TEST((weigh({{whole, 0, 1}}) == budget_verdict(budget_busy{0})));
}

BOOST_AUTO_TEST_CASE(limits_at_the_end_of_their_range_do_not_wrap) {
  const auto most = std::numeric_limits<std::uint64_t>::max();
  BOOST_TEST(std::holds_alternative<budget_fits>(weigh({{most, 0, 0}})));
  BOOST_TEST((weigh({{most, 0, most}}) == budget_verdict(budget_busy{0})));
  BOOST_TEST((weigh({{most, most, most}}) == budget_verdict(budget_used_up{0})));
  BOOST_TEST((weigh_call({{1'000, 0, 0}}, most) == budget_verdict(budget_used_up{0})));
}

BOOST_AUTO_TEST_CASE(what_fits_never_passes_a_limit) {
  std::mt19937_64 random(4);
  const auto draw = [&](std::uint64_t most) { return random() % (most + 1); };
  int fitted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::vector<budget_standing> limits;
    for (auto n = 1 + draw(3); n > 0; --n) limits.push_back({draw(40'000), draw(30'000), draw(20'000)});
    const auto asked = draw(9'000);
    const auto verdict = weigh_call(limits, asked);
    if (const auto* fits = std::get_if<budget_fits>(&verdict)) {
      ++fitted;
      BOOST_TEST(fits->tokens == asked + fits->max_output_tokens);
      for (const auto& one : limits) {
        BOOST_TEST(one.used + one.reserved + fits->tokens <= one.limit);
        BOOST_TEST(fits->max_output_tokens >= shortest_answer(one.limit));
      }
    }
    const auto hopeless = [&](const budget_standing& one) {
      return one.used + asked + shortest_answer(one.limit) > one.limit;
    };
    const bool any = std::any_of(limits.begin(), limits.end(), hopeless);
    BOOST_TEST(std::holds_alternative<budget_used_up>(verdict) == any);
  }
  BOOST_TEST(fitted > 100);
}

BOOST_AUTO_TEST_CASE(tries_come_less_often) {
  BOOST_TEST((delay_before_budget(1, 0.0) == 25ms));
  BOOST_TEST((delay_before_budget(2, 0.0) == 50ms));
  BOOST_TEST((delay_before_budget(1'000'000, 0.0) == longest_budget_delay / 2));
  BOOST_TEST((delay_before_budget(1'000'000, 0.999) < longest_budget_delay));
}

BOOST_AUTO_TEST_SUITE_END()
