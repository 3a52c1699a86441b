// Who asks: orgs, users, API tokens and roles.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/id.hpp"
#include "flotilla/idempotency.hpp"
#include "flotilla/page.hpp"
#include "flotilla/plan.hpp"
#include "flotilla/time.hpp"

namespace flotilla {

/// What a token may do: `viewer` reads, `operator_` does all but secrets, MCP servers and tokens, `admin` all.
/// Each role may do what the ones before it may.
enum class role : std::uint8_t { viewer, operator_, admin };
[[nodiscard]] std::string_view to_string(role value) noexcept;  ///< "viewer", "operator", "admin"
[[nodiscard]] std::optional<role> parse_role(std::string_view text) noexcept;

struct org {
  org_id id;
  std::string name;
  timestamp created_at;
};

struct user {
  user_id id;
  std::string name;
  flotilla::role role = role::viewer;
};

/// What is kept of an API token: never its text.
struct api_token {
  token_id id;
  org_id org;
  user_id user;
  std::string name;
  flotilla::role role = role::viewer;
  timestamp created_at;
  /// To the minute: that is how often it is written down. Nothing: not yet.
  std::optional<timestamp> last_used_at;

  friend bool operator==(const api_token&, const api_token&) = default;
};

/// What is needed to make a token; it belongs to the user who makes it.
struct token_draft {
  std::string name;
  flotilla::role role = role::viewer;
};

/// A token that was just made: the only place where its text is.
struct new_token {
  api_token token;
  std::string text;  ///< a secret
};

/// The one on whose behalf a call is made; every call of the runtime is scoped to its org.
struct principal {
  org_id org;
  user_id user;
  token_id token;
  flotilla::role role = role::viewer;
  /// Set for one call: that call may be sent again (idempotency.hpp). Only calls that make, put, post, run, decide or
  /// cancel something look at it; the others may be made twice as they are.
  idempotency_ptr once;
};

/// Has a text the form of an API token: "fr_live_" and 43 base64url characters that decode to 32 bytes?
[[nodiscard]] bool is_token_text(std::string_view text) noexcept;

/// What GET /api/me tells.
struct identity {
  flotilla::user user;
  flotilla::org org;
  flotilla::plan plan;
  feature_flags features;
};

}  // namespace flotilla
