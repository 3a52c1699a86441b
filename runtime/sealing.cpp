// Sealing by libsodium.
#include "runtime/sealing.hpp"

#include <sodium.h>

#include <algorithm>

#include "storage/key_schema.hpp"

namespace flotilla::runtime {
namespace {

constexpr char version = 1;
constexpr std::string_view secret_context{"flotilla secret\0", 16};
constexpr std::size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_size = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t id_size = std::tuple_size_v<master_key_id>;
constexpr std::size_t nonce_at = 1 + id_size;
constexpr std::size_t cipher_at = nonce_at + nonce_size;
static_assert(master_key_bytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}
const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string associated_data(std::string_view head, std::string_view binding) {
  return std::string(head.substr(0, nonce_at)).append(binding);
}

}  // namespace

std::string secret_binding(org_id org, const secret_name& name) {
  std::string made(secret_context);
  made += storage::keys::bytes_of(org.value);
  made += static_cast<char>(name.scope);
  made += storage::keys::bytes_of(name.agent.value_or(agent_id{}).value);
  made += name.key;
  return made;
}

std::string seal(const master_key& with, std::string_view binding, std::string_view value) {
  std::string sealed(1, version);
  sealed.append(with.id().begin(), with.id().end());
  const auto bound = associated_data(sealed, binding);
  sealed.resize(cipher_at + value.size() + tag_size);
  randombytes_buf(bytes_of(sealed) + nonce_at, nonce_size);
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes_of(sealed) + cipher_at, nullptr, bytes_of(value), value.size(),
                                             bytes_of(std::string_view(bound)), bound.size(), nullptr,
                                             bytes_of(sealed) + nonce_at, with.bytes());
  return sealed;
}

result<secret_text> unseal(const key_ring& with, std::string_view binding, std::string_view sealed) {
  const auto id = sealed_with(sealed);
  if (!id) return fail(errc::internal, "it is damaged");
  const auto* key = with.find(*id);
  if (key == nullptr) return fail(errc::invalid, "it was encrypted with a master key that is not here");
  const auto bound = associated_data(sealed, binding);
  const auto cipher = sealed.substr(cipher_at);
  std::string value(cipher.size() - tag_size, '\0');
  const int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
      bytes_of(value), nullptr, nullptr, bytes_of(cipher), cipher.size(), bytes_of(std::string_view(bound)),
      bound.size(), bytes_of(sealed) + nonce_at, key->bytes());
  if (opened != 0) return fail(errc::internal, "it is damaged, or was written for another place");
  secret_text text(value);
  wipe(value);
  return text;
}

std::optional<master_key_id> sealed_with(std::string_view sealed) noexcept {
  if (sealed.size() < cipher_at + tag_size || sealed.front() != version) return std::nullopt;
  master_key_id id{};
  std::copy_n(sealed.begin() + 1, id.size(), id.begin());
  return id;
}

}  // namespace flotilla::runtime
