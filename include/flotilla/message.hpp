// A message on the bus: something happened, or someone said something to someone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/id.hpp"
#include "flotilla/page.hpp"
#include "flotilla/time.hpp"

namespace flotilla {

/// A position on an org's bus: 1 for its first message, then without gaps.
using message_seq = std::uint64_t;

/// Who sends or receives a message.
struct party {
  enum class kind : std::uint8_t { everyone, user, system, agent };
  kind is = kind::everyone;
  agent_id agent;  ///< where `is` is `agent`

  [[nodiscard]] static party everyone() noexcept { return {}; }
  [[nodiscard]] static party user() noexcept { return {kind::user, {}}; }
  [[nodiscard]] static party system() noexcept { return {kind::system, {}}; }
  [[nodiscard]] static party of(agent_id who) noexcept { return {kind::agent, who}; }
  friend bool operator==(const party&, const party&) = default;
};

struct message {
  message_id id;
  message_seq seq = 0;
  std::string type;  ///< e.g. "task.created"; all of them stand in core/bus_types.hpp
  party from;
  party to;
  std::optional<flotilla::task_id> task_id;
  std::optional<flotilla::epic_id> epic_id;
  std::string text;
  std::optional<std::string> data;  ///< JSON text (one valid value)
  timestamp created_at;             ///< never earlier than that of the message before it

  friend bool operator==(const message&, const message&) = default;
};

/// Which messages are wanted. All that are set must hold.
struct message_filter {
  std::optional<agent_id> agent;    ///< as sender or receiver
  std::optional<std::string> type;  ///< exact, or a prefix where it ends in '*'
  std::optional<flotilla::task_id> task;
  std::optional<flotilla::epic_id> epic;
  std::optional<timestamp> since;  ///< created at or after
  std::optional<timestamp> until;  ///< created before
};

/// Does a message pass the filter? Pure.
[[nodiscard]] bool matches(const message_filter& filter, const message& candidate) noexcept;

/// What a human says to an agent.
struct outgoing_message {
  agent_id to;
  std::string text;
  bool wake = false;  ///< where the agent is idle, a task is made of it
};

/// What a human says to every member of a team.
struct team_message {
  std::string team;
  std::string text;
  bool wake = false;
};

struct message_query {
  message_filter filter;
  page_request page;
};

}  // namespace flotilla
