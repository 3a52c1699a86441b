// Hosts that nobody means who configures a server: link-local addresses, and those under which clouds hand the
// machine's own credentials out. Pure.
//
// A name that is none of these can still resolve to such an address: whoever connects checks the address that it
// connects to as well (`is_metadata_address`).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace flotilla {

using ipv4_bytes = std::array<std::uint8_t, 4>;
using ipv6_bytes = std::array<std::uint8_t, 16>;

/// Is it link-local (169.254.0.0/16) or a known metadata address?
[[nodiscard]] bool is_metadata_address(const ipv4_bytes& address) noexcept;
/// Is it link-local (fe80::/10) or a known metadata address, or does it stand for an IPv4 address that is: mapped,
/// compatible, translated (RFC 6052, RFC 7915) or 6to4?
[[nodiscard]] bool is_metadata_address(const ipv6_bytes& address) noexcept;

/// Is this host of a URL such an address, in any notation that a resolver takes (decimal, octal, hexadecimal, fewer
/// than four parts; IPv6 in brackets, with or without a zone), or a known name of a metadata service? Case and a dot
/// at the end do not matter.
[[nodiscard]] bool is_metadata_host(std::string_view host);

}  // namespace flotilla
