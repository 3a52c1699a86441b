// Decisions that change API tokens.
#include "runtime/token_changes.hpp"

#include <string>
#include <utility>

#include "core/validation.hpp"
#include "storage/key_schema.hpp"
#include "storage/usage_records.hpp"

namespace flotilla::runtime {
namespace {

/// Counts a token more or less, within `max_tokens_per_org`.
void count_token(storage::batch& into, org_id org, std::int64_t by) {
  constexpr auto place = static_cast<std::size_t>(storage::org_counter::tokens);
  std::vector<std::int64_t> deltas(place + 1, 0);
  deltas[place] = by;
  storage::batch::increment::bound at_most{
      place, max_tokens_per_org,
      "The limit of " + std::to_string(max_tokens_per_org) + " API tokens of an org is reached."};
  into.add({storage::keys::org_counters(org), std::move(deltas), std::move(at_most)});
}

/// An admin token of the org that is another one; nothing where there is none.
result<std::optional<storage::hashed_token>> other_admin(const storage::snapshot& from, org_id org, token_id but) {
  page_request wanted;
  wanted.limit = max_page_limit;
  do {
    auto found = storage::list_tokens(from, org, wanted);
    if (!found) return fail(std::move(found.error()));
    for (const auto& each : found->items) {
      if (each.id != but && each.role == role::admin) return storage::find_token(from, org, each.id);
    }
    wanted.cursor = std::move(found->next);
  } while (wanted.cursor);
  return std::nullopt;
}

}  // namespace

void add_token(storage::batch& into, const storage::token_hash& hash, const api_token& added) {
  storage::write_token(into, hash, added);
  count_token(into, added.org, 1);
}

result<decision<new_token>> decide_create(const token_key& key, const principal& who, const token_draft& draft,
                                          timestamp now) {
  if (auto valid = validate(draft); !valid) return fail(std::move(valid.error()));
  decision<new_token> made;
  made.answer.text = make_token();
  made.answer.token = {token_id::make(now), who.org, who.user, draft.name, draft.role, now, {}};
  add_token(made.changes, hash_token(key, made.answer.text), made.answer.token);
  return made;
}

result<decision<storage::token_hash>> decide_revoke(const storage::snapshot& from, org_id org, token_id which) {
  auto found = storage::find_token(from, org, which);
  if (!found) return fail(std::move(found.error()));
  if (!*found) return fail(errc::not_found, "No such token.");
  const auto& revoked = **found;
  decision<storage::token_hash> made;
  made.answer = revoked.hash;
  if (revoked.token.value.role == role::admin) {
    const auto other = other_admin(from, org, which);
    if (!other) return fail(other.error());
    if (!*other) return fail(errc::invalid, "id: the org's last admin token cannot be revoked");
    // Of two that are revoked at once each may be what the other relies on: then one of them stays.
    storage::require_token(made.changes, **other);
  }
  storage::erase_token(made.changes, org, revoked);
  count_token(made.changes, org, -1);
  return made;
}

}  // namespace flotilla::runtime
