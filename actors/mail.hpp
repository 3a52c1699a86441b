// Messages between agents: whom one is for, what stands on the bus, and the mailbox as it is read. No actor in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/builtin_tools.hpp"
#include "core/run_events.hpp"
#include "flotilla/agent.hpp"
#include "flotilla/result.hpp"
#include "storage/records.hpp"

namespace flotilla::actors {

inline constexpr std::size_t max_mail_per_turn = 50;                 ///< messages; the others come at the next turn
inline constexpr std::size_t max_mail_bytes_per_turn = 128U << 10U;  ///< of their texts, but at least one message
inline constexpr std::size_t max_named_receivers = 10;  ///< agents of one name that are looked at for the one meant
inline constexpr std::size_t max_team_members_looked_at =
    1000;  ///< archived ones too, for the receivers of a message
/// Messages that may wake agents one after another, without a human between: so two do not keep each other busy for
/// ever.
inline constexpr std::uint32_t max_wakes_in_a_row = 8;

/// Messages that an agent has not read, oldest first, and what is to be taken away when it has read them.
struct unread_batch {
  std::vector<told_message> messages;
  std::vector<storage::unread_mail> rows;
  std::vector<storage::task_signal> wakes;  ///< that have asked for its attention; empty where some mail is left over
  std::uint32_t wakes_in_a_row = 0;         ///< up to the one of them that is furthest; 0: none wakes
};
/// May block on the disk.
[[nodiscard]] result<unread_batch> read_unread(const storage::snapshot& from, org_id org, agent_id agent);

/// The members of a team that are not archived, oldest first, without `except`: at most one more than
/// `max_team_receivers`. Errors: invalid (more than `most_looked_at`, archived ones included). May block on the disk.
[[nodiscard]] result<std::vector<storage::stored<agent>>> read_team_members(const storage::snapshot& from, org_id org,
                                                                            const std::string& team,
                                                                            std::optional<agent_id> except,
                                                                            std::size_t most_looked_at);

/// The agents that a message is for: the one of this id or name, or the members of a team; never the sender, and no
/// archived one. Errors: invalid (nobody, or more than one of the name, or more than `max_team_receivers`; the
/// message is for the model and names the argument). May block on the disk.
[[nodiscard]] result<std::vector<agent>> find_receivers(const storage::snapshot& from, org_id org, agent_id sender,
                                                        const builtin::send_message_arguments& what);

/// What somebody says to an agent.
struct outgoing_mail {
  party from;
  agent_id to;
  std::string text;
  std::optional<std::string> team;  ///< where it is said to all of one
  std::uint32_t wakes = 0;  ///< how many messages have woken an agent in a row, this one included; 0: it wakes nobody
};
/// The message before it has its place on the bus. The data holds `team`, and `wake` and `wakes` where they apply.
[[nodiscard]] storage::message_draft mail_draft(outgoing_mail what);

/// The signal that has an agent woken. Each is another, so that one who reads his mail does not take away what came
/// meanwhile.
[[nodiscard]] storage::task_signal wake_signal(agent_id who, timestamp now);

}  // namespace flotilla::actors
