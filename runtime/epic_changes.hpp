// What changes epics, and the read of one with its tasks, as decisions over a snapshot (transactions.hpp). No shared
// state; may block on the disk.
#pragma once

#include "flotilla/epic.hpp"
#include "flotilla/result.hpp"
#include "runtime/transactions.hpp"
#include "storage/catalog_records.hpp"

namespace flotilla::runtime {

/// Errors: invalid (a value).
[[nodiscard]] result<decision<epic>> decide_create(const storage::snapshot& from, org_id org, const epic_draft& draft,
                                                   timestamp now);

/// Errors: not_found, invalid (a value).
[[nodiscard]] result<decision<epic>> decide_update(const storage::snapshot& from, org_id org, epic_id which,
                                                   const epic_patch& patch, timestamp now);

/// The epic with its newest tasks, newest first, and the newest messages about its tasks, oldest first.
/// Errors: not_found.
[[nodiscard]] result<epic_detail> read_epic_detail(const storage::snapshot& from, org_id org, epic_id which);

/// May a task be put into this epic? Lets the batch rely on it. Errors: invalid ("epic_id: …").
[[nodiscard]] result<void> check_epic(const storage::snapshot& from, org_id org, epic_id which,
                                      storage::batch& relies_on);

}  // namespace flotilla::runtime
