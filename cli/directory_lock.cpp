// The lock file of a data directory. Its text is two lines: the process's id, and what it holds the directory for.
#include "cli/directory_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <string>

namespace flotilla::cli {

namespace {

constexpr std::size_t max_lock_text = 512;  // bytes; what is read of another's lock file
constexpr mode_t private_file = 0600;

/// "process 4711 (flotilla serve on 127.0.0.1:8080)". The holder may be about to write: then less is said.
std::string holder_of(const file_descriptor& file) {
  std::array<char, max_lock_text> buffer{};
  const auto size = ::pread(file.number(), buffer.data(), buffer.size(), 0);
  const std::string_view text(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  const auto first_end = text.find('\n');
  if (first_end == std::string_view::npos) return "another process";
  const auto rest = text.substr(first_end + 1);
  return "process " + std::string(text.substr(0, first_end)) + " (" + std::string(rest.substr(0, rest.find('\n'))) +
         ")";
}

}  // namespace

result<directory_lock> directory_lock::take(const std::filesystem::path& directory, std::string_view purpose) {
  const auto path = directory / "lock";
  file_descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, private_file));
  if (!file.open()) return system_failure("opening " + path.string());
  if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_failure("locking " + path.string());
    return fail(errc::unavailable, "The directory is in use by " + holder_of(file));
  }
  directory_lock taken(std::move(file));
  taken.describe(purpose);
  return taken;
}

void directory_lock::describe(std::string_view purpose) noexcept {
  const auto text = std::to_string(::getpid()) + "\n" + std::string(purpose) + "\n";
  if (::ftruncate(file_.number(), 0) != 0) return;
  [[maybe_unused]] const auto written = ::pwrite(file_.number(), text.data(), text.size(), 0);
}

directory_lock::~directory_lock() {
  // The file stays: to unlink it would let two processes lock two files of the same name.
  if (file_.open()) [[maybe_unused]]
    const auto emptied = ::ftruncate(file_.number(), 0);
}

}  // namespace flotilla::cli
