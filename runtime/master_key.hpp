// The keys that secrets are sealed with, and where they come from.
//
// A key is 32 bytes, written as 64 hexadecimal digits or as base64. FLOTILLA_MASTER_KEY names it, or it stands in a
// file of the data directory that only its owner may read. While a rotation goes on there is a second one:
// FLOTILLA_NEW_MASTER_KEY, or the file "master-key.next". New secrets are sealed with the variable's key where there
// is one, else with the file's; secrets are opened with whichever of the keys they were sealed with.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/fleet.hpp"
#include "flotilla/result.hpp"

namespace flotilla::runtime {

inline constexpr std::size_t master_key_bytes = 32;
inline constexpr std::size_t max_master_key_file_bytes = 256;
/// Of a rotation that has begun and not ended.
inline constexpr std::string_view next_master_key_file = "master-key.next";

/// What tells keys apart; it says nothing about the key.
using master_key_id = std::array<std::uint8_t, 8>;

/// One key. Every copy is overwritten when it goes. Needs libsodium to be initialised.
class master_key {
 public:
  /// 64 hexadecimal digits, or base64 of 32 bytes, standard or URL-safe; white space around it is not looked at.
  /// Nothing where the text is neither.
  [[nodiscard]] static std::optional<master_key> parse(std::string_view text);
  [[nodiscard]] static master_key random();

  master_key(const master_key&) = default;
  master_key& operator=(const master_key&) = default;
  ~master_key();

  [[nodiscard]] const master_key_id& id() const noexcept { return id_; }
  [[nodiscard]] const std::uint8_t* bytes() const noexcept { return bytes_.data(); }
  /// 64 hexadecimal digits: a secret.
  [[nodiscard]] std::string text() const;

 private:
  explicit master_key(const std::array<std::uint8_t, master_key_bytes>& bytes);

  std::array<std::uint8_t, master_key_bytes> bytes_{};
  master_key_id id_{};
};

/// The keys at hand. Immutable: any thread.
class key_ring {
 public:
  key_ring(master_key sealing, std::vector<master_key> others)
      : sealing_(std::move(sealing)), others_(std::move(others)) {}
  /// The key that new secrets are sealed with.
  [[nodiscard]] const master_key& sealing() const noexcept { return sealing_; }
  /// Null: it is not here.
  [[nodiscard]] const master_key* find(const master_key_id& id) const noexcept;

 private:
  master_key sealing_;
  std::vector<master_key> others_;
};

/// The keys that the options and the data directory name.
struct found_keys {
  std::optional<master_key> variable;
  std::optional<master_key> file;
  std::optional<master_key> new_variable;
  std::optional<master_key> next_file;

  /// All of them; nothing where there is none to seal with.
  [[nodiscard]] std::optional<key_ring> ring() const;
};
/// Blocks on the disk. Errors: invalid (a text that is no key; it is not shown), unavailable (a file that cannot be
/// read, or that others can read too).
[[nodiscard]] result<found_keys> find_master_keys(const fleet_options& options);

/// The keys of a fleet that is being opened. On the first start a key is made, and its file where there is a data
/// directory. Blocks on the disk. Errors: as above; unavailable (the file cannot be written), invalid
/// (`has_secrets`, and no key is there: a new one would open none of them).
[[nodiscard]] result<key_ring> open_key_ring(const fleet_options& options, bool has_secrets);

/// Writes a key into a file as `find_master_keys` reads it. Blocks until it is durable.
[[nodiscard]] result<void> write_master_key(const std::filesystem::path& file, const master_key& key);

}  // namespace flotilla::runtime
