// Options from the environment.
#include <cstdlib>

#include "flotilla/fleet.hpp"

namespace flotilla {
namespace {

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): said in the header
  if (!value || !*value) return std::nullopt;
  return std::string(value);
}

void read_access(provider_access& access, const char* key, const char* base_url) {
  if (auto value = variable(key)) access.key = std::move(value);
  if (auto value = variable(base_url)) access.base_url = std::move(*value);
}

}  // namespace

void fleet_options::read_environment() {
  read_access(anthropic, "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL");
  read_access(openai, "OPENAI_API_KEY", "OPENAI_BASE_URL");
  read_access(openrouter, "OPENROUTER_API_KEY", "OPENROUTER_BASE_URL");
  if (auto value = variable("FLOTILLA_MASTER_KEY")) master_key = std::move(value);
  if (auto value = variable("FLOTILLA_NEW_MASTER_KEY")) new_master_key = std::move(value);
}

}  // namespace flotilla
