// What was used: tokens and tasks, by agent, model and day.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/agent.hpp"
#include "flotilla/id.hpp"
#include "flotilla/task.hpp"

namespace flotilla {

/// Which usage is wanted: of the current UTC day, ISO week (from Monday) or calendar month.
struct usage_query {
  budget_period period = budget_period::month;
  std::optional<agent_id> agent;
};

/// A task counts once, on the day of its first start; tokens count on the day when the model's answer came.
struct usage_totals {
  token_usage tokens;
  std::uint64_t task_count = 0;

  usage_totals& operator+=(const usage_totals& other) noexcept {
    tokens += other.tokens;
    task_count += other.task_count;
    return *this;
  }
  friend bool operator==(const usage_totals&, const usage_totals&) = default;
};

/// The sums over agents, over models and over days each equal `totals`.
struct usage_summary {
  struct of_agent {
    agent_id agent;
    usage_totals totals;
  };
  struct of_model {
    std::string model;
    usage_totals totals;
  };
  struct of_day {
    std::string date;  ///< YYYY-MM-DD, UTC
    usage_totals totals;
  };
  usage_totals totals;
  std::vector<of_agent> by_agent;  ///< most tokens first
  std::vector<of_model> by_model;  ///< most tokens first
  std::vector<of_day> by_day;      ///< from the period's first day to today, none missing
};

}  // namespace flotilla
