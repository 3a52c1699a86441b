// Reads budgets, and counts their rows anew where they are not what they should be.
#include "storage/budget_records.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "flotilla/limits.hpp"
#include "storage/codec.hpp"
#include "storage/counters.hpp"
#include "storage/counting.hpp"
#include "storage/key_schema.hpp"
#include "storage/usage_records.hpp"

namespace flotilla::storage {
namespace {

/// Who is an agent or below it. Remembers those it has passed.
class subtree {
 public:
  subtree(const snapshot& from, org_id org, agent_id root) : from_(from), org_(org) { known_[root] = true; }

  result<bool> holds(agent_id which) {
    std::vector<agent_id> passed;
    bool inside = false;
    for (std::optional<agent_id> at = which; at && passed.size() <= max_manager_depth;) {
      if (const auto known = known_.find(*at); known != known_.end()) {
        inside = known->second;
        break;
      }
      passed.push_back(*at);
      const auto found = read_agent(from_, org_, *at);
      if (!found) return fail(found.error());
      at = *found ? (*found)->value.manager : std::nullopt;
    }
    for (const auto& each : passed) known_[each] = inside;
    return inside;
  }

 private:
  const snapshot& from_;
  org_id org_;
  std::map<agent_id, bool> known_;
};

/// What an agent with its present subtree has used in a period so far.
result<std::uint64_t> used_below(const snapshot& from, org_id org, agent_id root, budget_period period,
                                 timestamp now) {
  const auto used = read_usage(from, org, {period, std::nullopt}, now);
  if (!used) return fail(used.error());
  subtree below(from, org, root);
  std::uint64_t sum = 0;
  for (const auto& each : used->by_agent) {
    const auto inside = below.holds(each.agent);
    if (!inside) return fail(inside.error());
    if (*inside) sum += each.totals.tokens.total();
  }
  return sum;
}

/// A row as it stands.
struct stored_row {
  std::optional<std::string> bytes;
  std::uint64_t used = 0;
  std::uint64_t reserved = 0;
  std::uint64_t as_of = 0;
};

result<stored_row> read_row(const snapshot& from, org_id org, const reservation::row& which) {
  stored_row found;
  auto bytes = from.get(keys::budget(org, which.period, which.bucket, which.agent));
  if (!bytes) return fail(std::move(bytes.error()));
  found.bytes = std::move(*bytes);
  if (!found.bytes) return found;
  auto values = decode_counters(*found.bytes);
  if (!values) return fail(std::move(values.error()));
  values->resize(std::max(values->size(), budget_counter_count));
  if ((*values)[0] < (*values)[1]) return fail(damaged("a budget", which.agent.to_string()));
  found.reserved = (*values)[1];
  found.used = (*values)[0] - found.reserved;
  found.as_of = (*values)[2];
  return found;
}

std::uint64_t ms_of(timestamp when) noexcept {
  return static_cast<std::uint64_t>(when.time_since_epoch().count());
}

/// Does an agent's row hold all that was used, as far as that can be told?
bool is_counted(const stored_row& row, const agent& holder, timestamp now) {
  const auto settled = holder.updated_at + budget_settling_time;
  return row.bytes && row.as_of >= ms_of(holder.updated_at) && (row.as_of >= ms_of(settled) || now < settled);
}

budget begin_budget(budget_period period, agent_id agent, std::uint64_t limit, timestamp now) {
  budget made;
  made.claim.row = {period, first_day_of(period, now), agent};
  made.claim.limit = limit;
  made.standing.limit = limit;
  made.next_begins = date_of(first_day_after(period, now));
  return made;
}

/// The budget with its row as it stands.
budget as_stored(budget made, const stored_row& row) {
  made.standing.used = row.used;
  made.standing.reserved = row.reserved;
  return made;
}

/// The budget with its row as it is to be written.
budget counted_anew(budget made, stored_row row, std::uint64_t used, std::uint64_t as_of) {
  made.standing.used = used;
  made.standing.reserved = row.reserved;
  made.claim.anew = budget_claim::recount{std::move(row.bytes), used, row.reserved, as_of};
  return made;
}

result<budget> read_plan(const snapshot& from, org_id org, std::uint64_t limit, timestamp now) {
  auto made = begin_budget(budget_period::month, agent_id{}, limit, now);
  auto row = read_row(from, org, made.claim.row);
  if (!row) return fail(std::move(row.error()));
  const auto totals = read_usage_totals(from, org, budget_period::month, now);
  if (!totals) return fail(totals.error());
  const auto used = totals->tokens.total();
  if (used == row->used) return as_stored(std::move(made), *row);
  return counted_anew(std::move(made), std::move(*row), used, 0);
}

result<budget> read_of_agent(const snapshot& from, org_id org, const agent& holder, timestamp now) {
  const auto& [limit, period] = *holder.budget;
  auto made = begin_budget(period, holder.id, limit, now);
  made.holder = holder.id;
  made.holder_name = holder.name;
  auto row = read_row(from, org, made.claim.row);
  if (!row) return fail(std::move(row.error()));
  if (is_counted(*row, holder, now)) return as_stored(std::move(made), *row);
  const auto used = used_below(from, org, holder.id, period, now);
  if (!used) return fail(used.error());
  return counted_anew(std::move(made), std::move(*row), *used, ms_of(now));
}

}  // namespace

result<std::vector<budget>> read_budgets(const snapshot& from, org_id org, const agent& who,
                                         std::optional<std::uint64_t> tokens_per_month, timestamp now) {
  std::vector<budget> found;
  if (tokens_per_month) {
    auto plan = read_plan(from, org, *tokens_per_month, now);
    if (!plan) return fail(std::move(plan.error()));
    found.push_back(std::move(*plan));
  }
  std::optional<stored<agent>> above;
  for (std::size_t depth = 0; depth <= max_manager_depth; ++depth) {
    const auto& holder = above ? above->value : who;
    if (holder.budget) {
      auto of_agent = read_of_agent(from, org, holder, now);
      if (!of_agent) return fail(std::move(of_agent.error()));
      found.push_back(std::move(*of_agent));
    }
    if (!holder.manager) break;
    auto manager = read_agent(from, org, *holder.manager);
    if (!manager) return fail(std::move(manager.error()));
    if (!*manager) break;
    above = std::move(**manager);
  }
  return found;
}

std::string reached_text(const budget& which) {
  const auto amount =
      std::to_string(which.claim.limit) + " tokens a " + std::string(to_string(which.claim.row.period));
  const auto what = which.holder ? "The budget of " + which.holder_name + ", " + amount + ", is used up."
                                 : "The plan's limit of " + amount + " is reached.";
  return what + " It begins anew on " + which.next_begins + ".";
}

}  // namespace flotilla::storage
