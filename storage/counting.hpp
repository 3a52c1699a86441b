// What a change of an agent or a task adds to the counters of usage_records.hpp. For the record files of this room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "storage/records.hpp"
#include "storage/store.hpp"

namespace flotilla::storage {

/// In one row of usage: tokens in, tokens out, tasks.
inline constexpr std::size_t usage_counter_count = 3;
/// In one row of what was used below a task: tokens in, tokens out.
inline constexpr std::size_t below_counter_count = 2;
/// In one row of a budget: committed, reserved, as of (budget_records.hpp).
inline constexpr std::size_t budget_counter_count = 3;

/// Does it lie in a work queue to be taken up?
[[nodiscard]] bool is_queued(const task_record& record) noexcept;

/// `before`: nothing for a new agent. `most`: see `write_agent`.
void count_agent(batch& into, org_id org, std::optional<agent_status> before, agent_status after,
                 std::optional<std::uint64_t> most);

/// The tasks above one that was delegated, its parent first: those that its record names, or, where that is of an
/// older format, its parent alone. Empty for one that was not delegated.
[[nodiscard]] std::vector<task_id> tasks_above(const task_record& record);
/// Adds to what was used below each of them. Part of `count_task`.
void count_below(batch& into, org_id org, const task_record& of, const token_usage& more);

/// `before`: null for a new task. `after`: with `counted` as it shall be.
void count_task(batch& into, org_id org, const task_record* before, const task_record& after,
                const task_effects& effects);

/// What becomes of the budgets in which `before` has reserved, and `after` does. Part of `count_task`.
void count_budgets(batch& into, org_id org, const task_record* before, const task_record& after,
                   const std::vector<budget_claim>& claims);

}  // namespace flotilla::storage
