// Files of the data directory that only its owner may read: the admin token and the keys.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/result.hpp"

namespace flotilla::runtime {

/// Writes a file with mode 0600, whatever the umask, and returns when it has reached the disk. It appears at once
/// with all of its content; one that stands there is replaced, and a link is not followed. Blocks on the disk.
/// Errors: unavailable (the system's reason and the file's name; never the content or the directory).
[[nodiscard]] result<void> write_private_file(const std::filesystem::path& file, std::string_view content);

/// Reads at most `limit` bytes of a file; nothing where there is none. Blocks on the disk.
/// Errors: unavailable (the system's reason), internal (the file is larger).
[[nodiscard]] result<std::optional<std::string>> read_private_file(const std::filesystem::path& file,
                                                                   std::size_t limit);

/// Gives a file the name of another one, which it replaces, and returns when that has reached the disk. Both are in
/// one directory. Errors: unavailable (the system's reason).
[[nodiscard]] result<void> replace_private_file(const std::filesystem::path& file,
                                                const std::filesystem::path& replaced);

}  // namespace flotilla::runtime
