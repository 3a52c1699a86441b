// API tokens: made, hashed and recognised. A token's text is kept nowhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "flotilla/access.hpp"
#include "flotilla/result.hpp"
#include "storage/records.hpp"

namespace flotilla::runtime {

inline constexpr std::size_t token_key_bytes = 32;
inline constexpr std::size_t max_cached_tokens = 10'000;

/// The key that token hashes are made with. Without it the hashes in a stolen store say nothing.
struct token_key {
  std::array<std::uint8_t, token_key_bytes> bytes{};
};

/// A new random token of the form that `is_token_text` checks.
[[nodiscard]] std::string make_token();

/// Reads the key from a file, or makes the file (mode 0600, synced) with a new one. Blocks on the disk.
/// Errors: unavailable (it cannot be read or written), internal (it holds something else).
[[nodiscard]] result<token_key> load_token_key(const std::filesystem::path& file);
/// A key that lives as long as the process.
[[nodiscard]] token_key make_token_key();

/// BLAKE2b-256 of the text, keyed.
[[nodiscard]] storage::token_hash hash_token(const token_key& key, std::string_view text);

/// Recognised tokens, so that a request does not cost a read of the store. Thread-safe.
class token_cache {
 public:
  [[nodiscard]] std::optional<principal> find(const storage::token_hash& hash) const;
  /// Grows with every token that is forgotten.
  [[nodiscard]] std::uint64_t generation() const;
  /// Adds a token that was read from the store after `generation` was asked for. False: one was forgotten since, and
  /// what was read may be older than that; nothing was added.
  [[nodiscard]] bool add(const storage::token_hash& hash, const principal& who, std::uint64_t generation);
  /// When this returns the token is not found any more, also where a read that is under way still sees it.
  void forget(const storage::token_hash& hash);

 private:
  struct hasher {
    std::size_t operator()(const storage::token_hash& hash) const noexcept;
  };
  /// In time that does not depend on where two hashes differ.
  struct equal {
    bool operator()(const storage::token_hash& a, const storage::token_hash& b) const noexcept;
  };
  mutable std::mutex mutex_;
  std::uint64_t generation_ = 0;
  std::unordered_map<storage::token_hash, principal, hasher, equal> known_;
};

}  // namespace flotilla::runtime
