// Counters as records of the store: what was used, and how many of what an org has. They are kept by `write_task` and
// `write_agent` in the batch of the change itself, so that the sums always equal what the records say.
//
// The conventions and the errors are those of records.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "flotilla/result.hpp"
#include "flotilla/usage.hpp"
#include "storage/store.hpp"

namespace flotilla::storage {

/// What is counted of each org. The numbers are places in the record: append only.
enum class org_counter : std::uint8_t {
  agents,  ///< that are not archived
  agents_archived,
  tasks_pending,
  tasks_running,
  tasks_waiting,
  tasks_done,
  tasks_error,
  tasks_queued,  ///< pending or waiting, in a work queue
  tokens,        ///< API tokens; counted by whoever writes them (runtime/token_changes)
};
inline constexpr std::size_t org_counter_count = 9;
using org_counts = std::array<std::uint64_t, org_counter_count>;

[[nodiscard]] result<org_counts> read_org_counts(const snapshot& from, org_id org);
/// Tasks made in the calendar month (UTC) of a time.
[[nodiscard]] result<std::uint64_t> read_tasks_made(const snapshot& from, org_id org, timestamp in_month_of);

/// That the plan's limit of tasks a month is reached, for people.
[[nodiscard]] std::string tasks_limit_text(std::uint64_t most);

/// The Unix day (days since 1970-01-01, UTC) of a time, and the one on which its period began: the day itself, the
/// Monday of its ISO week, the first of its month. A time before 1970 is of the first day.
[[nodiscard]] std::uint64_t unix_day(timestamp when) noexcept;
[[nodiscard]] std::uint64_t first_day_of(budget_period period, timestamp when) noexcept;
/// "YYYY-MM-DD".
[[nodiscard]] std::string date_of(std::uint64_t unix_day);

/// The whole org's totals of the day or month that a time lies in (`period`: not the week, which has no row).
[[nodiscard]] result<usage_totals> read_usage_totals(const snapshot& from, org_id org, budget_period period,
                                                     timestamp when);
/// What was used in the period that `now` lies in. A month costs one row for each agent and model, and one for each
/// day, whatever the number of its tasks; a week the rows of its days. The days go to today; further only where a
/// clock that was since set back has left rows of days to come, so that the sums always agree.
[[nodiscard]] result<usage_summary> read_usage(const snapshot& from, org_id org, const usage_query& query,
                                               timestamp now);

}  // namespace flotilla::storage
