// BLAKE2b over the parts of a request, each with its length before it, so that no two requests read the same.
#include "http/idempotency_key.hpp"

#include <sodium.h>

#include <algorithm>
#include <memory>

#include "flotilla/limits.hpp"

namespace flotilla::http {
namespace {

class digest {
 public:
  digest() noexcept { crypto_generichash_init(&state_, nullptr, 0, size); }
  void add(std::string_view part) noexcept {
    std::array<unsigned char, sizeof(std::uint64_t)> length{};
    for (std::size_t i = 0; i < length.size(); ++i) length[i] = static_cast<unsigned char>(part.size() >> (8 * i));
    crypto_generichash_update(&state_, length.data(), length.size());
    crypto_generichash_update(&state_, reinterpret_cast<const unsigned char*>(part.data()), part.size());
  }
  std::array<std::uint8_t, 32> end() noexcept {
    std::array<std::uint8_t, size> bytes{};
    crypto_generichash_final(&state_, bytes.data(), bytes.size());
    return bytes;
  }

 private:
  static constexpr std::size_t size = 32;
  crypto_generichash_state state_;
};

bool is_key(std::string_view text) noexcept {
  return !text.empty() && text.size() <= max_idempotency_key_bytes &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

std::array<std::uint8_t, 32> request_digest(std::string_view verb, std::string_view path,
                                            const nlohmann::json& body) {
  digest whole;
  whole.add(verb);
  whole.add(path);
  whole.add(body.dump());  // fields stand in the order of their names
  return whole.end();
}

result<idempotency_ptr> idempotency_of(const request& asked, const nlohmann::json& body) {
  if (!asked.has_idempotency_key) return nullptr;
  if (!is_key(asked.idempotency_key)) {
    return fail(errc::invalid, "Idempotency-Key: must be 1 to " + std::to_string(max_idempotency_key_bytes) +
                                   " visible ASCII characters");
  }
  auto once = std::make_shared<idempotency>();
  once->key = asked.idempotency_key;
  once->request = request_digest(to_string(asked.verb), asked.path, body);
  return idempotency_ptr(std::move(once));
}

}  // namespace flotilla::http
