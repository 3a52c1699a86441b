// A request and a response as plain values: nothing of the HTTP library in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/result.hpp"

namespace flotilla::http {

/// The methods that the API knows; `other` is every further one.
enum class method : std::uint8_t { get, head, post, patch, delete_, options, other };

/// "GET", …; empty for `other`.
[[nodiscard]] std::string_view to_string(method verb) noexcept;

/// What a client asked for. The views live as long as the exchange that holds it. A header that was not sent is
/// an empty view.
struct request {
  method verb = method::other;
  std::string_view path;   ///< as sent: percent-encoded, without the query
  std::string_view query;  ///< as sent: behind the '?', without a fragment
  std::string_view body;
  std::string_view authorization;
  std::string_view content_type;
  std::string_view last_event_id;
  std::string_view idempotency_key;
  bool has_idempotency_key = false;  ///< also where it is empty
  std::string id;                    ///< X-Request-Id: the client's, or one made for it
  std::size_t header_bytes = 0;      ///< request line and header fields
  std::size_t header_fields = 0;
};

/// A header of an answer.
struct header {
  std::string_view name;  ///< a literal
  std::string value;
};

inline constexpr std::string_view json_content_type = "application/json; charset=utf-8";
/// The text format of Prometheus.
inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// What is answered, but for the headers that every answer carries.
struct response {
  int status = 200;
  std::string body;
  /// Of an error: its message. The body is made of it when it is sent, and secrets are taken out before.
  std::optional<std::string> problem{};
  std::vector<header> headers{};
  std::string_view content_type = json_content_type;
  std::string_view cache_control = "no-store";
  bool close = false;  ///< ends the connection behind it
};

/// The HTTP status of an error code, as flotilla/result.hpp lists them.
[[nodiscard]] int status_of(errc code) noexcept;
/// An error answer, whose body is {"error": message}, with Retry-After where that is known or the status asks for it.
[[nodiscard]] response error_response(const error& reason);
/// The same for a status that no error code has (405, 415, 431, …).
[[nodiscard]] response error_response(int status, std::string message);

/// Is it a request id that may be echoed: 1 to 128 visible ASCII characters?
[[nodiscard]] bool is_request_id(std::string_view text) noexcept;
/// A new request id: 16 random hexadecimal digits. Thread-safe.
[[nodiscard]] std::string make_request_id();
/// The token of an Authorization header ("Bearer", RFC 6750 section 2.1; the scheme in any case); empty where
/// the header has another form.
[[nodiscard]] std::string_view bearer_token(std::string_view authorization) noexcept;
/// Is it application/json, whatever its parameters (RFC 9110 section 8.3.1)?
[[nodiscard]] bool is_json_type(std::string_view content_type) noexcept;

}  // namespace flotilla::http
