// Secrets: named values that are written, used by the runtime, and never shown.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/id.hpp"
#include "flotilla/page.hpp"
#include "flotilla/time.hpp"

namespace flotilla {

/// Who may use a secret: every agent of the org, or one. An agent's own wins over the org's.
enum class secret_scope : std::uint8_t { org, agent };
[[nodiscard]] std::string_view to_string(secret_scope scope) noexcept;
[[nodiscard]] std::optional<secret_scope> parse_secret_scope(std::string_view text) noexcept;

/// Has a text the form of a secret's key: [A-Z0-9_]+, at most `max_secret_key_bytes`?
[[nodiscard]] bool is_secret_key(std::string_view text) noexcept;

/// What names a secret within an org.
struct secret_name {
  secret_scope scope = secret_scope::org;
  std::optional<agent_id> agent;  ///< set exactly where the scope is `agent`
  std::string key;

  friend auto operator<=>(const secret_name&, const secret_name&) = default;
};

/// What is shown of a secret: all but its value.
struct secret {
  secret_name name;
  timestamp updated_at;

  friend bool operator==(const secret&, const secret&) = default;
};

/// Which secrets to list.
struct secret_query {
  secret_scope scope = secret_scope::org;
  std::optional<agent_id> agent;  ///< with scope `agent`: those of this one only
  page_request page;
};

}  // namespace flotilla
