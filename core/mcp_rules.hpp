// What the configuration of an MCP server must be, as far as the configuration alone says it: what it names (the
// executable, the host, the secrets) is looked up by runtime/. Pure.
//
// Every error is `errc::invalid` and its message names the field as the API spells it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flotilla/mcp_server.hpp"
#include "flotilla/result.hpp"

namespace flotilla {

/// Checks a server as a whole, however it came to be what it is: name, what its transport needs and takes, the form
/// of every value and of every reference to a secret.
[[nodiscard]] result<void> validate(const mcp_server& whole);

/// Where a secret is named.
struct named_secret {
  std::string_view field;  ///< "args", "env" or "headers"
  std::string key;

  friend bool operator==(const named_secret&, const named_secret&) = default;
};

/// Every reference to a secret, in the order args, env, headers. Precondition: the server is valid.
[[nodiscard]] std::vector<named_secret> named_secrets(const mcp_server& of);

}  // namespace flotilla
