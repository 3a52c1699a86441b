// The increments of budgets that go with a change of a task: reservations made, given back and settled.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "storage/counters.hpp"
#include "storage/counting.hpp"
#include "storage/key_schema.hpp"
#include "storage/usage_records.hpp"

namespace flotilla::storage {
namespace {

std::string key_of(org_id org, const reservation::row& row) {
  return keys::budget(org, row.period, row.bucket, row.agent);
}

/// What a change adds to rows, each once.
class moves {
 public:
  explicit moves(org_id org) : org_(org) {}

  void add(const reservation::row& row, std::int64_t committed, std::int64_t reserved) {
    auto& by = rows_[key_of(org_, row)];
    by.first += committed;
    by.second += reserved;
  }
  /// What was used counts in the period in which it was, which may be the one behind that of the reservation.
  void settle(const reservation& held, std::uint64_t used, timestamp when) {
    for (auto row : held.rows) {
      row.bucket = first_day_of(row.period, when);
      if (used > 0) add(row, static_cast<std::int64_t>(used), 0);
    }
  }
  void move(const reservation& held, std::int64_t sign) {
    const auto tokens = sign * static_cast<std::int64_t>(held.tokens);
    for (const auto& row : held.rows) add(row, tokens, tokens);
  }
  void put(batch& into, const std::vector<budget_claim>& claims) const {
    for (const auto& [key, by] : rows_) {
      batch::increment made{key, {by.first, by.second}, std::nullopt};
      for (const auto& claim : claims) {
        if (key_of(org_, claim.row) == key) made.at_most = {0, claim.limit, "A budget is used up."};
      }
      into.add(std::move(made));
    }
  }

 private:
  org_id org_;
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> rows_;
};

/// Writes the rows that are to be counted anew, on condition that they are still what was read.
void put_recounts(batch& into, org_id org, const std::vector<budget_claim>& claims) {
  for (const auto& claim : claims) {
    if (!claim.anew) continue;
    const auto& [seen, used, reserved, as_of] = *claim.anew;
    into.require(key_of(org, claim.row), seen);
    into.put(key_of(org, claim.row), encode_counters({used + reserved, reserved, as_of}));
  }
}

}  // namespace

void count_budgets(batch& into, org_id org, const task_record* before, const task_record& after,
                   const std::vector<budget_claim>& claims) {
  const auto* held = before != nullptr && before->reserved ? &*before->reserved : nullptr;
  const auto* made = after.reserved ? &*after.reserved : nullptr;
  if (held == nullptr && made == nullptr) return;
  moves sum(org);
  if (held != nullptr) {
    sum.settle(*held, after.task.usage.total() - before->task.usage.total(), after.task.updated_at);
  }
  const bool same = held != nullptr && made != nullptr && *held == *made;
  if (held != nullptr && !same) sum.move(*held, -1);
  if (made != nullptr && !same) {
    sum.move(*made, 1);
    put_recounts(into, org, claims);
  }
  sum.put(into, claims);
}

}  // namespace flotilla::storage
