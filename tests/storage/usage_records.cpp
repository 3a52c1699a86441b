// Usage read back: days, weeks and months, their borders, and sums that agree.
#include "storage/usage_records.hpp"

#include <boost/mpl/list.hpp>
#include <chrono>

#include "storage/counters.hpp"
#include "storage/key_schema.hpp"
#include "storage/records.hpp"
#include "tests/storage/record_support.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

namespace {

using every_store = boost::mpl::list<memory_fixture, rocksdb_fixture>;
using numbers = std::vector<std::int64_t>;

std::string first_date(budget_period period, std::string_view time) {
  return date_of(first_day_of(period, when(time)));
}

/// Adds rows as a change of a task does.
void add_usage(batch& into, org_id org, timestamp time, agent_id who, const std::string& model, numbers by) {
  for (const auto period : {budget_period::day, budget_period::month}) {
    const auto bucket = first_day_of(period, time);
    into.add({keys::usage(org, period, bucket, who, model), by, {}});
    into.add({keys::usage_totals(org, period, bucket), by, {}});
  }
}

template <class Rows>
usage_totals sum_of(const Rows& rows) {
  usage_totals sum;
  for (const auto& row : rows) sum += row.totals;
  return sum;
}

struct fixture : memory_fixture {
  org_id org = org_id::make(at(0));
  agent_id who = agent_id::make(at(0));
  agent_id other = agent_id::make(at(0));

  void add(std::string_view time, agent_id agent, const std::string& model, numbers by) {
    batch changes;
    add_usage(changes, org, when(time), agent, model, std::move(by));
    must_commit(*kept, std::move(changes));
  }
  usage_summary read(budget_period period, std::string_view now, std::optional<agent_id> agent = {}) {
    auto found = read_usage(*view(*kept), org, {period, agent}, when(now));
    BOOST_REQUIRE(found);
    BOOST_TEST((sum_of(found->by_agent) == found->totals));
    BOOST_TEST((sum_of(found->by_model) == found->totals));
    BOOST_TEST((sum_of(found->by_day) == found->totals));
    return std::move(*found);
  }
  std::uint64_t tokens(budget_period period, std::string_view now) { return read(period, now).totals.tokens.total(); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(usage_records, fixture)

BOOST_AUTO_TEST_CASE(days_and_their_names) {
  BOOST_TEST(unix_day(when("1970-01-01T23:59:59.999Z")) == 0U);
  BOOST_TEST(unix_day(when("1970-01-02T00:00:00Z")) == 1U);
  BOOST_TEST(unix_day(when("2024-02-29T12:00:00Z")) == 19'782U);
  BOOST_TEST(unix_day(when("1969-12-31T23:59:59Z")) == 0U);
  BOOST_TEST(date_of(0) == "1970-01-01");
  BOOST_TEST(date_of(19'782) == "2024-02-29");
  for (std::uint64_t day = 0; day < 40'000; day += 13) {
    BOOST_TEST(unix_day(when(date_of(day) + "T00:00:00Z")) == day);
  }
}

BOOST_AUTO_TEST_CASE(where_periods_begin) {
  using enum budget_period;
  BOOST_TEST(first_date(day, "2024-02-29T23:59:59.999Z") == "2024-02-29");
  // The ISO week begins on a Monday.
  BOOST_TEST(first_date(week, "2024-07-01T00:00:00Z") == "2024-07-01");  // a Monday
  BOOST_TEST(first_date(week, "2024-06-30T23:59:59.999Z") == "2024-06-24");
  BOOST_TEST(first_date(week, "2025-01-01T00:00:00Z") == "2024-12-30");  // over the year's end
  BOOST_TEST(first_date(week, "2024-03-02T00:00:00Z") == "2024-02-26");  // over a leap day
  BOOST_TEST(first_date(month, "2024-02-29T23:59:59.999Z") == "2024-02-01");
  BOOST_TEST(first_date(month, "2024-03-01T00:00:00Z") == "2024-03-01");
  BOOST_TEST(first_date(month, "2023-02-28T23:59:59.999Z") == "2023-02-01");
  BOOST_TEST(first_date(month, "2100-02-28T23:59:59.999Z") == "2100-02-01");  // no leap year
  BOOST_TEST(first_date(month, "2024-12-31T23:59:59.999Z") == "2024-12-01");
  BOOST_TEST(first_date(week, "1970-01-01T00:00:00Z") == "1970-01-01");  // its Monday was before the first day
  BOOST_TEST(first_date(month, "1969-12-31T00:00:00Z") == "1970-01-01");
}

BOOST_AUTO_TEST_CASE(nothing_used_is_zeros) {
  const auto found = read(budget_period::month, "2024-02-03T00:00:00Z");
  BOOST_TEST((found.totals == usage_totals{}));
  BOOST_TEST(found.by_agent.empty());
  BOOST_TEST(found.by_model.empty());
  BOOST_REQUIRE_EQUAL(found.by_day.size(), 3U);
  BOOST_TEST(found.by_day[0].date == "2024-02-01");
  BOOST_TEST(found.by_day[2].date == "2024-02-03");
}

BOOST_AUTO_TEST_CASE(no_day_is_missing) {
  using enum budget_period;
  BOOST_TEST(read(day, "2024-02-29T23:59:59.999Z").by_day.size() == 1U);
  BOOST_TEST(read(week, "2024-07-01T00:00:00Z").by_day.size() == 1U);
  BOOST_TEST(read(week, "2024-07-07T23:59:59.999Z").by_day.size() == 7U);
  BOOST_TEST(read(month, "2024-02-29T23:59:59.999Z").by_day.size() == 29U);
  BOOST_TEST(read(month, "2023-02-28T23:59:59.999Z").by_day.size() == 28U);
  BOOST_TEST(read(month, "2024-12-31T23:59:59.999Z").by_day.size() == 31U);
  const auto over_the_year = read(week, "2025-01-01T08:00:00Z");
  BOOST_REQUIRE_EQUAL(over_the_year.by_day.size(), 3U);
  BOOST_TEST(over_the_year.by_day[0].date == "2024-12-30");
  BOOST_TEST(over_the_year.by_day[2].date == "2025-01-01");
}

BOOST_AUTO_TEST_CASE(what_counts_at_the_borders) {
  using enum budget_period;
  add("2024-02-25T23:59:59.999Z", who, "m", {1, 0});  // a Sunday
  add("2024-02-26T00:00:00Z", who, "m", {10, 0});
  add("2024-02-29T23:59:59.999Z", who, "m", {100, 0});
  add("2024-03-01T00:00:00Z", who, "m", {1000, 0});
  add("2024-03-03T23:59:59.999Z", who, "m", {10'000, 0});  // a Sunday
  add("2024-03-04T00:00:00Z", who, "m", {100'000, 0});
  BOOST_TEST(tokens(day, "2024-02-29T00:00:00Z") == 100U);
  BOOST_TEST(tokens(day, "2024-03-01T23:59:59.999Z") == 1000U);
  BOOST_TEST(tokens(day, "2024-03-02T00:00:00Z") == 0U);
  BOOST_TEST(tokens(week, "2024-03-03T23:59:59.999Z") == 11'110U);  // of two months
  BOOST_TEST(tokens(week, "2024-03-04T00:00:00Z") == 100'000U);
  BOOST_TEST(tokens(week, "2024-02-25T23:59:59.999Z") == 1U);
  BOOST_TEST(tokens(month, "2024-02-29T23:59:59.999Z") == 111U);
  BOOST_TEST(tokens(month, "2024-03-31T00:00:00Z") == 111'000U);
  BOOST_TEST(tokens(month, "2023-03-31T00:00:00Z") == 0U);
  const auto month_totals = read_usage_totals(*view(*kept), org, month, when("2024-02-01T00:00:00Z"));
  BOOST_TEST((*month_totals == usage_totals{{111, 0}, 0}));
  const auto day_totals = read_usage_totals(*view(*kept), org, day, when("2024-02-29T00:00:00Z"));
  BOOST_TEST((*day_totals == usage_totals{{100, 0}, 0}));
}

BOOST_AUTO_TEST_CASE(rows_come_by_tokens_then_by_name) {
  const auto third = agent_id::make(at(0));
  add("2024-02-05T00:00:00Z", who, "b", {10, 5, 1});
  add("2024-02-05T00:00:00Z", other, "a", {5, 10, 2});
  add("2024-02-06T00:00:00Z", third, "c", {100, 0, 0});
  add("2024-02-06T00:00:00Z", who, "b-2", {0, 0, 3});
  for (const auto period : {budget_period::week, budget_period::month}) {
    const auto found = read(period, "2024-02-07T00:00:00Z");
    BOOST_TEST((found.totals == usage_totals{{115, 15}, 6}));
    BOOST_REQUIRE_EQUAL(found.by_agent.size(), 3U);
    BOOST_TEST((found.by_agent[0].agent == third));
    BOOST_TEST((found.by_agent[1].agent == std::min(who, other)));
    BOOST_TEST((found.by_agent[2].agent == std::max(who, other)));
    std::vector<std::string> models;
    for (const auto& row : found.by_model) models.push_back(row.model);
    BOOST_TEST((models == std::vector<std::string>{"c", "a", "b", "b-2"}));
    BOOST_TEST((found.by_model[2].totals == usage_totals{{10, 5}, 1}));
  }
}

BOOST_AUTO_TEST_CASE(one_agents_usage_is_its_own) {
  add("2024-02-05T00:00:00Z", who, "m", {10, 1, 1});
  add("2024-02-06T00:00:00Z", who, "n", {20, 2, 0});
  add("2024-02-05T00:00:00Z", other, "m", {40, 4, 1});
  for (const auto period : {budget_period::week, budget_period::month}) {
    const auto found = read(period, "2024-02-07T00:00:00Z", who);
    BOOST_TEST((found.totals == usage_totals{{30, 3}, 1}));
    BOOST_REQUIRE_EQUAL(found.by_agent.size(), 1U);
    BOOST_TEST((found.by_agent[0].agent == who));
    BOOST_TEST(found.by_model.size() == 2U);
    BOOST_TEST(found.by_day.back().date == "2024-02-07");
  }
  BOOST_TEST((read(budget_period::day, "2024-02-06T00:00:00Z", who).totals == usage_totals{{20, 2}, 0}));
  const auto none = read(budget_period::month, "2024-02-07T00:00:00Z", agent_id::make(at(0)));
  BOOST_TEST((none.totals == usage_totals{}));
  BOOST_TEST(none.by_agent.empty());
}

// What was counted before the clock was set back lies in days to come; a month's rows hold it.
BOOST_AUTO_TEST_CASE(the_sums_agree_after_a_clock_was_set_back) {
  add("2024-02-20T00:00:00Z", who, "m", {7, 0, 1});
  for (const auto& agent : {std::optional<agent_id>(), std::optional(who)}) {
    const auto month = read(budget_period::month, "2024-02-19T23:00:00Z", agent);
    BOOST_TEST(month.totals.tokens.total() == 7U);
    BOOST_TEST(month.by_day.back().date == "2024-02-20");
    BOOST_TEST(read(budget_period::week, "2024-02-19T23:00:00Z", agent).totals.tokens.total() == 7U);
    BOOST_TEST(read(budget_period::day, "2024-02-19T23:00:00Z", agent).by_day.size() == 1U);
    BOOST_TEST(read(budget_period::month, "2024-01-31T23:00:00Z", agent).by_day.size() == 31U);
    BOOST_TEST(read(budget_period::week, "2024-02-18T23:00:00Z", agent).by_day.size() == 7U);
  }
}

BOOST_AUTO_TEST_CASE(damage_is_told) {
  const auto now = when("2024-02-05T00:00:00Z");
  const auto month = first_day_of(budget_period::month, now);
  for (const auto& key : {keys::usage(org, budget_period::month, month, who, "m"),
                          keys::usage_totals(org, budget_period::day, month)}) {
    const auto damaged = make_memory_store();
    must_commit(*damaged, putting(key, "short"));
    BOOST_TEST((read_usage(*view(*damaged), org, {}, now).error().code == errc::internal));
  }
  const auto cut = make_memory_store();
  must_commit(*cut, putting(keys::usage_in(org, budget_period::month, month) + "short", encode_counters({1})));
  BOOST_TEST((read_usage(*view(*cut), org, {}, now).error().code == errc::internal));
  must_commit(*kept, putting(keys::org_counters(org), "short"));
  BOOST_TEST((read_org_counts(*view(*kept), org).error().code == errc::internal));
}

// Rows as a month of many agents leaves them; other orgs' and other months' lie between.
BOOST_AUTO_TEST_CASE_TEMPLATE(many_rows_are_summed, store_fixture, every_store) {
  store_fixture f;
  const auto org = org_id::make(at(0));
  constexpr std::int64_t agents = 200;
  constexpr int days = 28;
  for (std::int64_t i = 0; i < agents; ++i) {
    const auto who = agent_id::make(at(0));
    batch changes;
    for (int day = 1; day <= days; ++day) {
      const auto time = when("2024-02-01T12:00:00Z") + std::chrono::days(day - 1);
      add_usage(changes, org, time, who, "model-" + std::to_string((i + day) % 3), {i * day, 1, 2});
    }
    add_usage(changes, org, when("2024-01-31T12:00:00Z"), who, "model-0", {1'000'000, 0, 0});
    add_usage(changes, org_id::make(at(0)), when("2024-02-01T12:00:00Z"), who, "model-0", {1'000'000, 0, 0});
    must_commit(*f.kept, std::move(changes));
  }
  const auto found = read_usage(*view(*f.kept), org, {}, when("2024-02-28T23:59:59Z"));
  BOOST_REQUIRE(found);
  constexpr std::uint64_t all_input = agents * (agents - 1) / 2 * days * (days + 1) / 2;
  const usage_totals expected{{all_input, agents * days}, 2 * agents * days};
  BOOST_TEST((found->totals == expected));
  BOOST_TEST((sum_of(found->by_agent) == expected));
  BOOST_TEST((sum_of(found->by_model) == expected));
  BOOST_TEST((sum_of(found->by_day) == expected));
  BOOST_TEST(found->by_agent.size() == static_cast<std::size_t>(agents));
  BOOST_TEST(found->by_model.size() == 3U);
  BOOST_TEST(found->by_day.size() == static_cast<std::size_t>(days));
}

BOOST_AUTO_TEST_SUITE_END()
