// The check of tasks: records, inputs, index rows, and what is summed up of them.
#include <string>

#include "storage/check/org_audit.hpp"
#include "storage/codec.hpp"
#include "storage/counting.hpp"
#include "storage/index_keys.hpp"

namespace flotilla::storage {
namespace {

constexpr std::size_t place(org_counter which) {
  return static_cast<std::size_t>(which);
}

bool has_ended(task_status status) {
  return status == task_status::done || status == task_status::error;
}

/// What goes from one task to the next.
struct task_pass {
  org_audit& in;
  index_audit rows;
  std::uint64_t inputs = 0;  ///< that stand aside
  std::uint64_t events = 0;
  agent_id known_agent{};  ///< the last that was found: neighbours often have the same
};

/// Do the fields of a record agree with its status? A journal is not asked.
void check_fields(org_audit& in, const task_record& record, const std::string& name) {
  const auto& task = record.task;
  const auto status = std::string(to_string(task.status));
  const auto wrong = [&](const std::string& what) { in.found.fault(rules::task_state, name + what); };
  if (has_ended(task.status) != task.finished_at.has_value()) {
    wrong(task.finished_at ? " has ended, but is " + status + "."
                           : " is " + status + ", but has no time of its end.");
  }
  if ((task.status == task_status::error) != task.error.has_value()) {
    wrong(task.error ? " has an error, but is " + status + "." : " is in error, but has none.");
  }
  const bool started =
      task.status == task_status::running || task.status == task_status::waiting || task.status == task_status::done;
  if (started && !task.started_at) wrong(" is " + status + ", but has no time of its start.");
  if (task.status == task_status::pending && task.started_at) wrong(" is pending, but has started.");
  if (task.started_at && !record.counted) wrong(" has started, but was never counted.");
  if (record.queued && task.status != task_status::pending && task.status != task_status::waiting) {
    wrong(" is " + status + ", but is to be taken up.");
  }
  if (record.parked_at && task.status != task_status::waiting) wrong(" is " + status + ", but waits for a human.");
  if (record.reserved && task.status != task_status::running) wrong(" is " + status + ", but has reserved tokens.");
  if (task.attempt == 0 || (task.attempt == 1 && record.before_attempt != 0)) {
    wrong(" has an attempt that does not begin where it must.");
  }
}

/// A long input stands beside the record, and is the one that the record was written with.
result<void> check_input(task_pass& pass, task_record& record, const std::optional<std::uint64_t>& mark,
                         const std::string& name) {
  if (!mark) return {};
  auto input = pass.in.from.get(keys::input(pass.in.org, record.task.id));
  if (!input) return fail(std::move(input.error()));
  if (!*input) {
    pass.in.found.fault(rules::input, name + " has an input that stands aside, and is not there.");
    return {};
  }
  ++pass.inputs;
  if (input_mark_for(**input) != *mark || !record.task.input.empty()) {
    pass.in.found.fault(rules::input, name + " has another input than its record was written with.");
  }
  return {};
}

result<void> check_references(task_pass& pass, const task& of, const std::string& name) {
  auto& in = pass.in;
  const auto agent = [&](agent_id which, const std::string& what) -> result<void> {
    if (which == pass.known_agent) return {};
    const auto found = require_row(in, keys::agent(in.org, which), name, what + " " + which.to_string());
    if (!found) return fail(found.error());
    if (*found) pass.known_agent = which;
    return {};
  };
  if (auto named = agent(of.assignee, "the agent"); !named) return named;
  if (of.requester) {
    if (auto named = agent(*of.requester, "the requester"); !named) return named;
  }
  if (of.parent) {
    const auto found = require_row(in, keys::task(in.org, *of.parent), name, "the parent " + of.parent->to_string());
    if (!found) return fail(found.error());
  }
  if (!of.epic_id) return {};
  const auto found = require_row(in, keys::epic(in.org, *of.epic_id), name, "the epic " + of.epic_id->to_string());
  return found ? result<void>() : fail(found.error());
}

void sum_up(org_audit& in, const task_record& record) {
  const auto& task = record.task;
  ++in.counts[place(org_counter::tasks_pending) + static_cast<std::size_t>(task.status)];
  const bool waits = task.status == task_status::pending || task.status == task_status::waiting;
  if (waits && record.queued) ++in.counts[place(org_counter::tasks_queued)];
  if (task.epic_id) {
    auto& epic = in.epics[*task.epic_id];
    ++epic.tasks;
    if (task.status == task_status::done) ++epic.done;
  }
  if (task.parent) ++in.children;
  for (const auto& above : tasks_above(record)) in.below[above] += task.usage;
  ++in.made_in[first_day_of(budget_period::month, task.created_at)];
  if (record.reserved) {
    for (const auto& row : record.reserved->rows) {
      const auto key = keys::budget(in.org, row.period, row.bucket, row.agent);
      in.reserved[key.substr(keys::all(keys::table::budgets, in.org).size())] += record.reserved->tokens;
    }
  }
  if (task.usage.total() == 0 && !record.counted) return;
  auto& used = in.used_by[task.assignee];
  const auto& before = record.usage_before;
  in.used_before.tokens += before;
  used.tokens += {task.usage.input_tokens - before.input_tokens, task.usage.output_tokens - before.output_tokens};
  if (record.counted) ++(task.attempt == 1 ? used : in.used_before).task_count;
}

result<void> check_task(task_pass& pass, task_id which, std::string_view bytes) {
  auto& in = pass.in;
  const auto name = "The task " + which.to_string();
  auto value = decode_task(bytes);
  if (!value || value->record.task.id != which) {
    in.found.fault(rules::record, name + " cannot be read, or is another one.");
    return {};
  }
  auto& record = value->record;
  check_fields(in, record, name);
  if (auto done = check_input(pass, record, value->input_mark, name); !done) return done;
  if (auto done = check_references(pass, record.task, name); !done) return done;
  if (auto done = check_ancestors(in, record); !done) return done;
  if (auto done = pass.rows.expect(index_keys(in.org, record), name); !done) return done;
  sum_up(in, record);
  return check_journal(in, record, pass.events);
}

/// The task of each row of a table whose keys begin with a task's id must be there and use the table; asked only
/// where the table has more rows than tasks were found to have.
result<void> hunt(org_audit& in, keys::table of, std::string_view rule, bool (*uses)(const coded_task&)) {
  task_id last;
  return each_row(in.from, keys::all(of, in.org), [&](std::string_view rest, std::string_view) -> result<void> {
    if (rest.size() < ulid::size) return {};
    const task_id which{keys::ulid_from(rest)};
    if (which == last) return {};
    last = which;
    const auto bytes = in.from.get(keys::task(in.org, which));
    if (!bytes) return fail(bytes.error());
    const auto value = *bytes ? decode_task(**bytes) : fail(errc::internal, {});
    if (*bytes && (!value || uses(*value))) return {};
    in.found.fault(rule, "The table of " + std::string(name_of(of)) + " has rows of the task " + which.to_string() +
                             (*bytes ? ", which has none." : ", which there is not."));
    return {};
  });
}

/// Counts the rows of such a table, and looks where they are too many.
result<void> close_table(org_audit& in, keys::table of, std::size_t rest_size, std::uint64_t expected,
                         std::string_view rule, bool (*uses)(const coded_task&)) {
  std::uint64_t rows = 0;
  auto counted = each_row(in, of, rest_size, [&rows](std::string_view, std::string_view) {
    ++rows;
    return result<void>{};
  });
  if (!counted || rows == expected) return counted;
  return hunt(in, of, rule, uses);
}

}  // namespace

result<void> check_tasks(org_audit& in) {
  task_pass pass{in, index_audit(in)};
  auto done = each_row(in, keys::table::tasks, ulid::size, [&](std::string_view rest, std::string_view bytes) {
    return check_task(pass, {keys::ulid_from(rest)}, bytes);
  });
  if (!done) return done;
  const auto keys_at = [&in](std::string_view position) -> result<std::optional<std::vector<std::string>>> {
    const auto bytes = in.from.get(keys::task(in.org, {keys::ulid_from(position)}));
    if (!bytes) return fail(bytes.error());
    if (!*bytes) return std::vector<std::string>();
    const auto value = decode_task(**bytes);
    if (!value || position != keys::bytes_of(value->record.task.id.value)) return std::nullopt;
    return index_keys(in.org, value->record);
  };
  for (const auto index :
       {keys::table::tasks_by_status, keys::table::tasks_by_assignee, keys::table::tasks_by_assignee_and_status,
        keys::table::tasks_by_epic, keys::table::work, keys::table::children, keys::table::parked}) {
    if (auto closed = pass.rows.close(index, ulid::size, keys_at); !closed) return closed;
  }
  if (in.children != in.delegated) {
    in.found.fault(rules::delegation, "Journals of the org " + in.org.to_string() + " tell of " +
                                          std::to_string(in.delegated) + " delegated tasks; " +
                                          std::to_string(in.children) + " tasks have a parent.");
  }
  auto closed = close_table(in, keys::table::inputs, ulid::size, pass.inputs, rules::input,
                            [](const coded_task& of) { return of.input_mark.has_value(); });
  if (!closed) return closed;
  return close_table(in, keys::table::events, ulid::size + keys::seq_size, pass.events, rules::journal_stray,
                     [](const coded_task&) { return true; });
}

}  // namespace flotilla::storage
