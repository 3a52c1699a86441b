// Kept answers, by libsodium and the records of the store.
#include "runtime/kept_answers.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <utility>

#include "flotilla/limits.hpp"

namespace flotilla::runtime {
namespace {

constexpr std::string_view name_purpose = "idempotency key";
constexpr std::string_view seal_purpose = "idempotency seal";
constexpr std::string_view request_purpose = "idempotency request";
constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(sizeof(storage::digest) == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

result<void> check_form(std::string_view key) {
  const bool visible = std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (!key.empty() && key.size() <= max_idempotency_key_bytes && visible) return {};
  return fail(errc::invalid, "Idempotency-Key: must be 1 to " + std::to_string(max_idempotency_key_bytes) +
                                 " visible ASCII characters");
}

}  // namespace

result<kept_answers::standing> kept_answers::look_up(const storage::snapshot& from, const principal& who) const {
  if (auto good = check_form(who.once->key); !good) return fail(std::move(good.error()));
  auto row = storage::read_answer(from, who.org, digest_of(name_purpose, who));
  if (!row) return fail(std::move(row.error()));
  standing found;
  found.row = std::move(*row);
  found.since = clock_.now();
  if (!found.row || found.since - found.row->value.created_at >= idempotency_lifetime) return found;
  if (found.row->value.request != request_of(who)) {
    return fail(errc::invalid, "Idempotency-Key: it was used for another request");
  }
  found.holds = true;
  found.since = found.row->value.created_at;
  return found;
}

void kept_answers::keep(storage::batch& into, const principal& who, const standing& seen, std::string answer,
                        bool finished) const {
  storage::write_answer(into, who.org, digest_of(name_purpose, who), seen.row ? &*seen.row : nullptr,
                        {seen.since, request_of(who), finished, std::move(answer)});
}

void kept_answers::replace(storage::appender& out, const principal& who, const standing& seen,
                           std::string answer) const {
  storage::batch rows;
  keep(rows, who, seen, std::move(answer));
  for (const auto& row : rows.writes()) {
    if (row.value) out.put(row.key, *row.value);
  }
}

void kept_answers::let_go(storage::batch& into, const principal& who, const standing& seen) const {
  // One that was made at the beginning of time is too old for everybody, and the first to be removed.
  storage::write_answer(into, who.org, digest_of(name_purpose, who), seen.row ? &*seen.row : nullptr,
                        {timestamp{}, request_of(who), false, {}});
}

std::string kept_answers::seal(const principal& who, std::string_view plain) const {
  auto key = digest_of(seal_purpose, who);
  std::string sealed(nonce_bytes + plain.size() + tag_bytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(sealed.data());
  randombytes_buf(out, nonce_bytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out + nonce_bytes, nullptr, bytes_of(plain), plain.size(), nullptr, 0,
                                             nullptr, out, key.data());
  sodium_memzero(key.data(), key.size());
  return sealed;
}

result<std::string> kept_answers::unseal(const principal& who, std::string_view sealed) const {
  const auto unreadable = [] { return fail(errc::internal, "A kept answer cannot be opened."); };
  if (sealed.size() < nonce_bytes + tag_bytes) return unreadable();
  auto key = digest_of(seal_purpose, who);
  const auto hidden = sealed.substr(nonce_bytes);
  std::string plain(hidden.size() - tag_bytes, '\0');
  const auto opened = crypto_aead_xchacha20poly1305_ietf_decrypt(reinterpret_cast<unsigned char*>(plain.data()),
                                                                 nullptr, nullptr, bytes_of(hidden), hidden.size(),
                                                                 nullptr, 0, bytes_of(sealed), key.data());
  sodium_memzero(key.data(), key.size());
  if (opened != 0) return unreadable();
  return plain;
}

void kept_answers::forget_old(const storage::snapshot& from, org_id org) {
  if (forgetting_.exchange(true)) return;
  storage::batch old;
  const auto before = clock_.now() - idempotency_lifetime;
  const auto found = storage::erase_old_answers(old, from, org, before, max_forgotten_at_once);
  if (!found || old.empty()) {
    forgetting_ = false;
    return;
  }
  // What is not removed now is removed by a later one.
  store_.commit(std::move(old), storage::durability::buffered,
                [this](const result<void>& /*outcome*/) { forgetting_ = false; });
}

storage::digest kept_answers::digest_of(std::string_view purpose, const principal& who) const {
  storage::digest made{};
  crypto_generichash_state state;
  crypto_generichash_init(&state, key_.bytes.data(), key_.bytes.size(), made.size());
  crypto_generichash_update(&state, bytes_of(purpose), purpose.size());
  crypto_generichash_update(&state, who.org.value.bytes.data(), who.org.value.bytes.size());
  crypto_generichash_update(&state, bytes_of(who.once->key), who.once->key.size());
  crypto_generichash_final(&state, made.data(), made.size());
  return made;
}

storage::digest kept_answers::request_of(const principal& who) const {
  auto key = digest_of(request_purpose, who);
  storage::digest made{};
  crypto_generichash(made.data(), made.size(), who.once->request.data(), who.once->request.size(), key.data(),
                     key.size());
  sodium_memzero(key.data(), key.size());
  return made;
}

}  // namespace flotilla::runtime
