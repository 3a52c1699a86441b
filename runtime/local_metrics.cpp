// The fleet on one machine: what it has counted and measured.
#include <optional>
#include <utility>

#include "runtime/local_fleet.hpp"
#include "storage/records.hpp"
#include "storage/usage_records.hpp"

namespace flotilla::runtime {
namespace {

/// The counts of all orgs together; nothing where the store cannot be read. What was measured is told also then:
/// nobody needs it more than who looks for what is wrong with the store.
std::optional<storage::org_counts> count_all(const storage::store& in) {
  const auto seen = in.snapshot();
  if (!seen) return std::nullopt;
  const auto orgs = storage::list_orgs(**seen);
  if (!orgs) return std::nullopt;
  storage::org_counts sum{};
  for (const auto& each : *orgs) {
    const auto counts = storage::read_org_counts(**seen, each.id);
    if (!counts) return std::nullopt;
    for (std::size_t i = 0; i < sum.size(); ++i) sum.at(i) += counts->at(i);
  }
  return sum;
}

}  // namespace

void local_fleet::metrics(reply<std::string> handler) const {
  readers_->run([this, handler = std::move(handler)] {
    fleet_gauges now;
    now.counts = count_all(*store_);
    now.actors = system_->registry().running();
    now.waiting_reads = readers_->waiting();
    now.places_taken = slots_->taken();
    now.waiting_runs = slots_->waiting();
    now.writable = store_->health().writable;
    now.started = started_;
    handler(metrics_->text(now));
  });
}

}  // namespace flotilla::runtime
