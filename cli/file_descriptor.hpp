// An open file that closes itself, and the few calls on it that the program needs.
#pragma once

#include <string>
#include <utility>

#include "flotilla/result.hpp"

namespace flotilla::cli {

/// Owns a file descriptor. One thread at a time.
class file_descriptor {
 public:
  file_descriptor() = default;
  explicit file_descriptor(int number) noexcept : number_(number) {}
  file_descriptor(file_descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  file_descriptor& operator=(file_descriptor&& other) noexcept;
  file_descriptor(const file_descriptor&) = delete;
  file_descriptor& operator=(const file_descriptor&) = delete;
  ~file_descriptor();

  [[nodiscard]] bool open() const noexcept { return number_ >= 0; }
  [[nodiscard]] int number() const noexcept { return number_; }

 private:
  int number_ = -1;
};

/// "WHAT: the system's words for the current errno".
[[nodiscard]] tl::unexpected<error> system_failure(const std::string& what);

}  // namespace flotilla::cli
