// Where a client is, as far as its neighbours share it: the key that failed authentications are limited by.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace flotilla::http {

/// An IPv4 address (as ::ffff:a.b.c.d), or the /64 of an IPv6 address, which is what one household is given.
struct client_address {
  static constexpr std::size_t size = 16;
  static constexpr std::size_t network_size = 8;  ///< of an IPv6 address: what is kept
  std::array<std::uint8_t, size> bytes{};

  [[nodiscard]] static client_address v4(const std::array<std::uint8_t, 4>& address) noexcept {
    client_address key;
    key.bytes[10] = key.bytes[11] = 0xFF;
    std::copy(address.begin(), address.end(), key.bytes.begin() + 12);
    return key;
  }
  /// One that an IPv4 address is mapped into is that IPv4 address.
  [[nodiscard]] static client_address v6(const std::array<std::uint8_t, size>& address) noexcept {
    const auto mapped = v4({address[12], address[13], address[14], address[15]});
    if (mapped.bytes == address) return mapped;
    client_address key;
    std::copy(address.begin(), address.begin() + network_size, key.bytes.begin());
    return key;
  }
  friend bool operator==(const client_address&, const client_address&) = default;
};

}  // namespace flotilla::http

template <>
struct std::hash<flotilla::http::client_address> {
  std::size_t operator()(const flotilla::http::client_address& key) const noexcept {
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size()});
  }
};
