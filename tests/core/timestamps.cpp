// RFC 3339, both directions (the suite is not called `time`, which is a function of the C library).
#include <boost/test/unit_test.hpp>

#include <random>

#include "core/clock.hpp"
#include "flotilla/time.hpp"

namespace {

using namespace flotilla;

timestamp at_ms(std::int64_t ms) {
  return timestamp{std::chrono::milliseconds{ms}};
}

/// What the text reads as, written again; "-" where it cannot be read.
std::string canonical(std::string_view text) {
  const auto when = parse_timestamp(text);
  return when ? to_string(*when) : "-";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(timestamps)

BOOST_AUTO_TEST_CASE(writes_utc_with_milliseconds) {
  BOOST_TEST(to_string(at_ms(0)) == "1970-01-01T00:00:00.000Z");
  BOOST_TEST(to_string(at_ms(1)) == "1970-01-01T00:00:00.001Z");
  BOOST_TEST(to_string(at_ms(-1)) == "1969-12-31T23:59:59.999Z");
  BOOST_TEST(to_string(at_ms(1'709'251'199'999)) == "2024-02-29T23:59:59.999Z");
  BOOST_TEST(to_string(at_ms(-62'167'219'200'000)) == "0000-01-01T00:00:00.000Z");
  BOOST_TEST(to_string(at_ms(253'402'300'799'999)) == "9999-12-31T23:59:59.999Z");
}

BOOST_AUTO_TEST_CASE(years_that_rfc_3339_lacks_are_clamped) {
  BOOST_TEST(to_string(timestamp::max()) == "9999-12-31T23:59:59.999Z");
  BOOST_TEST(to_string(timestamp::min()) == "0000-01-01T00:00:00.000Z");
}

BOOST_AUTO_TEST_CASE(reads_offsets) {
  BOOST_TEST(canonical("2026-11-23T09:30:00Z") == "2026-11-23T09:30:00.000Z");
  BOOST_TEST(canonical("2026-11-23t09:30:00z") == "2026-11-23T09:30:00.000Z");
  BOOST_TEST(canonical("2026-11-23T09:30:00+00:00") == "2026-11-23T09:30:00.000Z");
  BOOST_TEST(canonical("2026-11-23T09:30:00-00:00") == "2026-11-23T09:30:00.000Z");
  BOOST_TEST(canonical("2026-11-23T09:30:00+05:30") == "2026-11-23T04:00:00.000Z");
  BOOST_TEST(canonical("2026-12-31T23:30:00-23:59") == "2027-01-01T23:29:00.000Z");
  BOOST_TEST(canonical("2027-01-01T00:30:00+01:00") == "2026-12-31T23:30:00.000Z");
}

BOOST_AUTO_TEST_CASE(cuts_fractions) {
  BOOST_TEST(canonical("2026-11-23T09:30:00.1Z") == "2026-11-23T09:30:00.100Z");
  BOOST_TEST(canonical("2026-11-23T09:30:00.12Z") == "2026-11-23T09:30:00.120Z");
  BOOST_TEST(canonical("2026-11-23T09:30:00.9999Z") == "2026-11-23T09:30:00.999Z");
  BOOST_TEST(canonical("2026-11-23T09:30:00.000999999999999999999999999999Z") == "2026-11-23T09:30:00.000Z");
  BOOST_TEST(canonical("1969-12-31T23:59:59.9996Z") == "1969-12-31T23:59:59.999Z");
}

BOOST_AUTO_TEST_CASE(a_leap_second_is_the_second_after_it) {
  BOOST_TEST(canonical("1990-12-31T23:59:60Z") == "1991-01-01T00:00:00.000Z");
  BOOST_TEST(canonical("1990-12-31T15:59:60-08:00") == "1991-01-01T00:00:00.000Z");
  BOOST_TEST(canonical("2012-06-30T23:59:60.5Z") == "2012-07-01T00:00:00.500Z");
  BOOST_TEST(canonical("1990-12-31T23:58:60Z") == "-");
  BOOST_TEST(canonical("1990-12-31T23:59:60+01:00") == "-");
  BOOST_TEST(canonical("1990-12-30T23:59:60Z") == "-");
  BOOST_TEST(canonical("1990-12-31T23:59:61Z") == "-");
}

BOOST_AUTO_TEST_CASE(leap_days) {
  BOOST_TEST(canonical("2024-02-29T00:00:00Z") == "2024-02-29T00:00:00.000Z");
  BOOST_TEST(canonical("2000-02-29T00:00:00Z") == "2000-02-29T00:00:00.000Z");
  BOOST_TEST(canonical("0000-02-29T00:00:00Z") == "0000-02-29T00:00:00.000Z");
  BOOST_TEST(canonical("2023-02-29T00:00:00Z") == "-");
  BOOST_TEST(canonical("1900-02-29T00:00:00Z") == "-");
  BOOST_TEST(canonical("2024-02-30T00:00:00Z") == "-");
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_moment) {
  for (const std::string bad : {"",
                                "2026",
                                "2026-11-23",
                                "2026-11-23T09:30:00",
                                "2026-11-23T09:30Z",
                                "2026-11-23 09:30:00Z",
                                "2026-11-23T09:30:00.Z",
                                "2026-11-23T09:30:00,5Z",
                                "2026-11-23T9:30:00Z",
                                "2026-1-23T09:30:00Z",
                                "26-11-23T09:30:00Z",
                                "+2026-11-23T09:30:00Z",
                                "-026-11-23T09:30:00Z",
                                "2026-00-23T09:30:00Z",
                                "2026-13-23T09:30:00Z",
                                "2026-11-00T09:30:00Z",
                                "2026-11-31T09:30:00Z",
                                "2026-11-23T24:00:00Z",
                                "2026-11-23T09:60:00Z",
                                "2026-11-23T09:30:00+24:00",
                                "2026-11-23T09:30:00+01:60",
                                "2026-11-23T09:30:00+0100",
                                "2026-11-23T09:30:00+01",
                                "2026-11-23T09:30:00Z ",
                                " 2026-11-23T09:30:00Z",
                                "2026-11-23T09:30:00ZZ",
                                "2026-11-23T09:30:00.1+",
                                "2026/11/23T09:30:00Z",
                                "20261123T093000Z",
                                "now",
                                "12026-11-23T09:30:00Z"}) {
    BOOST_TEST(canonical(bad) == "-", bad);
  }
  BOOST_TEST(!parse_timestamp(std::string_view("2026-11-23T09:30:00Z\0", 21)).has_value());
}

BOOST_AUTO_TEST_CASE(an_offset_does_not_lead_out_of_the_years) {
  BOOST_TEST(canonical("0000-01-01T00:00:00+00:01") == "-");
  BOOST_TEST(canonical("9999-12-31T23:59:59-00:01") == "-");
  BOOST_TEST(canonical("9999-12-31T23:59:60Z") == "-");
}

BOOST_AUTO_TEST_CASE(random_moments_come_back) {
  std::mt19937_64 random(20'261'123);
  std::uniform_int_distribution<std::int64_t> any(-62'167'219'200'000, 253'402'300'799'999);
  for (int i = 0; i < 20'000; ++i) {
    const auto when = at_ms(any(random));
    const auto text = to_string(when);
    BOOST_REQUIRE(text.size() == 24U);
    BOOST_REQUIRE((parse_timestamp(text) == when));
  }
}

BOOST_AUTO_TEST_CASE(every_prefix_of_a_moment_is_refused) {
  const std::string whole = "2026-11-23T09:30:00.123+05:30";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    BOOST_TEST(canonical(whole.substr(0, size)) == "-");
  }
  BOOST_TEST(canonical(whole) == "2026-11-23T04:00:00.123Z");
}

BOOST_AUTO_TEST_CASE(the_system_clock_tells_a_time_of_this_century) {
  const auto now = system_wall_clock().now();
  BOOST_TEST((now > *parse_timestamp("2020-01-01T00:00:00Z") && now < *parse_timestamp("2100-01-01T00:00:00Z")));
  BOOST_TEST(&system_wall_clock() == &system_wall_clock());
}

BOOST_AUTO_TEST_SUITE_END()
