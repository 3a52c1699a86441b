// Which key a model is called with: the agent's secret, else the org's, else the provider's own from the environment.
#pragma once

#include <string_view>
#include <vector>

#include "actors/messages.hpp"
#include "core/secret_text.hpp"
#include "flotilla/fleet.hpp"
#include "flotilla/result.hpp"
#include "runtime/secret_pattern.hpp"
#include "runtime/secret_vault.hpp"
#include "runtime/transactions.hpp"

namespace flotilla::runtime {

/// The secret that holds a provider's key, e.g. "ANTHROPIC_API_KEY"; empty where it needs none.
[[nodiscard]] std::string_view secret_key_of(std::string_view provider) noexcept;

/// Looks the secret up that an agent calls a provider with; null where there is none. The store is read on the
/// executor, and only where there is such a secret: else the handler is called within the call. `in` and `vault` must
/// outlive the answer. Errors: those of the store; invalid or internal (it cannot be opened; the message names it).
void find_provider_key(const change_context& in, const secret_vault& vault, const actors::agent_key& who,
                       std::string_view provider, reply<credential_ptr> handler);

/// What is looked for in every org's texts: the keys that the options name, the master keys too.
[[nodiscard]] std::vector<secret_pattern> patterns_of(const fleet_options& options);

}  // namespace flotilla::runtime
