// What changes secrets, and the list of them, as decisions over a snapshot (transactions.hpp). No shared state; may
// block on the disk. Values come sealed (sealing.hpp).
#pragma once

#include <string_view>
#include <variant>

#include "flotilla/page.hpp"
#include "flotilla/result.hpp"
#include "flotilla/secret.hpp"
#include "runtime/transactions.hpp"
#include "storage/secret_records.hpp"

namespace flotilla::runtime {

/// The key's form, and an agent where there must be one and only there. Errors: invalid.
[[nodiscard]] result<void> validate_secret_name(const secret_name& name);
/// Not empty, UTF-8, at most `max_secret_value_bytes`. Errors: invalid; the message does not show it.
[[nodiscard]] result<void> validate_secret_value(std::string_view value);

/// Adds or replaces one. Precondition: the name is valid. Errors: invalid (an unknown agent), forbidden
/// (`max_secrets_per_org`).
[[nodiscard]] result<decision<std::monostate>> decide_put(const storage::snapshot& from, org_id org,
                                                          const storage::sealed_secret& made);

/// Precondition: the name is valid. Errors: not_found.
[[nodiscard]] result<decision<std::monostate>> decide_delete(const storage::snapshot& from, org_id org,
                                                             const secret_name& which);

/// Newest first, by the time of the last change. Errors: invalid (limit, cursor, an agent without its scope).
[[nodiscard]] result<page<secret>> list_secrets(const storage::snapshot& from, org_id org, const secret_query& query);

}  // namespace flotilla::runtime
