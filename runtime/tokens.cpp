// Tokens, by libsodium.
#include "runtime/tokens.hpp"

#include <sodium.h>

#include <cstring>

#include "runtime/private_file.hpp"

namespace flotilla::runtime {
namespace {

constexpr std::string_view token_prefix = "fr_live_";
constexpr std::size_t token_random_bytes = 32;

}  // namespace

std::string make_token() {
  std::array<std::uint8_t, token_random_bytes> random{};
  randombytes_buf(random.data(), random.size());
  constexpr int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string text(sodium_base64_encoded_len(random.size(), variant), '\0');
  sodium_bin2base64(text.data(), text.size(), random.data(), random.size(), variant);
  text.pop_back();  // the terminating zero
  sodium_memzero(random.data(), random.size());
  return std::string(token_prefix) + text;
}

result<token_key> load_token_key(const std::filesystem::path& file) {
  auto found = read_private_file(file, token_key_bytes);
  if (!found) return fail(std::move(found.error()));
  token_key key;
  if (!*found) {
    key = make_token_key();
    const std::string_view bytes(reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size());
    if (auto written = write_private_file(file, bytes); !written) return fail(std::move(written.error()));
    return key;
  }
  if ((*found)->size() != token_key_bytes) return fail(errc::internal, "The token key's file holds no key.");
  std::memcpy(key.bytes.data(), (*found)->data(), token_key_bytes);
  sodium_memzero((*found)->data(), (*found)->size());
  return key;
}

token_key make_token_key() {
  token_key key;
  randombytes_buf(key.bytes.data(), key.bytes.size());
  return key;
}

storage::token_hash hash_token(const token_key& key, std::string_view text) {
  storage::token_hash hash{};
  static_assert(sizeof hash == crypto_generichash_BYTES);
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     key.bytes.data(), key.bytes.size());
  return hash;
}

std::optional<principal> token_cache::find(const storage::token_hash& hash) const {
  const std::lock_guard held(mutex_);
  const auto found = known_.find(hash);
  if (found == known_.end()) return std::nullopt;
  return found->second;
}

std::uint64_t token_cache::generation() const {
  const std::lock_guard held(mutex_);
  return generation_;
}

bool token_cache::add(const storage::token_hash& hash, const principal& who, std::uint64_t generation) {
  const std::lock_guard held(mutex_);
  if (generation != generation_) return false;
  if (known_.size() >= max_cached_tokens) known_.clear();
  known_.insert_or_assign(hash, who);
  return true;
}

void token_cache::forget(const storage::token_hash& hash) {
  const std::lock_guard held(mutex_);
  ++generation_;
  known_.erase(hash);
}

std::size_t token_cache::hasher::operator()(const storage::token_hash& hash) const noexcept {
  std::size_t value = 0;
  std::memcpy(&value, hash.data(), sizeof value);
  return value;
}

bool token_cache::equal::operator()(const storage::token_hash& a, const storage::token_hash& b) const noexcept {
  return sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace flotilla::runtime
