// What a human says to an agent, as a decision over a snapshot (transactions.hpp). No shared state; may block on the
// disk.
#pragma once

#include <cstddef>
#include <vector>

#include "flotilla/message.hpp"
#include "flotilla/result.hpp"
#include "runtime/transactions.hpp"
#include "storage/records.hpp"

namespace flotilla::runtime {

/// Members of a team that are looked at to find those that are not archived.
inline constexpr std::size_t max_members_searched = 10'000;

/// Puts it on the bus; the answer is the message as it stands there. Errors: invalid (a value; an unknown or archived
/// agent).
[[nodiscard]] result<decision<message>> decide_post(const storage::snapshot& from, org_id org,
                                                    const outgoing_message& what, timestamp now);

/// Puts a message to each member of a team that is not archived on the bus; the answer is what stands there, in the
/// order of the members' making. Errors: invalid (a value; a team without members, with more than
/// `max_team_receivers`, or with more than `max_members_searched` archived ones included).
[[nodiscard]] result<decision<std::vector<message>>> decide_team_post(const storage::snapshot& from, org_id org,
                                                                      const team_message& what, timestamp now);

}  // namespace flotilla::runtime
