// A call of the API of a server, over HTTP: how the program's own commands reach one that runs.
#pragma once

#include <string>

#include "flotilla/result.hpp"

namespace flotilla::cli {

/// Where a server is and who asks.
struct api_access {
  std::string url;    ///< http:// or https://, without a path
  std::string token;  ///< a secret
};

/// Posts a JSON object and gives the JSON of a success; blocks until it is answered, however long that takes. No
/// redirection is followed: it would be shown the token. Errors: those that the server answers with, its message
/// taken over; unavailable (it cannot be reached, or went away before it had answered), invalid (the URL).
[[nodiscard]] result<std::string> post_json(const api_access& to, const std::string& path, const std::string& body);

/// What --token's variable or the file in a data directory says. Errors: invalid (neither is there; the message says
/// what would help).
[[nodiscard]] result<std::string> find_token(const std::string& data);

}  // namespace flotilla::cli
