// The increments that go with a change of an agent or a task.
#include "storage/counting.hpp"

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

std::string limit_message(std::uint64_t most, std::string_view of_what) {
  return "The plan's limit of " + std::to_string(most) + ' ' + std::string(of_what) + " is reached.";
}

batch::increment bounded(std::string key, deltas by, org_counter which, std::optional<std::uint64_t> most,
                         std::string_view of_what) {
  batch::increment made{std::move(key), std::move(by), std::nullopt};
  if (most) made.at_most = {place(which), *most, limit_message(*most, of_what)};
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
      bounded(keys::org_counters(org), std::move(by), org_counter::tasks_running, most_running, "concurrent runs"));
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

void count_usage(batch& into, org_id org, const task& after, const deltas& by, std::string_view model) {
  for (const auto period : {budget_period::day, budget_period::month}) {
    const auto bucket = first_day_of(period, after.updated_at);
    into.add({keys::usage(org, period, bucket, after.assignee, model), by, {}});
    into.add({keys::usage_totals(org, period, bucket), by, {}});
  }
}

}  // namespace

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
  into.add(bounded(keys::org_counters(org), std::move(by), org_counter::agents, most, "agents"));
}

void count_task(batch& into, org_id org, const task_record* before, const task_record& after,
                const task_effects& effects) {
  count_in_org(into, org, before, after, effects.most_running);
  count_in_epics(into, org, before, after);
  if (before == nullptr) {
    const auto month = first_day_of(budget_period::month, after.task.created_at);
    batch::increment made{keys::tasks_made(org, month), {1}, std::nullopt};
    if (effects.most_made) made.at_most = {0, *effects.most_made, limit_message(*effects.most_made, "tasks a month")};
    into.add(std::move(made));
  }
  const auto used_before = before != nullptr ? before->task.usage : token_usage{};
  const bool first_start =
      after.task.started_at && (before == nullptr || !before->task.started_at) && after.task.attempt == 1;
  const deltas by{static_cast<std::int64_t>(after.task.usage.input_tokens - used_before.input_tokens),
                  static_cast<std::int64_t>(after.task.usage.output_tokens - used_before.output_tokens),
                  first_start ? 1 : 0};
  if (changes_something(by)) count_usage(into, org, after.task, by, effects.model);
}

}  // namespace flotilla::storage
