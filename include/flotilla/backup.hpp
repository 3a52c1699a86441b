// Backups: a consistent copy of a data directory that is in use, and the way back.
#pragma once

#include <cstdint>
#include <filesystem>

#include "flotilla/result.hpp"
#include "flotilla/time.hpp"

namespace flotilla {

/// Where a backup is to be, and what of it.
struct backup_request {
  /// An absolute path; nothing may be there, or an empty directory. Not in the data directory. The directory above it
  /// must be there.
  std::filesystem::path to;
  /// Whether the file of the master key goes with it (where there is one: a key of the environment is never written
  /// anywhere). Who has it and the store has the secrets; without it they are lost, unless it is kept elsewhere.
  bool with_master_key = true;
};

/// What a backup holds.
struct backup_report {
  timestamp taken_at;           ///< every change that was answered before is in it
  std::uint32_t format = 0;     ///< of its store
  std::uint64_t files = 0;      ///< without the manifest
  std::uint64_t bytes = 0;      ///< of these files
  bool has_master_key = false;  ///< the file of the master key is among them

  friend bool operator==(const backup_report&, const backup_report&) = default;
};

/// Looks whether a backup is whole: every file is there and is, to the byte, what its manifest says. What the store
/// in it says is looked at by `check_store` (maintenance.hpp). Blocks. Errors: not_found (no manifest, so no finished
/// backup), internal (damaged; the message names the file), unavailable (it cannot be read), invalid (made by a newer
/// version).
[[nodiscard]] result<backup_report> verify_backup(const std::filesystem::path& backup);

/// Makes a data directory of a backup, which stays as it is. Each file is verified as it is copied. The directory
/// must be there and hold nothing but a `lock`, or what an earlier call that was cut off has left; until the call has
/// succeeded no fleet can be opened on it. Nobody else may use it meanwhile. Blocks until all of it is on the disk.
/// Errors: as for `verify_backup`; invalid (the directory holds something else); unavailable (no space, I/O).
[[nodiscard]] result<backup_report> restore_backup(const std::filesystem::path& backup,
                                                   const std::filesystem::path& data_directory);

}  // namespace flotilla
