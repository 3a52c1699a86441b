// The increments that go with a change of an agent or a task.
#include "storage/counting.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "storage/key_schema.hpp"
#include "storage/usage_records.hpp"

namespace flotilla::storage {
namespace {

using deltas = std::vector<std::int64_t>;

constexpr std::size_t place(org_counter which) noexcept {
  return static_cast<std::size_t>(which);
}

org_counter counter_of(task_status status) noexcept {
  return static_cast<org_counter>(place(org_counter::tasks_pending) + static_cast<std::size_t>(status));
}
org_counter counter_of(agent_status status) noexcept {
  return status == agent_status::archived ? org_counter::agents_archived : org_counter::agents;
}

bool changes_something(const deltas& of) noexcept {
  for (const auto delta : of) {
    if (delta != 0) return true;
  }
  return false;
}

/// What a plan limits, for people.
struct limited {
  std::string_view one;
  std::string_view many;
};
constexpr limited limited_agents{"agent", "agents"};
constexpr limited limited_runs{"concurrent run", "concurrent runs"};
constexpr limited limited_tasks{"task a month", "tasks a month"};

std::string limit_text(std::uint64_t most, const limited& what) {
  auto text = "The plan's limit of " + std::to_string(most) + ' ';
  return text.append(most == 1 ? what.one : what.many).append(" is reached.");
}

batch::increment bounded(std::string key, deltas by, std::size_t index, std::optional<std::uint64_t> most,
                         const limited& what) {
  batch::increment made{std::move(key), std::move(by), std::nullopt};
  if (most) made.at_most = {index, *most, limit_text(*most, what)};
  return made;
}

void count_in_org(batch& into, org_id org, const task_record* before, const task_record& after,
                  std::optional<std::uint64_t> most_running) {
  deltas by(org_counter_count);
  const auto add = [&by](const task_record& record, std::int64_t sign) {
    by[place(counter_of(record.task.status))] += sign;
    if (is_queued(record)) by[place(org_counter::tasks_queued)] += sign;
  };
  if (before != nullptr) add(*before, -1);
  add(after, 1);
  if (!changes_something(by)) return;
  into.add(
      bounded(keys::org_counters(org), std::move(by), place(org_counter::tasks_running), most_running, limited_runs));
}

void count_in_epics(batch& into, org_id org, const task_record* before, const task_record& after) {
  const auto add = [&](const task& of, std::int64_t sign) {
    if (!of.epic_id) return;
    into.add({keys::epic_counters(org, *of.epic_id), {sign, of.status == task_status::done ? sign : 0}, {}});
  };
  const bool moved = before == nullptr || before->task.epic_id != after.task.epic_id ||
                     (before->task.status == task_status::done) != (after.task.status == task_status::done);
  if (!moved) return;
  if (before != nullptr) add(before->task, -1);
  add(after.task, 1);
}

token_usage used_since(const task_record* before, const task& after) {
  if (before == nullptr) return after.usage;
  const auto& used = before->task.usage;
  return {after.usage.input_tokens - used.input_tokens, after.usage.output_tokens - used.output_tokens};
}

/// The tokens count when the change is made, the task when it was started: mostly that is the same bucket.
void count_usage(batch& into, org_id org, const task_record* before, const task_record& after,
                 std::string_view model) {
  const auto& task = after.task;
  const auto used = used_since(before, task);
  std::map<std::pair<budget_period, std::uint64_t>, deltas> buckets;
  const auto add = [&buckets](timestamp when, std::size_t index, std::uint64_t amount) {
    if (amount == 0) return;
    for (const auto period : {budget_period::day, budget_period::month}) {
      auto& by = buckets[{period, first_day_of(period, when)}];
      by.resize(usage_counter_count);
      by[index] = static_cast<std::int64_t>(amount);
    }
  };
  add(task.updated_at, 0, used.input_tokens);
  add(task.updated_at, 1, used.output_tokens);
  const bool first_start = after.counted && (before == nullptr || !before->counted);
  if (first_start) add(task.started_at.value_or(task.updated_at), 2, 1);
  for (const auto& [bucket, by] : buckets) {
    into.add({keys::usage(org, bucket.first, bucket.second, task.assignee, model), by, {}});
    into.add({keys::usage_totals(org, bucket.first, bucket.second), by, {}});
  }
}

}  // namespace

std::string tasks_limit_text(std::uint64_t most) {
  return limit_text(most, limited_tasks);
}

bool is_queued(const task_record& record) noexcept {
  const auto status = record.task.status;
  return record.queued && (status == task_status::pending || status == task_status::waiting);
}

void count_agent(batch& into, org_id org, std::optional<agent_status> before, agent_status after,
                 std::optional<std::uint64_t> most) {
  deltas by(place(org_counter::agents_archived) + 1);
  if (before) --by[place(counter_of(*before))];
  ++by[place(counter_of(after))];
  if (!changes_something(by)) return;
  into.add(bounded(keys::org_counters(org), std::move(by), place(org_counter::agents), most, limited_agents));
}

std::vector<task_id> tasks_above(const task_record& record) {
  if (!record.from || !record.task.parent) return {};
  if (record.from->ancestors.empty()) return {*record.task.parent};
  return record.from->ancestors;
}

void count_below(batch& into, org_id org, const task_record& of, const token_usage& more) {
  if (!of.from || more.total() == 0) return;
  const deltas by{static_cast<std::int64_t>(more.input_tokens), static_cast<std::int64_t>(more.output_tokens)};
  for (const auto& each : tasks_above(of)) into.add({keys::usage_below(org, each), by, {}});
}

void count_task(batch& into, org_id org, const task_record* before, const task_record& after,
                const task_effects& effects) {
  count_in_org(into, org, before, after, effects.most_running);
  count_in_epics(into, org, before, after);
  if (before == nullptr) {
    const auto month = first_day_of(budget_period::month, after.task.created_at);
    into.add(bounded(keys::tasks_made(org, month), {1}, 0, effects.most_made, limited_tasks));
  }
  count_usage(into, org, before, after, effects.model);
  count_below(into, org, after, used_since(before, after.task));
  count_budgets(into, org, before, after, effects.budgets);
}

}  // namespace flotilla::storage
