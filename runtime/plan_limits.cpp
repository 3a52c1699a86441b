// The plan's limits.
#include "runtime/plan_limits.hpp"

#include "core/bus_types.hpp"
#include "storage/usage_records.hpp"

namespace flotilla::runtime {

result<void> check_tokens_left(const storage::snapshot& from, org_id org, const plan_limits& limits, timestamp now) {
  if (!limits.tokens_per_month) return {};
  const auto used = storage::read_usage_totals(from, org, budget_period::month, now);
  if (!used) return fail(used.error());
  if (used->tokens.total() < *limits.tokens_per_month) return {};
  return fail(errc::forbidden,
              "The plan's limit of " + std::to_string(*limits.tokens_per_month) + " tokens a month is reached.");
}

bool limit_notices::due(org_id org, const std::string& text, timestamp now) {
  const std::lock_guard held(mutex_);
  if (told_.size() >= max_limit_notices) told_.clear();
  const auto [found, is_new] = told_.try_emplace({org, text}, now);
  if (!is_new && now - found->second < limit_notice_interval) return false;
  found->second = now;
  return true;
}

}  // namespace flotilla::runtime
