// Decisions that change epics.
#include "runtime/epic_changes.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "core/validation.hpp"
#include "runtime/patching.hpp"

namespace flotilla::runtime {
namespace {

static_assert(max_epic_items <= max_page_limit, "what an epic shows is one page");

result<storage::stored<epic>> existing_epic(const storage::snapshot& from, org_id org, epic_id which) {
  auto found = storage::read_epic(from, org, which);
  if (!found) return fail(std::move(found.error()));
  if (!*found) return fail(errc::not_found, "No such epic.");
  return std::move(**found);
}

}  // namespace

result<decision<epic>> decide_create(const storage::snapshot& /*from*/, org_id org, const epic_draft& draft,
                                     timestamp now) {
  if (auto valid = validate(draft); !valid) return fail(std::move(valid.error()));
  decision<epic> made;
  auto& added = made.answer;
  added.id = epic_id::make(now);
  added.name = draft.name;
  added.type = draft.type;
  added.created_at = added.updated_at = now;
  storage::write_epic(made.changes, org, nullptr, added);
  return made;
}

result<decision<epic>> decide_update(const storage::snapshot& from, org_id org, epic_id which,
                                     const epic_patch& patch, timestamp now) {
  if (auto valid = validate(patch); !valid) return fail(std::move(valid.error()));
  const auto before = existing_epic(from, org, which);
  if (!before) return fail(before.error());
  decision<epic> made;
  auto& after = made.answer;
  after = before->value;
  take(after.name, patch.name);
  take(after.type, patch.type);
  take(after.status, patch.status);
  if (after == before->value) return made;
  after.updated_at = now;
  storage::write_epic(made.changes, org, &*before, after);
  return made;
}

result<epic_detail> read_epic_detail(const storage::snapshot& from, org_id org, epic_id which) {
  auto found = existing_epic(from, org, which);
  if (!found) return fail(std::move(found.error()));
  task_query of_tasks;
  of_tasks.epic_id = which;
  of_tasks.page.limit = max_epic_items;
  auto tasks = storage::list_tasks(from, org, of_tasks);
  if (!tasks) return fail(std::move(tasks.error()));
  message_query of_messages;
  of_messages.filter.epic = which;
  of_messages.page.limit = max_epic_items;
  auto timeline = storage::list_messages(from, org, of_messages);
  if (!timeline) return fail(std::move(timeline.error()));
  std::reverse(timeline->items.begin(), timeline->items.end());
  return epic_detail{std::move(found->value), std::move(tasks->items), std::move(timeline->items)};
}

result<void> check_epic(const storage::snapshot& from, org_id org, epic_id which, storage::batch& relies_on) {
  const auto found = storage::read_epic(from, org, which);
  if (!found) return fail(found.error());
  if (!*found) return fail(errc::invalid, "epic_id: no such epic");
  const auto status = (*found)->value.status;
  if (status != epic_status::active) {
    return fail(errc::invalid, "epic_id: the epic is " + std::string(to_string(status)));
  }
  storage::require_epic(relies_on, org, **found);
  return {};
}

}  // namespace flotilla::runtime
