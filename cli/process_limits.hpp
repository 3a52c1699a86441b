// What a server asks of its process before it starts.
#pragma once

#include <cstdint>

namespace flotilla::cli {

/// Raises the number of files that may be open to the hard limit, and says what it is now. A limit that cannot be
/// raised stays.
std::uint64_t raise_open_files() noexcept;

/// A peer that closes its connection must be an error of that write, not the end of the process.
void ignore_broken_pipes() noexcept;

/// Whatever the process creates from now on is its user's only.
void create_private_files() noexcept;

}  // namespace flotilla::cli
