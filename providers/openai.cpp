// The providers `openai` and `openrouter`, which differ in a dialect.
#include "providers/openai_format.hpp"
#include "providers/providers.hpp"
#include "providers/vendor_call.hpp"

namespace flotilla {
namespace {

vendor_profile chat_profile(chat_dialect dialect) {
  vendor_profile profile;
  profile.path = "/chat/completions";
  profile.key_header = "Authorization: Bearer ";
  profile.body = [dialect](const model_request& request) { return chat_body(request, dialect); };
  profile.decoder = [dialect](const model_request& request, std::size_t max_bytes, model_sink& sink) {
    return std::make_unique<chat_decoder>(dialect, call_prefix_for(request), max_bytes, sink);
  };
  return profile;
}

}  // namespace

std::unique_ptr<model_provider> make_openai(std::shared_ptr<http_transport> transport, provider_access access,
                                            provider_limits limits) {
  const bool is_own = base_of(openai_base_url, access) == openai_base_url;
  auto profile = chat_profile(is_own ? chat_dialect::openai : chat_dialect::compatible);
  profile.name = "openai";
  profile.key_variable = "OPENAI_API_KEY";
  profile.own_base_url = openai_base_url;
  profile.key_always = false;
  return make_vendor(std::move(profile), std::move(transport), std::move(access), limits);
}

std::unique_ptr<model_provider> make_openrouter(std::shared_ptr<http_transport> transport, provider_access access,
                                                provider_limits limits) {
  auto profile = chat_profile(chat_dialect::openrouter);
  profile.name = "openrouter";
  profile.key_variable = "OPENROUTER_API_KEY";
  profile.own_base_url = openrouter_base_url;
  return make_vendor(std::move(profile), std::move(transport), std::move(access), limits);
}

}  // namespace flotilla
