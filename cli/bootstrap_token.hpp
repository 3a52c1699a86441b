// The first admin token where the operator chooses it: FLOTILLA_BOOTSTRAP_TOKEN.
#pragma once

#include <optional>
#include <string>

#include "flotilla/result.hpp"

namespace flotilla::cli {

/// Takes the token out of the environment, so that no child process inherits it; nothing where it is not set.
/// Errors: invalid where it has not the form of a token; the message does not repeat it. Called once, before other
/// threads are started.
[[nodiscard]] result<std::optional<std::string>> take_bootstrap_token();

}  // namespace flotilla::cli
