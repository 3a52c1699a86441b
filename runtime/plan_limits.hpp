// What the plan and budgets allow, where no counter's bound says it already: tokens. And who is told.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "flotilla/plan.hpp"
#include "flotilla/result.hpp"
#include "storage/records.hpp"
#include "storage/store.hpp"

namespace flotilla::runtime {

/// May a run of this agent begin or go on, as far as tokens are concerned: those of the plan, of its own budget and
/// of the budgets of its managers? May block on the disk. Errors: forbidden, with the limit that is used up.
///
/// This is for whoever asks to be told at once, where not the shortest answer is left. That no limit is passed is not
/// its doing: each model call is reserved (storage/budget_records.hpp), and a run that meets a limit later ends with
/// it.
[[nodiscard]] result<void> check_tokens_left(const storage::snapshot& from, org_id org, agent_id who,
                                             const plan_limits& limits, timestamp now);

inline constexpr std::chrono::minutes limit_notice_interval{10};  ///< between two messages about the same limit
inline constexpr std::size_t max_limit_notices = 10'000;          ///< orgs and limits that are remembered

/// Keeps a caller who tries again and again from filling the bus. Thread-safe.
class limit_notices {
 public:
  /// Is this limit of an org to be told on the bus now? It then counts as told.
  [[nodiscard]] bool due(org_id org, const std::string& text, timestamp now);

 private:
  std::mutex mutex_;
  std::map<std::pair<org_id, std::string>, timestamp> told_;
};

}  // namespace flotilla::runtime
