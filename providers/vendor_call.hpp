// A model call over HTTP: what the three vendors have in common.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/model_provider.hpp"
#include "flotilla/fleet.hpp"
#include "providers/http_transport.hpp"
#include "providers/stream_decoder.hpp"

namespace flotilla {

inline constexpr std::size_t max_error_body_bytes = 64U << 10U;  ///< of an answer that is not 200; more is not read

/// What tells a vendor from the others.
struct vendor_profile {
  std::string name;          ///< "anthropic"
  std::string key_variable;  ///< "ANTHROPIC_API_KEY"
  std::string_view own_base_url;
  std::string_view path;             ///< behind the base URL
  bool key_always = true;            ///< false: a key is needed at the vendor's own address only
  std::vector<std::string> headers;  ///< besides the key's
  std::string key_header;            ///< what stands before the key, e.g. "x-api-key: "
  std::function<std::string(const model_request&)> body;
  std::function<std::unique_ptr<stream_decoder>(const model_request&, std::size_t max_bytes, model_sink&)> decoder;
};

/// Where a vendor is called: its own address unless another one is given; without a slash at its end.
[[nodiscard]] std::string base_of(std::string_view own_base_url, const provider_access& access);

/// The provider of a vendor.
[[nodiscard]] std::unique_ptr<model_provider> make_vendor(vendor_profile profile,
                                                          std::shared_ptr<http_transport> transport,
                                                          provider_access access, provider_limits limits);

}  // namespace flotilla
