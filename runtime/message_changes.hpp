// What a human says to an agent, as a decision over a snapshot (transactions.hpp). No shared state; may block on the
// disk.
#pragma once

#include "flotilla/message.hpp"
#include "flotilla/result.hpp"
#include "runtime/transactions.hpp"
#include "storage/records.hpp"

namespace flotilla::runtime {

/// Puts it on the bus; the answer is the message as it stands there. Errors: invalid (a value; an unknown or archived
/// agent).
[[nodiscard]] result<decision<message>> decide_post(const storage::snapshot& from, org_id org,
                                                    const outgoing_message& what);

}  // namespace flotilla::runtime
