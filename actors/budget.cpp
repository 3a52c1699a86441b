// Reads and weighs the limits of a run's next model call.
#include "actors/budget.hpp"

#include <utility>

namespace flotilla::actors {

result<budget_limits> read_limits(const storage::snapshot& from, const environment& env, const agent_key& who) {
  const auto found = storage::read_agent(from, who.org, who.agent);
  if (!found) return fail(found.error());
  if (!*found) return fail(errc::not_found, "No such agent.");
  return storage::read_budgets(from, who.org, (*found)->value, env.limits.tokens_per_month, env.clock->now());
}

call_verdict weigh_call(const budget_limits& limits, std::uint64_t input_tokens) {
  std::vector<budget_standing> standings;
  for (const auto& each : limits) standings.push_back(each.standing);
  const auto verdict = flotilla::weigh_call(standings, input_tokens);
  if (const auto* busy = std::get_if<budget_busy>(&verdict)) return call_delay{limits[busy->which]};
  if (const auto* used_up = std::get_if<budget_used_up>(&verdict)) return call_refusal{limits[used_up->which]};
  const auto& fits = std::get<budget_fits>(verdict);
  call_claim claim;
  claim.reserved.tokens = fits.tokens;
  claim.max_output_tokens = fits.max_output_tokens;
  if (fits.capped) claim.cut_at = fits.max_output_tokens;
  claim.nearest = limits[fits.tightest];
  for (const auto& each : limits) {
    claim.reserved.rows.push_back(each.claim.row);
    claim.rows.push_back(each.claim);
  }
  return claim;
}

task_error budget_reached(const storage::budget& which) {
  return {std::string(budget_exceeded_code), storage::reached_text(which)};
}

task_error budget_held(const storage::budget& which) {
  return {std::string(budget_exceeded_code), storage::reached_text(which) +
                                                 " Other runs have held what is left of it for " +
                                                 std::to_string(longest_budget_wait.count()) + " minutes."};
}

}  // namespace flotilla::actors
