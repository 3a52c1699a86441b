// The plan's limits.
#include "runtime/plan_limits.hpp"

#include "storage/budget_records.hpp"

namespace flotilla::runtime {

result<void> check_tokens_left(const storage::snapshot& from, org_id org, agent_id who, const plan_limits& limits,
                               timestamp now) {
  const auto agent = storage::read_agent(from, org, who);
  if (!agent) return fail(agent.error());
  if (!*agent) return {};
  const auto budgets = storage::read_budgets(from, org, (*agent)->value, limits.tokens_per_month, now);
  if (!budgets) return fail(budgets.error());
  for (const auto& each : *budgets) {
    const auto& [limit, used, reserved] = each.standing;
    if (used >= limit || limit - used < shortest_answer(limit)) {
      return fail(errc::forbidden, storage::reached_text(each));
    }
  }
  return {};
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
