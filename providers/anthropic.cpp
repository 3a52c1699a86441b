// The provider `anthropic`.
#include "providers/anthropic_format.hpp"
#include "providers/providers.hpp"
#include "providers/vendor_call.hpp"

namespace flotilla {

std::unique_ptr<model_provider> make_anthropic(std::shared_ptr<http_transport> transport, provider_access access,
                                               provider_limits limits) {
  vendor_profile profile;
  profile.name = "anthropic";
  profile.key_variable = "ANTHROPIC_API_KEY";
  profile.own_base_url = anthropic_base_url;
  profile.path = "/v1/messages";
  profile.headers = {"anthropic-version: " + std::string(anthropic_version)};
  profile.key_header = "x-api-key: ";
  profile.body = anthropic_body;
  profile.decoder = [](const model_request&, std::size_t max_bytes, model_sink& sink) {
    return std::make_unique<anthropic_decoder>(max_bytes, sink);
  };
  return make_vendor(std::move(profile), std::move(transport), std::move(access), limits);
}

}  // namespace flotilla
