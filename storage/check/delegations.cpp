// The check of what hangs between tasks and agents: who delegated what, signals, and what is reserved of budgets.
#include <algorithm>
#include <string>
#include <utility>

#include "storage/check/buckets.hpp"
#include "storage/check/org_audit.hpp"
#include "storage/codec.hpp"
#include "storage/counters.hpp"
#include "storage/counting.hpp"
#include "storage/index_keys.hpp"

namespace flotilla::storage {
namespace {

/// A task that a signal is about; nothing where it is not there or cannot be read, which is told as a fault.
result<std::optional<task_record>> signalled(org_audit& in, task_id which, const std::string& name) {
  const auto bytes = in.from.get(keys::task(in.org, which));
  if (!bytes) return fail(bytes.error());
  auto value = *bytes ? decode_task(**bytes) : fail(errc::internal, {});
  if (value) return std::move(value->record);
  if (!*bytes) in.found.fault(rules::signal, name + " names the task " + which.to_string() + ", which there is not.");
  return std::nullopt;
}

bool has_ended(const task_record& record) {
  return record.task.status == task_status::done || record.task.status == task_status::error;
}

/// One that wakes an agent is about no task.
result<void> check_wake(org_audit& in, const keys::signal_parts& parts, const std::string& name) {
  if (!parts.task.empty()) {
    in.found.fault(rules::signal, name + " that is to wake it names a task.");
  }
  const auto there = require_row(in, keys::agent(in.org, parts.agent), name, "the agent " + parts.agent.to_string());
  return there ? result<void>() : fail(there.error());
}

result<void> check_signal(org_audit& in, std::string_view rest, std::string_view value) {
  const auto parts = keys::parse_signal(keys::all(keys::table::signals, in.org).append(rest));
  if (!parts || !value.empty()) {
    in.found.fault(rules::signal, "A signal cannot be read (" + hex(rest) + ").");
    return {};
  }
  const auto name = "A signal of the agent " + parts->agent.to_string();
  if (parts->kind == keys::signal_kind::wake) return check_wake(in, *parts, name);
  // The task may have another agent by now: whoever finds the signal passes it on.
  const auto task = signalled(in, parts->task, name);
  if (!task) return fail(task.error());
  const auto other = signalled(in, parts->other, name);
  if (!other) return fail(other.error());
  if (!*task || !*other) return {};
  const bool child_ended = parts->kind == keys::signal_kind::child_ended;
  const auto& parent = child_ended ? (*task)->task : (*other)->task;
  const auto& child = child_ended ? **other : **task;
  if (child.task.parent != parent.id) {
    in.found.fault(rules::signal, name + " says that the task " + child.task.id.to_string() + " was delegated by " +
                                      parent.id.to_string() + ", which is not so.");
  } else if (child_ended && !has_ended(child) && child.task.attempt == 1) {
    in.found.fault(rules::signal,
                   name + " says that the task " + child.task.id.to_string() + " has ended, which is not so.");
  }
  return {};
}

}  // namespace

result<void> check_ancestors(org_audit& in, const task_record& record) {
  const auto above = tasks_above(record);
  if (above.empty() || first_format_of(keys::table::usage_below) > in.format) return {};
  const auto name = "The task " + record.task.id.to_string();
  if (above.front() != *record.task.parent) {
    in.found.fault(rules::delegation, name + " has a parent that is not the first of the tasks above it.");
    return {};
  }
  const auto bytes = in.from.get(keys::task(in.org, above.front()));
  if (!bytes) return fail(bytes.error());
  const auto parent = *bytes ? decode_task(**bytes) : fail(errc::internal, {});
  if (!parent) return {};  // that is told elsewhere
  // What is above the parent is verified with the parent.
  const auto expected = tasks_above(parent->record);
  if (std::equal(above.begin() + 1, above.end(), expected.begin(), expected.end())) return {};
  in.found.fault(rules::delegation, name + " has other tasks above it than its parent and those above that.");
  return {};
}

result<void> check_signals(org_audit& in) {
  return each_row(in, keys::table::signals, 0,
                  [&in](std::string_view rest, std::string_view value) { return check_signal(in, rest, value); });
}

result<void> check_budgets(org_audit& in) {
  constexpr std::size_t counter_count = 2;  // committed, reserved
  auto done = each_row(
      in, keys::table::budgets, bucket_size + ulid::size, [&in](std::string_view rest, std::string_view bytes) {
        const auto at = bucket_from(rest);
        auto values = decode_counters(bytes);
        const auto name = "The budget row " + hex(rest);
        if (!at || !values) {
          in.found.fault(rules::table, name + " belongs to no period, or cannot be read.");
          return result<void>{};
        }
        values->resize(counter_count);
        const auto found = in.reserved.find(std::string(rest));
        const auto sum = found == in.reserved.end() ? 0 : found->second;
        if (found != in.reserved.end()) in.reserved.erase(found);
        if ((*values)[1] != sum || (*values)[0] < sum) {
          in.found.fault(rules::budget, name + " (" + name_of(*at) + ") has " + std::to_string((*values)[0]) +
                                            " tokens committed and " + std::to_string((*values)[1]) +
                                            " reserved; the tasks that run have reserved " + std::to_string(sum) +
                                            ".");
        }
        return result<void>{};
      });
  for (const auto& [row, tokens] : in.reserved) {
    if (tokens > 0)
      in.found.fault(rules::budget, "Tasks have reserved of the budget row " + hex(row) + ", which there is not.");
  }
  return done;
}

}  // namespace flotilla::storage
