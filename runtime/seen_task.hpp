// What a call that an agent carries out has seen of a task, so that a repetition of the call can tell whether it has
// taken effect (once_through_actor.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "flotilla/result.hpp"
#include "flotilla/task.hpp"
#include "storage/records.hpp"

namespace flotilla::runtime {

struct seen_task {
  std::uint32_t attempt = 0;
  task_status status = task_status::pending;
  timestamp updated_at;
  // Not in the text: they are looked up again where they are needed.
  agent_id assignee;
  event_seq before_attempt = 0;
  bool queued = false;

  [[nodiscard]] static seen_task of(const storage::task_record& record);
  /// Errors: internal (not what `to_text` writes).
  [[nodiscard]] static result<seen_task> from_text(std::string_view text);
};

/// "2 done 2026-11-23T09:30:00.000Z": attempt, status, time of the last change.
[[nodiscard]] std::string to_text(const seen_task& seen);

/// May block on the disk. Errors: not_found, those of every read.
[[nodiscard]] result<seen_task> see_task(const storage::snapshot& from, org_id org, task_id which);

}  // namespace flotilla::runtime
