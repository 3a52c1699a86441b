// The check of counters against what the other parts have counted, and of usage against itself and against the tasks.
#include <algorithm>
#include <string>
#include <utility>

#include "storage/check/buckets.hpp"
#include "storage/check/org_audit.hpp"
#include "storage/codec.hpp"
#include "storage/counters.hpp"
#include "storage/counting.hpp"
#include "storage/index_keys.hpp"

namespace flotilla::storage {
namespace {

using counts = std::vector<std::uint64_t>;

std::string text_of(const counts& values) {
  std::string text;
  for (const auto value : values) text.append(text.empty() ? "" : ", ").append(std::to_string(value));
  return text;
}

/// The counters that a row holds, zeros at the end left out; nothing where it cannot be read.
std::optional<counts> trimmed(std::string_view bytes) {
  auto values = decode_counters(bytes);
  if (!values) return std::nullopt;
  while (!values->empty() && values->back() == 0) values->pop_back();
  return std::move(*values);
}

/// Compares what a row holds with a recount.
void compare(org_audit& in, std::string_view rule, const std::string& name, std::string_view bytes, counts recount) {
  while (!recount.empty() && recount.back() == 0) recount.pop_back();
  const auto counted = trimmed(bytes);
  if (counted == recount) return;
  in.found.fault(rule, name + " are " + (counted ? text_of(*counted) : "not readable") + "; a recount gives " +
                           text_of(recount) + ".");
}

/// Rows of counters against a map of recounts, both ways. `id_of` makes a key of the map of a row's key.
template <class Key, class Id, class Name, class Recount, class Map>
result<void> compare_rows(org_audit& in, keys::table of, Id id_of, Name name, Recount recount, Map& sums) {
  auto done = each_row(in, of, sizeof(Key), [&](std::string_view rest, std::string_view bytes) {
    const auto id = id_of(rest);
    const auto found = sums.find(id);
    compare(in, rules::counter, name(id), bytes, found == sums.end() ? counts{} : recount(found->second));
    if (found != sums.end()) sums.erase(found);
    return result<void>{};
  });
  for (const auto& [id, sum] : sums) compare(in, rules::counter, name(id), {}, recount(sum));
  return done;
}

counts counts_of(const usage_totals& totals) {
  return {totals.tokens.input_tokens, totals.tokens.output_tokens, totals.task_count};
}

/// The totals that a row holds; zeros, and a fault, where it cannot be read.
usage_totals totals_in(org_audit& in, keys::table of, std::string_view bytes) {
  auto values = decode_counters(bytes);
  if (!values) {
    in.found.fault(rules::usage_sum, "A row of " + std::string(name_of(of)) + " cannot be read.");
    return {};
  }
  values->resize(usage_counter_count);
  return {{(*values)[0], (*values)[1]}, (*values)[2]};
}

void compare_usage(org_audit& in, const std::string& name, const usage_totals& counted, const usage_totals& sum) {
  if (counted == sum) return;
  in.found.fault(rules::usage_sum, name + " is " + text_of(counts_of(counted)) +
                                       " (tokens in, tokens out, tasks); the sum of its parts is " +
                                       text_of(counts_of(sum)) + ".");
}

/// What goes from one row of usage to the next.
struct usage_pass {
  org_audit& in;
  std::uint64_t rows = 0;       ///< of agents and models, in buckets that have totals
  std::uint64_t days = 0;       ///< that have totals
  std::uint64_t in_months = 0;  ///< of them, those in months that have
  usage_totals of_months{};
  std::map<agent_id, usage_totals> by_agent{};  ///< over all months
};

/// A month's row of an agent and model is the sum of its days' rows.
result<void> check_days_of(usage_pass& pass, std::uint64_t month, std::string_view rest, const usage_totals& totals) {
  usage_totals sum;
  const agent_id who{keys::ulid_from(rest)};
  for (auto day = month; day < end_of_month(month); ++day) {
    const auto row =
        pass.in.from.get(keys::usage(pass.in.org, budget_period::day, day, who, rest.substr(ulid::size)));
    if (!row) return fail(row.error());
    if (*row) sum += totals_in(pass.in, keys::table::usage, **row);
  }
  compare_usage(pass.in,
                "The usage of the agent " + who.to_string() + " by a model in the month of " + date_of(month), totals,
                sum);
  pass.by_agent[who] += totals;
  return {};
}

/// A bucket's totals are the sum of its rows; a month's, that of its days.
result<void> check_bucket(usage_pass& pass, const bucket& at, const usage_totals& totals) {
  auto& in = pass.in;
  usage_totals sum;
  auto done = each_row(in.from, keys::usage_in(in.org, at.period, at.day),
                       [&](std::string_view rest, std::string_view bytes) -> result<void> {
                         ++pass.rows;
                         if (rest.size() < ulid::size) {
                           in.found.fault(rules::table, "A key of the table of usage names no agent.");
                           return {};
                         }
                         const auto of_row = totals_in(in, keys::table::usage, bytes);
                         sum += of_row;
                         if (at.period == budget_period::day) return {};
                         return check_days_of(pass, at.day, rest, of_row);
                       });
  if (!done) return done;
  const auto name = "The usage of the org " + in.org.to_string() + " in " + name_of(at);
  compare_usage(in, name, totals, sum);
  if (at.period == budget_period::day) {
    ++pass.days;
    return {};
  }
  pass.of_months += totals;
  usage_totals of_days;
  for (auto day = at.day; day < end_of_month(at.day); ++day) {
    const auto row = in.from.get(keys::usage_totals(in.org, budget_period::day, day));
    if (!row) return fail(row.error());
    if (!*row) continue;
    ++pass.in_months;
    of_days += totals_in(in, keys::table::usage_totals, **row);
  }
  compare_usage(in, name + ", by days,", totals, of_days);
  return {};
}

/// Nothing lies outside the buckets that were looked at.
result<void> check_strays(usage_pass& pass) {
  auto& in = pass.in;
  std::uint64_t rows = 0;
  auto done = each_row(in, keys::table::usage, 0, [&](std::string_view, std::string_view) {
    ++rows;
    return result<void>{};
  });
  if (rows != pass.rows) {
    in.found.fault(rules::usage_sum, "The org " + in.org.to_string() + " has " + std::to_string(rows) +
                                         " rows of usage; the periods that have totals hold " +
                                         std::to_string(pass.rows) + " of them.");
  }
  if (pass.days != pass.in_months) {
    in.found.fault(rules::usage_sum, "The org " + in.org.to_string() + " has usage of " + std::to_string(pass.days) +
                                         " days; the months that have totals hold " + std::to_string(pass.in_months) +
                                         " of them.");
  }
  return done;
}

bool within(const usage_totals& low, const usage_totals& value, const usage_totals& high) {
  const auto lows = counts_of(low);
  const auto values = counts_of(value);
  const auto highs = counts_of(high);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] < lows[i] || values[i] > highs[i]) return false;
  }
  return true;
}

/// What all tasks have used is what all months say; for each agent too, but for what a restarted task had used
/// before: that may stand with the agent that it had then.
void compare_with_tasks(usage_pass& pass) {
  auto& in = pass.in;
  auto sum = in.used_before;
  for (const auto& [who, used] : in.used_by) {
    sum += used;
    pass.by_agent[who];
  }
  compare_usage(in, "The usage of the org " + in.org.to_string() + ", by tasks,", pass.of_months, sum);
  for (const auto& [who, counted] : pass.by_agent) {
    const auto of_tasks = in.used_by.find(who);
    const auto least = of_tasks == in.used_by.end() ? usage_totals{} : of_tasks->second;
    auto most = least;
    most += in.used_before;
    if (!within(least, counted, most)) {
      compare_usage(in, "The usage of the agent " + who.to_string() + ", by tasks,", counted, least);
    }
  }
}

/// What was used below each task. In a store of an older format that is not counted, or not yet of all.
result<void> compare_below(org_audit& in) {
  if (first_format_of(keys::table::usage_below) > in.format) {
    return each_row(in, keys::table::usage_below, ulid::size,
                    [](std::string_view, std::string_view) { return result<void>{}; });
  }
  return compare_rows<task_id>(
      in, keys::table::usage_below, [](std::string_view rest) { return task_id{keys::ulid_from(rest)}; },
      [](task_id which) { return "The tokens used below the task " + which.to_string(); },
      [](const token_usage& used) {
        return counts{used.input_tokens, used.output_tokens};
      },
      in.below);
}

}  // namespace

result<void> check_counters(org_audit& in) {
  const auto row = in.from.get(keys::org_counters(in.org));
  if (!row) return fail(row.error());
  compare(in, rules::counter, "The counters of the org " + in.org.to_string(), row->value_or(""),
          counts(in.counts.begin(), in.counts.end()));
  auto done = compare_rows<epic_id>(
      in, keys::table::epic_counters, [](std::string_view rest) { return epic_id{keys::ulid_from(rest)}; },
      [](epic_id which) { return "The counters of the epic " + which.to_string(); },
      [](const org_audit::epic_sums& sums) {
        return counts{sums.tasks, sums.done};
      },
      in.epics);
  if (!done) return done;
  done = compare_rows<std::uint64_t>(
      in, keys::table::tasks_made, [](std::string_view rest) { return keys::seq_from(rest); },
      [](std::uint64_t month) { return "The tasks made in the month from day " + std::to_string(month); },
      [](std::uint64_t made) { return counts{made}; }, in.made_in);
  return done ? compare_below(in) : done;
}

result<void> check_usage(org_audit& in) {
  usage_pass pass{in};
  auto done = each_row(in, keys::table::usage_totals, bucket_size,
                       [&](std::string_view rest, std::string_view bytes) -> result<void> {
                         const auto at = bucket_from(rest);
                         if (at && at->period != budget_period::week)
                           return check_bucket(pass, *at, totals_in(in, keys::table::usage_totals, bytes));
                         in.found.fault(rules::table, "A row of usage belongs to no period (" + hex(rest) + ").");
                         return {};
                       });
  if (done) done = check_strays(pass);
  if (done) compare_with_tasks(pass);
  return done;
}

}  // namespace flotilla::storage
