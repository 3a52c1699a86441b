// A task as a call has seen it, as text and back.
#include "runtime/seen_task.hpp"

#include <sstream>
#include <utility>

namespace flotilla::runtime {

seen_task seen_task::of(const storage::task_record& record) {
  const auto& task = record.task;
  return {task.attempt, task.status, task.updated_at, task.assignee, record.before_attempt, record.queued};
}

result<seen_task> seen_task::from_text(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::string status;
  std::string time;
  seen_task seen;
  in >> seen.attempt >> status >> time;
  const auto known = parse_task_status(status);
  const auto when = parse_timestamp(time);
  if (in.fail() || !known || !when) return fail(errc::internal, "What a call has seen of a task cannot be read.");
  seen.status = *known;
  seen.updated_at = *when;
  return seen;
}

std::string to_text(const seen_task& seen) {
  return std::to_string(seen.attempt) + ' ' + std::string(to_string(seen.status)) + ' ' + to_string(seen.updated_at);
}

result<seen_task> see_task(const storage::snapshot& from, org_id org, task_id which) {
  auto found = storage::read_task(from, org, which);
  if (!found) return fail(std::move(found.error()));
  if (!*found) return fail(errc::not_found, "No such task.");
  return seen_task::of((*found)->value);
}

}  // namespace flotilla::runtime
