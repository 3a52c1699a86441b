// Signals about tasks, the children of a task and what was used below it, and the tasks that wait for a human.
#include <string_view>
#include <utility>

#include "storage/codec.hpp"
#include "storage/counters.hpp"
#include "storage/counting.hpp"
#include "storage/key_schema.hpp"
#include "storage/paging.hpp"
#include "storage/records.hpp"

namespace flotilla::storage {
namespace {

std::string key_of(org_id org, const task_signal& what) {
  return keys::signal(org, what.agent, what.task, what.kind, what.other);
}

result<std::vector<task_signal>> read_signals_under(const snapshot& from, const std::string& prefix) {
  return read_keys<task_signal>(from, keys_with_prefix(prefix), std::string::npos, "a signal",
                                [](std::string_view key) -> std::optional<task_signal> {
                                  const auto parts = keys::parse_signal(key);
                                  if (!parts) return std::nullopt;
                                  return task_signal{parts->agent, parts->task, parts->kind, parts->other};
                                });
}

timestamp time_of(std::uint64_t ms) {
  return timestamp{std::chrono::milliseconds{static_cast<std::int64_t>(ms)}};
}

/// Calls `visit` with the first row of each org in the table of parked tasks, until it returns false.
template <class Visit>
result<void> visit_oldest(const snapshot& from, Visit visit) {
  auto rest = keys_with_prefix(keys::all(keys::table::parked));
  for (;;) {
    const auto row = first_of(from, rest, direction::forward);
    if (!row) return fail(row.error());
    if (!*row) return {};
    const auto parts = keys::parse_parked((*row)->first);
    if (!parts) return fail(damaged("a waiting task", {}));
    const result<bool> more = visit(*parts);
    if (!more) return fail(more.error());
    rest.from = keys_with_prefix(keys::all(keys::table::parked, parts->org)).to;
    if (!*more || rest.from >= rest.to) return {};
  }
}

}  // namespace

void write_signal(batch& into, org_id org, const task_signal& what) {
  into.put(key_of(org, what), {});
}

void erase_signal(batch& into, org_id org, const task_signal& what) {
  into.erase(key_of(org, what));
}

result<std::vector<task_signal>> read_signals(const snapshot& from, org_id org, agent_id agent) {
  return read_signals_under(from, keys::signals_of(org, agent));
}

result<std::vector<task_signal>> read_signals(const snapshot& from, org_id org, agent_id agent, task_id task) {
  return read_signals_under(from, keys::signals_of(org, agent, task));
}

result<std::vector<task_id>> read_children(const snapshot& from, org_id org, task_id parent, std::size_t most) {
  return read_ids<task_id>(from, keys::children_of(org, parent), most, "the tasks that were delegated");
}

result<std::vector<parked_task>> read_parked(const snapshot& from, timestamp before, std::size_t most) {
  std::vector<parked_task> found;
  const auto limit = static_cast<std::uint64_t>(before.time_since_epoch().count());
  const auto visited = visit_oldest(from, [&](const keys::parked_parts& first) -> result<bool> {
    if (first.time >= limit) return true;
    const key_range range{keys::all(keys::table::parked, first.org), keys::parked(first.org, limit, {})};
    auto rows = read_keys<parked_task>(from, range, most - found.size(), "a waiting task",
                                       [](std::string_view key) -> std::optional<parked_task> {
                                         const auto parts = keys::parse_parked(key);
                                         if (!parts) return std::nullopt;
                                         return parked_task{parts->org, parts->task, time_of(parts->time)};
                                       });
    if (!rows) return fail(rows.error());
    found.insert(found.end(), rows->begin(), rows->end());
    return found.size() < most;
  });
  if (!visited) return fail(visited.error());
  return found;
}

result<std::optional<timestamp>> oldest_parked(const snapshot& from) {
  std::optional<timestamp> oldest;
  const auto visited = visit_oldest(from, [&oldest](const keys::parked_parts& first) -> result<bool> {
    const auto since = time_of(first.time);
    if (!oldest || since < *oldest) oldest = since;
    return true;
  });
  if (!visited) return fail(visited.error());
  return oldest;
}

result<token_usage> read_usage_below(const snapshot& from, org_id org, task_id which) {
  const auto used = read_counters(from, keys::usage_below(org, which), below_counter_count);
  if (!used) return fail(used.error());
  return token_usage{(*used)[0], (*used)[1]};
}

}  // namespace flotilla::storage
