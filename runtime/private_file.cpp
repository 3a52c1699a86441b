// A private file is written under another name, synced, given its own name, and the directory is synced.
#include "runtime/private_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace flotilla::runtime {
namespace {

constexpr mode_t owner_only = 0600;

/// Closes a file when it goes out of scope.
class open_file {
 public:
  explicit open_file(int number) noexcept : number_(number) {}
  ~open_file() {
    if (number_ >= 0) ::close(number_);
  }
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;
  [[nodiscard]] bool good() const noexcept { return number_ >= 0; }
  [[nodiscard]] int number() const noexcept { return number_; }

 private:
  int number_;
};

tl::unexpected<error> failure(std::string_view what, const std::filesystem::path& file) {
  auto reason = std::generic_category().message(errno);
  return fail(errc::unavailable, std::string(what) + " " + file.filename().string() + ": " + reason);
}

result<void> write_synced(const std::filesystem::path& file, std::string_view content) {
  const open_file to(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, owner_only));
  if (!to.good() || ::fchmod(to.number(), owner_only) != 0) return failure("creating", file);
  while (!content.empty()) {
    const auto written = ::write(to.number(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failure("writing", file);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(to.number()) != 0) return failure("syncing", file);
  return {};
}

}  // namespace

result<void> write_private_file(const std::filesystem::path& file, std::string_view content) {
  auto unfinished = file;
  unfinished += ".new";
  ::unlink(unfinished.c_str());  // of a start that was cut off here; O_EXCL tells where it cannot be removed
  if (auto written = write_synced(unfinished, content); !written) {
    ::unlink(unfinished.c_str());
    return written;
  }
  return replace_private_file(unfinished, file);
}

result<void> replace_private_file(const std::filesystem::path& file, const std::filesystem::path& replaced) {
  if (::rename(file.c_str(), replaced.c_str()) != 0) return failure("renaming to", replaced);
  const open_file directory(::open(replaced.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.good() || ::fsync(directory.number()) != 0) return failure("syncing the directory of", replaced);
  return {};
}

result<std::optional<std::string>> read_private_file(const std::filesystem::path& file, std::size_t limit) {
  const open_file from(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!from.good() && errno == ENOENT) return std::nullopt;
  if (!from.good()) return failure("opening", file);
  std::string content(limit + 1, '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const auto count = ::read(from.number(), content.data() + size, content.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure("reading", file);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  if (size > limit) return fail(errc::internal, file.filename().string() + " is larger than it can be");
  content.resize(size);
  return content;
}

}  // namespace flotilla::runtime
