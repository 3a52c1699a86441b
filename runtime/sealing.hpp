// Sealed values: how a secret lies in the store.
//
//   sealed  = version:u8 key_id:8 nonce:24 cipher tag:16      version is 1
//   binding = "flotilla secret" 00 org:16 scope:u8 agent:16 key
//
// XChaCha20-Poly1305 under the master key of that id, with a new random nonce for each value. The associated data is
// version and key id as they stand, then the binding: a value that is moved to another place, or any byte of which is
// changed, does not open. All fields of a binding but the last have a fixed size, so that no two places share one.
//
// All functions are pure but for the nonce; any thread. libsodium must be initialised.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/secret_text.hpp"
#include "flotilla/id.hpp"
#include "flotilla/result.hpp"
#include "flotilla/secret.hpp"
#include "runtime/master_key.hpp"

namespace flotilla::runtime {

/// What ties a sealed secret to its place: org, scope, owner and key. Other kinds of sealed values make bindings of
/// their own, which must begin with another text up to a zero byte.
[[nodiscard]] std::string secret_binding(org_id org, const secret_name& name);

[[nodiscard]] std::string seal(const master_key& with, std::string_view binding, std::string_view value);

/// Errors: invalid (sealed with a key that is not in the ring), internal (damaged, or sealed for another place).
[[nodiscard]] result<secret_text> unseal(const key_ring& with, std::string_view binding, std::string_view sealed);

/// The key that a value was sealed with; nothing where it is no sealed value.
[[nodiscard]] std::optional<master_key_id> sealed_with(std::string_view sealed) noexcept;

}  // namespace flotilla::runtime
