// The admin token that the first start makes, as a file that only its owner can read.
#pragma once

#include <filesystem>
#include <string_view>

#include "flotilla/result.hpp"

namespace flotilla::cli {

inline constexpr std::string_view token_file_name = "admin-token";

/// Writes the token with a newline to DIR/admin-token, mode 0600 whatever the umask, and answers with its path when
/// it has reached the disk. The file appears at once with all of its content; one that stands there is replaced:
/// it belongs to a store that is gone. Errors: internal (the system's reason; never the token).
[[nodiscard]] result<std::filesystem::path> write_token_file(const std::filesystem::path& directory,
                                                             std::string_view token);

}  // namespace flotilla::cli
