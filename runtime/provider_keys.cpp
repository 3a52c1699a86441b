// The order of a provider's keys.
#include "runtime/provider_keys.hpp"

#include <array>
#include <optional>
#include <string>
#include <utility>

namespace flotilla::runtime {
namespace {

struct provider_secret {
  std::string_view provider;
  std::string_view key;
};
constexpr std::array<provider_secret, 3> provider_secrets{{
    {"anthropic", "ANTHROPIC_API_KEY"},
    {"openai", "OPENAI_API_KEY"},
    {"openrouter", "OPENROUTER_API_KEY"},
}};

result<credential_ptr> read_key(const storage::snapshot& from, const secret_vault& vault, org_id org,
                                const std::vector<secret_name>& names) {
  for (const auto& name : names) {
    const auto found = storage::read_secret(from, org, name);
    if (!found) return fail(found.error());
    if (!*found) continue;
    auto value = vault.reveal(org, (*found)->value);
    if (!value) return fail(std::move(value.error()));
    return std::make_shared<const credential>(credential{name.key, std::move(*value)});
  }
  return nullptr;
}

}  // namespace

std::string_view secret_key_of(std::string_view provider) noexcept {
  for (const auto& each : provider_secrets) {
    if (each.provider == provider) return each.key;
  }
  return {};
}

void find_provider_key(const change_context& in, const secret_vault& vault, const actors::agent_key& who,
                       std::string_view provider, reply<credential_ptr> handler) {
  const std::string key(secret_key_of(provider));
  std::vector<secret_name> names;
  for (auto& name :
       {secret_name{secret_scope::agent, who.agent, key}, secret_name{secret_scope::org, std::nullopt, key}}) {
    if (!key.empty() && vault.has(who.org, name)) names.push_back(name);
  }
  if (names.empty()) return handler(credential_ptr());
  read<credential_ptr>(
      in,
      [&vault, org = who.org, names = std::move(names)](const storage::snapshot& from) {
        return read_key(from, vault, org, names);
      },
      std::move(handler));
}

std::vector<secret_pattern> patterns_of(const fleet_options& options) {
  std::vector<secret_pattern> found;
  const auto add = [&found](std::string_view key, const std::optional<std::string>& value) {
    if (!value) return;
    for (auto& each : patterns_of(std::string(key), *value)) found.push_back(std::move(each));
  };
  add("ANTHROPIC_API_KEY", options.anthropic.key);
  add("OPENAI_API_KEY", options.openai.key);
  add("OPENROUTER_API_KEY", options.openrouter.key);
  add("FLOTILLA_MASTER_KEY", options.master_key);
  add("FLOTILLA_NEW_MASTER_KEY", options.new_master_key);
  return found;
}

}  // namespace flotilla::runtime
