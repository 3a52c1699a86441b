// Reading of FLOTILLA_BOOTSTRAP_TOKEN.
#include "cli/bootstrap_token.hpp"

#include <cstdlib>

#include "cli/serve_settings.hpp"
#include "flotilla/access.hpp"

namespace flotilla::cli {

namespace {

constexpr const char* variable = "FLOTILLA_BOOTSTRAP_TOKEN";
constexpr const char* malformed =
    "FLOTILLA_BOOTSTRAP_TOKEN has not the form of a token: fr_live_ and 43 base64url characters (32 random bytes)";

}  // namespace

result<std::optional<std::string>> take_bootstrap_token() {
  auto token = process_environment(variable);
  ::unsetenv(variable);
  if (token && !is_token_text(*token)) {
    return fail(errc::invalid, malformed);
  }
  return token;
}

}  // namespace flotilla::cli
