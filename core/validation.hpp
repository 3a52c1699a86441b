// What the values of what callers make and change must be, wherever they come from. Pure.
//
// Every error is `errc::invalid` and its message names the field as the API spells it.
#pragma once

#include <cstddef>
#include <string_view>

#include "flotilla/access.hpp"
#include "flotilla/agent.hpp"
#include "flotilla/epic.hpp"
#include "flotilla/limits.hpp"
#include "flotilla/message.hpp"
#include "flotilla/result.hpp"
#include "flotilla/task.hpp"
#include "flotilla/text.hpp"

namespace flotilla {

/// Is the text exactly one emoji: one extended grapheme cluster (UAX #29) that is shown as emoji (UTS #51)?
[[nodiscard]] bool is_single_emoji(std::string_view text);
/// Does the runtime know a provider of this name?
[[nodiscard]] bool is_known_provider(std::string_view name) noexcept;
/// "anthropic, openai, openrouter, rehearsal", for messages.
[[nodiscard]] std::string_view known_providers() noexcept;

[[nodiscard]] result<void> validate(const agent_draft& draft);
[[nodiscard]] result<void> validate(const agent_patch& patch);
[[nodiscard]] result<void> validate(const task_draft& draft);
[[nodiscard]] result<void> validate(const task_patch& patch);
[[nodiscard]] result<void> validate(const epic_draft& draft);
[[nodiscard]] result<void> validate(const epic_patch& patch);
[[nodiscard]] result<void> validate(const outgoing_message& what);
[[nodiscard]] result<void> validate(const team_message& what);
[[nodiscard]] result<void> validate(const approval_decision& word);
[[nodiscard]] result<void> validate(const token_draft& draft);
/// The name of an org.
[[nodiscard]] result<void> validate_org_name(std::string_view name);
/// 1 to `max_page_limit`.
[[nodiscard]] result<void> validate(const page_request& page);

}  // namespace flotilla
