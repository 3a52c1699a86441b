// The Idempotency-Key header: what makes a POST that is sent twice happen once (flotilla/idempotency.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

#include "flotilla/idempotency.hpp"
#include "flotilla/result.hpp"
#include "http/message.hpp"

namespace flotilla::http {

/// A digest of what a request asks for: its method, its path and its body. The body counts as what it says: blanks
/// and the order of its fields make no other request.
[[nodiscard]] std::array<std::uint8_t, 32> request_digest(std::string_view verb, std::string_view path,
                                                          const nlohmann::json& body);

/// The key that a request was sent with; null where it has none. Errors: invalid (the key's form).
[[nodiscard]] result<idempotency_ptr> idempotency_of(const request& asked, const nlohmann::json& body);

}  // namespace flotilla::http
