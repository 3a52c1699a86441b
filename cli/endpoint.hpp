// An address to listen on, as people write it: HOST:PORT, or [IPV6]:PORT. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "flotilla/result.hpp"

namespace flotilla::cli {

struct endpoint {
  std::string host = "127.0.0.1";  ///< an IPv6 address stands without brackets
  std::uint16_t port = 8080;       ///< 0: one that is free

  friend bool operator==(const endpoint&, const endpoint&) = default;
};

/// Errors: invalid; the message says what is expected.
[[nodiscard]] result<endpoint> parse_endpoint(std::string_view text);

/// The form that `parse_endpoint` reads, and that follows "http://" in a URL.
[[nodiscard]] std::string to_string(const endpoint& value);

}  // namespace flotilla::cli
