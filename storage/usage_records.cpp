// Counters read back.
#include "storage/usage_records.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "storage/codec.hpp"
#include "storage/counters.hpp"
#include "storage/counting.hpp"
#include "storage/key_schema.hpp"
#include "storage/paging.hpp"

namespace flotilla::storage {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr std::size_t date_size = 10;  ///< YYYY-MM-DD

usage_totals totals_of(std::vector<std::uint64_t> values) {
  values.resize(usage_counter_count);
  return {{values[0], values[1]}, values[2]};
}

sys_days day_of(timestamp when) noexcept {
  return std::chrono::floor<days>(when);
}

/// A day before 1970 can only come from a broken clock, and is the first.
std::uint64_t number_of(sys_days day) noexcept {
  return static_cast<std::uint64_t>(std::max(day, sys_days{}).time_since_epoch().count());
}

/// The last day of a period for which a row stands. Mostly that is today or before; a clock that was set back leaves
/// rows of days to come, which a month's rows hold too.
result<std::uint64_t> last_day_used(const snapshot& from, org_id org, budget_period period, timestamp now) {
  const auto day_row = [org](std::uint64_t day) { return keys::usage_totals(org, budget_period::day, day); };
  const auto first = first_day_of(period, now);
  const auto row = first_of(from, {day_row(first), day_row(first_day_after(period, now))}, direction::backward);
  if (!row) return fail(row.error());
  if (!*row) return first;
  return keys::seq_from(std::string_view((*row)->first).substr(day_row(first).size() - keys::seq_size));
}

/// What the rows of one bucket come to, by agent and by model.
struct sums {
  std::map<agent_id, usage_totals> by_agent;
  std::map<std::string, usage_totals, std::less<>> by_model;
};

/// Adds the rows of a day or a month.
result<void> add_rows(const snapshot& from, org_id org, budget_period period, std::uint64_t bucket,
                      const std::optional<agent_id>& agent, sums& into) {
  const auto all = keys::usage_in(org, period, bucket);
  const auto prefix = agent ? keys::usage_of(org, period, bucket, *agent) : all;
  bool good = true;
  const auto scanned =
      from.scan(keys_with_prefix(prefix), direction::forward, [&](std::string_view key, std::string_view value) {
        auto counted = decode_counters(value);
        good = counted && key.size() >= all.size() + ulid::size;
        if (!good) return false;
        const auto totals = totals_of(std::move(*counted));
        into.by_agent[{keys::ulid_from(key.substr(all.size()))}] += totals;
        const auto model = key.substr(all.size() + ulid::size);
        auto row = into.by_model.find(model);
        if (row == into.by_model.end()) row = into.by_model.emplace(model, usage_totals{}).first;
        row->second += totals;
        return true;
      });
  if (!scanned) return scanned;
  if (!good) return fail(damaged("usage", {}));
  return {};
}

/// The totals of one day: of the whole org from its own row, of an agent from that agent's rows.
result<usage_totals> day_totals(const snapshot& from, org_id org, std::uint64_t day,
                                const std::optional<agent_id>& agent) {
  if (!agent) {
    auto values = read_counters(from, keys::usage_totals(org, budget_period::day, day), usage_counter_count);
    if (!values) return fail(std::move(values.error()));
    return totals_of(std::move(*values));
  }
  sums found;
  if (auto added = add_rows(from, org, budget_period::day, day, agent, found); !added) return fail(added.error());
  return found.by_agent[*agent];
}

/// Most tokens first; the order of equals is that of the map.
template <class Row, class Map>
std::vector<Row> rows_of(Map& found) {
  std::vector<Row> rows;
  rows.reserve(found.size());
  for (auto& [name, totals] : found) rows.push_back({name, totals});
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.totals.tokens.total() > b.totals.tokens.total(); });
  return rows;
}

}  // namespace

result<org_counts> read_org_counts(const snapshot& from, org_id org) {
  auto values = read_counters(from, keys::org_counters(org), org_counter_count);
  if (!values) return fail(std::move(values.error()));
  org_counts counts{};
  std::copy_n(values->begin(), org_counter_count, counts.begin());
  return counts;
}

result<std::uint64_t> read_tasks_made(const snapshot& from, org_id org, timestamp in_month_of) {
  const auto month = first_day_of(budget_period::month, in_month_of);
  auto values = read_counters(from, keys::tasks_made(org, month), 1);
  if (!values) return fail(std::move(values.error()));
  return values->front();
}

std::uint64_t unix_day(timestamp when) noexcept {
  return number_of(day_of(when));
}

std::uint64_t first_day_of(budget_period period, timestamp when) noexcept {
  const auto day = day_of(when);
  if (period == budget_period::week) {
    const std::chrono::weekday weekday{day};
    return number_of(day - (weekday - std::chrono::Monday));
  }
  if (period == budget_period::month) {
    const std::chrono::year_month_day date{day};
    return number_of(sys_days{date.year() / date.month() / std::chrono::day{1}});
  }
  return number_of(day);
}

std::uint64_t first_day_after(budget_period period, timestamp when) noexcept {
  constexpr std::uint64_t days_of_week = 7;
  const auto first = first_day_of(period, when);
  if (period == budget_period::day) return first + 1;
  if (period == budget_period::week) return first + days_of_week;
  const std::chrono::year_month_day date{day_of(when)};
  return number_of(sys_days{(date.year() / date.month() + std::chrono::months{1}) / std::chrono::day{1}});
}

std::string date_of(std::uint64_t unix_day) {
  return to_string(timestamp{sys_days{days{unix_day}}}).substr(0, date_size);
}

result<usage_totals> read_usage_totals(const snapshot& from, org_id org, budget_period period, timestamp when) {
  auto values = read_counters(from, keys::usage_totals(org, period, first_day_of(period, when)), usage_counter_count);
  if (!values) return fail(std::move(values.error()));
  return totals_of(std::move(*values));
}

result<usage_summary> read_usage(const snapshot& from, org_id org, const usage_query& query, timestamp now) {
  usage_summary found;
  sums summed;
  const auto first = first_day_of(query.period, now);
  const auto used = last_day_used(from, org, query.period, now);
  if (!used) return fail(used.error());
  const auto last = std::max(unix_day(now), *used);
  for (auto day = first; day <= last; ++day) {
    auto totals = day_totals(from, org, day, query.agent);
    if (!totals) return fail(std::move(totals.error()));
    found.totals += *totals;
    found.by_day.push_back({date_of(day), *totals});
    if (query.period == budget_period::month) continue;
    if (auto added = add_rows(from, org, budget_period::day, day, query.agent, summed); !added) {
      return fail(added.error());
    }
  }
  if (query.period == budget_period::month) {
    auto added = add_rows(from, org, budget_period::month, first, query.agent, summed);
    if (!added) return fail(std::move(added.error()));
  }
  found.by_agent = rows_of<usage_summary::of_agent>(summed.by_agent);
  found.by_model = rows_of<usage_summary::of_model>(summed.by_model);
  return found;
}

}  // namespace flotilla::storage
