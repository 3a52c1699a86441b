// One server a data directory: a lock file in it that says who holds the directory.
#pragma once

#include <filesystem>
#include <string_view>

#include "cli/file_descriptor.hpp"
#include "flotilla/result.hpp"

namespace flotilla::cli {

/// Holds DIR/lock with flock(2) until it is destroyed or the process ends, however it ends. The file's text is
/// for people and for the message of the one who comes second; the lock itself is the kernel's. One thread at a
/// time.
class directory_lock {
 public:
  /// Takes the lock at once or not at all. `purpose` says what the directory is held for, e.g. "flotilla serve on
  /// 127.0.0.1:8080". Precondition: the directory is there.
  /// Errors: unavailable (another process holds it; the message says which), internal (the file cannot be used).
  [[nodiscard]] static result<directory_lock> take(const std::filesystem::path& directory, std::string_view purpose);

  /// Says anew what the directory is held for. That it cannot be written is not an error: the lock stands.
  void describe(std::string_view purpose) noexcept;

  directory_lock(directory_lock&&) = default;
  directory_lock& operator=(directory_lock&&) = default;
  directory_lock(const directory_lock&) = delete;
  directory_lock& operator=(const directory_lock&) = delete;
  ~directory_lock();

 private:
  explicit directory_lock(file_descriptor file) : file_(std::move(file)) {}
  file_descriptor file_;
};

}  // namespace flotilla::cli
