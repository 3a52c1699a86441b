// The tables of link-local and metadata hosts.
#include "core/metadata_hosts.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace flotilla {
namespace {

/// Beside 169.254/16, which most clouds use.
constexpr std::array<ipv4_bytes, 3> metadata_v4{{
    {100, 100, 100, 200},  // Alibaba Cloud
    {192, 0, 0, 192},      // Oracle Cloud
    {168, 63, 129, 16},    // Azure's wire server
}};
/// Beside fe80::/10.
constexpr std::array<ipv6_bytes, 2> metadata_v6{{
    {0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54},  // AWS: fd00:ec2::254
    {0xfd, 0x20, 0x00, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54},  // Google Cloud: fd20:ce::254
}};
constexpr std::array<std::string_view, 7> metadata_names{
    "metadata",      "metadata.google.internal",   "metadata.goog",          "metadata.azure.internal",
    "instance-data", "instance-data.ec2.internal", "metadata.tencentyun.com"};

/// Where in an IPv6 address an IPv4 address stands, for the prefixes that say so.
struct embedding {
  std::array<std::uint8_t, 12> prefix;
  std::size_t prefix_size;
  std::size_t at;
};
constexpr std::array<embedding, 5> embeddings{{
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 12, 12},        // ::ffff:a.b.c.d, mapped
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 12, 12},              // ::a.b.c.d, compatible
    {{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0}, 12, 12},        // ::ffff:0:a.b.c.d, RFC 7915
    {{0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0}, 12, 12},  // 64:ff9b::a.b.c.d, RFC 6052
    {{0x20, 0x02}, 2, 2},                                        // 2002:abcd::, 6to4
}};

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (auto& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

bool is_metadata_v6_text(std::string_view host) {
  host.remove_prefix(1);  // the bracket
  const std::string address(host.substr(0, host.find_first_of("]%")));
  ipv6_bytes bytes{};
  return inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1 && is_metadata_address(bytes);
}

}  // namespace

bool is_metadata_address(const ipv4_bytes& address) noexcept {
  if (address[0] == 169 && address[1] == 254) return true;
  return std::find(metadata_v4.begin(), metadata_v4.end(), address) != metadata_v4.end();
}

bool is_metadata_address(const ipv6_bytes& address) noexcept {
  if (address[0] == 0xfe && (address[1] & 0xc0U) == 0x80) return true;
  if (std::find(metadata_v6.begin(), metadata_v6.end(), address) != metadata_v6.end()) return true;
  return std::any_of(embeddings.begin(), embeddings.end(), [&address](const embedding& each) {
    if (std::memcmp(address.data(), each.prefix.data(), each.prefix_size) != 0) return false;
    ipv4_bytes inner{};
    std::memcpy(inner.data(), address.data() + each.at, inner.size());
    return is_metadata_address(inner);
  });
}

bool is_metadata_host(std::string_view host) {
  if (host.starts_with('[')) return is_metadata_v6_text(host);
  while (host.ends_with('.')) host.remove_suffix(1);
  const auto name = lower_case(host);
  // inet_aton takes what getaddrinfo takes, and writes network order.
  in_addr number{};
  if (inet_aton(name.c_str(), &number) != 0) {
    ipv4_bytes bytes{};
    std::memcpy(bytes.data(), &number.s_addr, bytes.size());
    return is_metadata_address(bytes);
  }
  return std::find(metadata_names.begin(), metadata_names.end(), name) != metadata_names.end();
}

}  // namespace flotilla
