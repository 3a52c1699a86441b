// Copies of files, with their sizes and digests, and directories that are for their owner only.
//
// Everything blocks on the disk. Errors: unavailable (the system's reason and the file's name, never its directory).
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/result.hpp"
#include "runtime/backup_manifest.hpp"

namespace flotilla::runtime {

/// How a copy comes about.
enum class copying : std::uint8_t {
  by_link,   ///< the same file under another name, where the file system can; for files that nobody changes
  by_bytes,  ///< always a file of its own
};

/// Copies a regular file, which must not be there yet, with mode 0600, and returns when it has reached the disk; what
/// was copied is measured. `stop`, where set from another thread, ends it with `unavailable`. Links are not followed.
[[nodiscard]] result<manifest_entry> copy_file(const std::filesystem::path& from, const std::filesystem::path& to,
                                               copying how, const std::atomic<bool>* stop = nullptr);
/// Measures a file.
[[nodiscard]] result<manifest_entry> measure_file(const std::filesystem::path& file);

/// Makes a directory with mode 0700, whatever the umask; it must not be there.
[[nodiscard]] result<void> make_private_directory(const std::filesystem::path& directory);
/// Brings to the disk what was made or renamed in a directory.
[[nodiscard]] result<void> sync_directory(const std::filesystem::path& directory);
/// Renames, and replaces an empty directory where both are directories; both directories' entries reach the disk.
[[nodiscard]] result<void> rename_synced(const std::filesystem::path& from, const std::filesystem::path& to);
/// The names in a directory.
[[nodiscard]] result<std::vector<std::string>> names_in(const std::filesystem::path& directory);

}  // namespace flotilla::runtime
