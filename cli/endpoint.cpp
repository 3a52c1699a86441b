// Reading and writing of addresses to listen on.
#include "cli/endpoint.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace flotilla::cli {

namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto* const end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, port);
  if (text.empty() || problem != std::errc{} || stopped != end) return std::nullopt;
  return port;
}

bool is_host(std::string_view text, bool bracketed) {
  const auto fits = [bracketed](char c) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.';
    return plain || (bracketed ? c == ':' || c == '%' : c == '-');
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

tl::unexpected<error> refuse(std::string_view text) {
  return fail(errc::invalid,
              "'" + std::string(text) + "' is no HOST:PORT; write for example 127.0.0.1:8080 or [::1]:8080");
}

}  // namespace

result<endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse(text);
  auto host = text.substr(0, colon);
  const auto port = parse_port(text.substr(colon + 1));
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!port || !is_host(host, bracketed)) return refuse(text);
  return endpoint{std::string(host), *port};
}

std::string to_string(const endpoint& value) {
  const bool is_v6 = value.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + value.host + "]" : value.host) + ":" + std::to_string(value.port);
}

}  // namespace flotilla::cli
