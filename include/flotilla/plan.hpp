// What an org may use: the plan's limits and the feature flags, and how much the server carries at once, from the
// configuration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace flotilla {

/// Nothing: no limit. Reaching one is `errc::forbidden`, and the message says which.
struct plan_limits {
  std::optional<std::uint64_t> agents;            ///< that are not archived
  std::optional<std::uint64_t> tasks_per_month;   ///< made in a calendar month (UTC)
  std::optional<std::uint64_t> tokens_per_month;  ///< in and out, used in a calendar month (UTC)
  std::optional<std::uint64_t> concurrent_runs;   ///< tasks that are running

  friend bool operator==(const plan_limits&, const plan_limits&) = default;
};

/// The same plan holds for every org of a store, for each by itself.
struct plan {
  std::string name = "self-hosted";
  plan_limits limits;
};

/// How many runs may go on at once, besides what the plan says. A run that is over a limit waits in its agent's
/// queue.
struct run_capacity {
  std::size_t server = 4096;
  std::optional<std::size_t> org;       ///< of each org; nothing: no limit
  std::optional<std::size_t> provider;  ///< of each provider; nothing: no limit
};

/// Feature flags by name.
using feature_flags = std::map<std::string, bool>;

}  // namespace flotilla
