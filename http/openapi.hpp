// The OpenAPI document of the API, written from the table of routes.
#pragma once

#include <string>

#include "http/server.hpp"

namespace flotilla::http {

/// OpenAPI 3.1 as JSON text. What a setting closes is not in it. Pure: the same for the same options.
[[nodiscard]] std::string openapi_document(const server_options& options);

}  // namespace flotilla::http
