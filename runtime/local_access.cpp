// The fleet on one machine: who asks, and with which API tokens.
#include <algorithm>
#include <utility>

#include "core/validation.hpp"
#include "runtime/local_fleet.hpp"
#include "runtime/redaction.hpp"
#include "runtime/token_changes.hpp"
#include "storage/key_schema.hpp"

namespace flotilla::runtime {
namespace {

tl::unexpected<error> unknown_token() {
  return fail(errc::unauthorized, "The token is not valid.");
}

}  // namespace

void local_fleet::authenticate(std::string_view token, reply<principal> handler) {
  if (!is_token_text(token)) return handler(unknown_token());
  const auto hash = hash_token(key_, token);
  if (auto known = tokens_.find(hash)) {
    note_use(hash, *known);
    return handler(std::move(*known));
  }
  look_up(hash, std::move(handler));
}

void local_fleet::look_up(const storage::token_hash& hash, reply<principal> handler) {
  const auto generation = tokens_.generation();
  read<principal>(
      context(),
      [hash](const storage::snapshot& from) -> result<principal> {
        auto found = storage::read_token(from, hash);
        if (!found) return fail(std::move(found.error()));
        if (!*found) return unknown_token();
        return principal{(*found)->org, (*found)->user, (*found)->id, (*found)->role, {}};
      },
      [this, hash, generation, handler = std::move(handler)](result<principal> who) {
        // A token was revoked while this one was read: it may have been this one.
        if (who && !tokens_.add(hash, *who, generation)) return look_up(hash, handler);
        if (who) note_use(hash, *who);
        handler(std::move(who));
      });
}

void local_fleet::note_use(const storage::token_hash& hash, const principal& who) {
  const auto now = system_wall_clock().now();
  if (!uses_.note(who.token, now)) return;
  storage::batch used;
  // One that is revoked at this moment leaves nothing behind.
  used.require(storage::keys::org_token(who.org, who.token), std::string(hash.begin(), hash.end()));
  storage::write_token_use(used, who.org, who.token, now);
  // Nobody waits for it, and where it is refused the next one is due in a minute.
  store_->commit(std::move(used), storage::durability::buffered, [](const result<void>&) {});
}

void local_fleet::me(const principal& who, reply<identity> handler) {
  read<identity>(
      context(),
      [this, who](const storage::snapshot& from) -> result<identity> {
        auto home = storage::read_org(from, who.org);
        if (!home) return fail(std::move(home.error()));
        auto self = storage::read_user(from, who.org, who.user);
        if (!self) return fail(std::move(self.error()));
        if (!*home || !*self) return fail(errc::internal, "The token's org or user is missing.");
        identity found{**self, **home, plan_, features_};
        found.user.role = who.role;
        return found;
      },
      std::move(handler));
}

std::optional<std::string> local_fleet::new_admin_token() const {
  return new_admin_token_;
}

void local_fleet::list_tokens(const principal& who, page_request wanted, reply<page<api_token>> handler) {
  if (auto valid = validate(wanted); !valid) return handler(fail(std::move(valid.error())));
  read<page<api_token>>(
      context(),
      [this, org = who.org, wanted = std::move(wanted)](const storage::snapshot& from) {
        auto found = storage::list_tokens(from, org, wanted);
        if (!found) return found;
        // What was written down is up to a minute old.
        for (auto& each : found->items) each.last_used_at = std::max(each.last_used_at, uses_.last(each.id));
        return found;
      },
      std::move(handler));
}

void local_fleet::create_token(const principal& who, token_draft draft, reply<new_token> handler) {
  if (refused(handler)) return;
  draft.name = redacted(std::move(draft.name), vault_->redactor_of(who.org));
  change<new_token>(
      context(), who,
      [this, who, draft = std::move(draft)](const storage::snapshot& /*from*/) {
        return decide_create(key_, who, draft, system_wall_clock().now());
      },
      std::move(handler));
}

void local_fleet::revoke_token(const principal& who, token_id which, reply<void> handler) {
  if (refused(handler)) return;
  change_unkeyed<storage::token_hash>(
      context(), who.org,
      [org = who.org, which](const storage::snapshot& from) { return decide_revoke(from, org, which); },
      [this, which, handler = std::move(handler)](result<storage::token_hash> revoked) {
        if (!revoked) return handler(fail(std::move(revoked.error())));
        tokens_.forget(*revoked);
        tell_revoked(which);
        handler({});
      });
}

void local_fleet::on_token_revoked(std::function<void(token_id)> listener) {
  const std::lock_guard held(listener_lock_);
  on_revoked_ = std::move(listener);
}

void local_fleet::tell_revoked(token_id which) {
  const std::lock_guard held(listener_lock_);
  if (on_revoked_) on_revoked_(which);
}

}  // namespace flotilla::runtime
