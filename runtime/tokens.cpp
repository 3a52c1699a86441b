// Tokens, by libsodium.
#include "runtime/tokens.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace flotilla::runtime {
namespace {

constexpr std::string_view token_prefix = "fr_live_";
constexpr std::size_t token_random_bytes = 32;

/// Closes a file descriptor when it goes out of scope.
struct descriptor {
  int value = -1;
  explicit descriptor(int opened) : value(opened) {}
  ~descriptor() {
    if (value >= 0) ::close(value);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
};

tl::unexpected<error> cannot(std::string_view what) {
  return fail(errc::unavailable, "The token key " + std::string(what) + ": " + std::strerror(errno));
}

result<token_key> read_key(int from) {
  token_key key;
  std::array<std::uint8_t, token_key_bytes + 1> buffer{};
  const auto count = ::read(from, buffer.data(), buffer.size());
  if (count < 0) return cannot("cannot be read");
  if (static_cast<std::size_t>(count) != token_key_bytes) {
    return fail(errc::internal,
                "The token key's file holds no key (it must have " + std::to_string(token_key_bytes) + " bytes).");
  }
  std::memcpy(key.bytes.data(), buffer.data(), token_key_bytes);
  sodium_memzero(buffer.data(), buffer.size());
  return key;
}

/// Makes the file whole or not at all: it is written and synced under another name, then linked to its own.
result<token_key> write_key(const std::filesystem::path& file) {
  const auto key = make_token_key();
  const auto fresh = file.string() + ".new";
  ::unlink(fresh.c_str());
  const descriptor out(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (out.value < 0) return cannot("cannot be made");
  const auto written = ::write(out.value, key.bytes.data(), key.bytes.size());
  if (written != static_cast<ssize_t>(key.bytes.size()) || ::fsync(out.value) != 0)
    return cannot("cannot be written");
  if (::rename(fresh.c_str(), file.c_str()) != 0) return cannot("cannot be written");
  const descriptor folder(::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.value < 0 || ::fsync(folder.value) != 0) return cannot("cannot be written");
  return key;
}

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
  const descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (in.value >= 0) return read_key(in.value);
  if (errno != ENOENT) return cannot("cannot be read");
  return write_key(file);
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

void token_cache::add(const storage::token_hash& hash, const principal& who) {
  const std::lock_guard held(mutex_);
  if (known_.size() >= max_cached_tokens) known_.clear();
  known_.insert_or_assign(hash, who);
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
