// The manifest of a backup: what is in it, to the byte. It is written last, so that a backup without one is none.
//
//   manifest.json = {"manifest":1,"flotilla":version,"takenAt":time,"storeFormat":n,
//                    "files":[{"path","bytes","digest"}…]}
//   digest: BLAKE2b-256, 64 hexadecimal digits; path: "store/…", or the name of a key's file
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/backup.hpp"
#include "flotilla/result.hpp"

namespace flotilla::runtime {

inline constexpr std::string_view manifest_file = "manifest.json";
inline constexpr std::uint32_t manifest_version = 1;
inline constexpr std::size_t max_manifest_bytes = 256U << 20U;

using file_digest = std::array<std::uint8_t, 32>;

struct manifest_entry {
  std::string path;  ///< below the backup
  std::uint64_t bytes = 0;
  file_digest digest{};
  friend bool operator==(const manifest_entry&, const manifest_entry&) = default;
};

struct backup_manifest {
  timestamp taken_at;
  std::uint32_t format = 0;
  std::vector<manifest_entry> files;
  friend bool operator==(const backup_manifest&, const backup_manifest&) = default;
};

/// Pure.
[[nodiscard]] std::string encode(const backup_manifest& value);
/// Errors: internal (not what `encode` writes; a path that leads elsewhere), invalid (made by a newer version). Pure.
[[nodiscard]] result<backup_manifest> decode_manifest(std::string_view json);
/// Of a backup. Blocks. Errors: not_found, unavailable, those above.
[[nodiscard]] result<backup_manifest> read_manifest(const std::filesystem::path& backup);

[[nodiscard]] backup_report report_of(const backup_manifest& of);

}  // namespace flotilla::runtime
