// What the document says about answers: by route, and what all of them share.
#pragma once

#include <nlohmann/json.hpp>

#include "http/routes.hpp"

namespace flotilla::http {

/// The responses of a route: its success, and the errors that it can have.
[[nodiscard]] nlohmann::ordered_json responses_of(const route& one, const server_options& options);

// The components that these refer to.
[[nodiscard]] nlohmann::ordered_json shared_responses();
[[nodiscard]] nlohmann::ordered_json shared_headers();
[[nodiscard]] nlohmann::ordered_json shared_parameters();

}  // namespace flotilla::http
