// The bounds of what a caller may send, in one place: the runtime enforces them, the HTTP table declares them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace flotilla {

inline constexpr std::size_t max_name_bytes = 200;
inline constexpr std::size_t max_role_bytes = 256U << 10U;
inline constexpr std::size_t max_model_bytes = 200;
inline constexpr std::size_t max_title_bytes = 500;
inline constexpr std::size_t max_input_bytes = 768U << 10U;
/// Of a task's output schema. It is part of the task's record, which each step of a run writes anew.
inline constexpr std::size_t max_output_schema_bytes = 16U << 10U;
inline constexpr std::size_t max_list_items = 100;  ///< mcps, approvals, args
inline constexpr std::size_t max_pattern_bytes = 200;
inline constexpr std::size_t max_manager_depth = 64;  ///< managers above an agent

inline constexpr std::size_t max_message_bytes = 64U << 10U;  ///< of a message to an agent
inline constexpr std::size_t max_team_receivers = 256;        ///< of one message to a team
inline constexpr std::size_t max_comment_bytes = 16U << 10U;  ///< of the word on an approval
inline constexpr std::size_t max_call_id_bytes = 1024;        ///< of a tool call, as a model named it

inline constexpr std::size_t max_secret_key_bytes = 128;
inline constexpr std::size_t max_secret_value_bytes = 32U << 10U;
inline constexpr std::size_t max_secrets_per_org = 1000;  ///< of all scopes
/// A value shorter than this cannot be told from ordinary text, and is not looked for in it.
inline constexpr std::size_t min_redacted_bytes = 4;

inline constexpr std::size_t max_mcp_name_bytes = 64;
inline constexpr std::size_t max_mcp_servers_per_org = 200;
inline constexpr std::size_t max_argument_bytes = 4096;  ///< of a command, an argument, a variable, a header
inline constexpr std::size_t max_url_bytes = 2048;
inline constexpr std::size_t max_variables = 100;  ///< env, headers

inline constexpr std::size_t max_tokens_per_org = 1000;
inline constexpr std::size_t max_tree_agents = 10'000;  ///< in one answer
inline constexpr std::size_t max_epic_items = 500;      ///< tasks, and entries of the timeline, in one answer
inline constexpr std::size_t max_idempotency_key_bytes = 255;

}  // namespace flotilla
