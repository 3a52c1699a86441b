// What changes API tokens, as decisions over a snapshot (transactions.hpp). No shared state; may block on the disk.
#pragma once

#include "flotilla/access.hpp"
#include "flotilla/result.hpp"
#include "runtime/tokens.hpp"
#include "runtime/transactions.hpp"
#include "storage/records.hpp"

namespace flotilla::runtime {

/// Adds a token to a batch, and counts it: the batch is refused with `errc::forbidden` where the org has
/// `max_tokens_per_org` already.
void add_token(storage::batch& into, const storage::token_hash& hash, const api_token& added);

/// Makes a token of the caller's user. Errors: invalid (a value).
[[nodiscard]] result<decision<new_token>> decide_create(const token_key& key, const principal& who,
                                                        const token_draft& draft, timestamp now);

/// Removes a token; the answer is what is to be forgotten. Relies on another admin token where this is one.
/// Errors: not_found, invalid (the org's last admin token).
[[nodiscard]] result<decision<storage::token_hash>> decide_revoke(const storage::snapshot& from, org_id org,
                                                                  token_id which);

}  // namespace flotilla::runtime
