// Budgets as counters: what an agent with its subtree, or the whole org, may still use in a period.
//
// A model call is reserved before it is made and settled after it (docs/adr/0010). The reservation stands in the
// task's record (`task_record::reserved`), and `write_task` moves the counters with it, in the same batch: a new one
// is added to each of its rows, within their limits; when it goes, whatever the reason, what was used since is added
// and the reservation taken off. So a row (table 'k') always agrees with the records:
//
//   counters   = committed reserved as_of
//   reserved   = the sum of `reservation::tokens` over all task records whose reservation names the row
//   committed  = reserved + what was used in the period, so that one bound holds for both together
//   as_of      = when the row was counted (ms); 0: of the whole org, or of a row that only settlements made
//
// A row counts only what was reserved in it, so it is counted anew from the usage tables where that can be less than
// what was used. For the org that is where it is not what the month's totals say. For an agent it is when its record
// was changed since (the budget may have been another one, or none, for a while), and once more
// `budget_settling_time` after that: a call that was under way when the budget was set has no reservation in the row,
// and may have ended since.
//
// The conventions and the errors are those of records.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/budget_rules.hpp"
#include "flotilla/agent.hpp"
#include "flotilla/result.hpp"
#include "storage/records.hpp"
#include "storage/store.hpp"

namespace flotilla::storage {

/// How long after a change of an agent's record a call may still end that began before it.
inline constexpr std::chrono::minutes budget_settling_time = longest_budget_wait;

/// One limit that holds for an agent's calls: the plan's, its own budget, or that of a manager above it.
struct budget {
  budget_claim claim;              ///< what a reservation in it goes with
  budget_standing standing;        ///< as it was read
  std::optional<agent_id> holder;  ///< whose budget it is; nothing: the plan's limit for the whole org
  std::string holder_name;         ///< empty for the plan
  std::string next_begins;         ///< the date on which the next period begins: YYYY-MM-DD, UTC

  friend bool operator==(const budget&, const budget&) = default;
};

/// The limits for a call of `who` that begins at `now`: of the plan first (`tokens_per_month`), then of `who`, then
/// of the managers above. Costs one read for each manager, and one or two for each limit; where a row must be counted
/// anew, as much as a report of the period's usage (`read_usage`).
[[nodiscard]] result<std::vector<budget>> read_budgets(const snapshot& from, org_id org, const agent& who,
                                                       std::optional<std::uint64_t> tokens_per_month, timestamp now);

/// For people: whose limit it is, how much, and when it begins anew.
[[nodiscard]] std::string reached_text(const budget& which);

}  // namespace flotilla::storage
