// Who asks: orgs, users, API tokens and roles.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/id.hpp"
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
};

/// The one on whose behalf a call is made; every call of the runtime is scoped to its org.
struct principal {
  org_id org;
  user_id user;
  token_id token;
  flotilla::role role = role::viewer;
};

/// Has a text the form of an API token: "fr_live_" and 43 base64url characters that decode to 32 bytes?
[[nodiscard]] bool is_token_text(std::string_view text) noexcept;

/// What GET /api/me tells.
struct identity {
  flotilla::user user;
  flotilla::org org;
  std::string plan = "self-hosted";
};

}  // namespace flotilla
