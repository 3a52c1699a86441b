#include "runtime/file_copies.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace flotilla::runtime {
namespace {

constexpr mode_t owner_only = 0600;
constexpr mode_t owner_only_directory = 0700;
constexpr std::size_t buffer_bytes = 1U << 20U;

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
  const auto reason = std::generic_category().message(errno);
  return fail(errc::unavailable, std::string(what) + " " + file.filename().string() + ": " + reason);
}

result<void> write_all(int to, const char* bytes, std::size_t size, const std::filesystem::path& file) {
  while (size > 0) {
    const auto written = ::write(to, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failure("writing", file);
    bytes += written;
    size -= static_cast<std::size_t>(written);
  }
  return {};
}

/// Reads a file to its end, measures it, and writes what it reads, where there is a place for it.
result<manifest_entry> pass(const open_file& from, const open_file* to, const std::filesystem::path& name,
                            const std::atomic<bool>* stop) {
  crypto_generichash_state state;
  manifest_entry found;
  crypto_generichash_init(&state, nullptr, 0, found.digest.size());
  const auto buffer = std::make_unique<std::array<char, buffer_bytes>>();
  for (;;) {
    if (stop != nullptr && *stop) return fail(errc::unavailable, "The server is shutting down.");
    const auto count = ::read(from.number(), buffer->data(), buffer->size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure("reading", name);
    if (count == 0) break;
    const auto size = static_cast<std::size_t>(count);
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(buffer->data()), size);
    found.bytes += size;
    if (to == nullptr) continue;
    if (auto written = write_all(to->number(), buffer->data(), size, name); !written) return fail(written.error());
  }
  crypto_generichash_final(&state, found.digest.data(), found.digest.size());
  return found;
}

}  // namespace

result<manifest_entry> copy_file(const std::filesystem::path& from, const std::filesystem::path& to, copying how,
                                 const std::atomic<bool>* stop) {
  const open_file source(::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!source.good()) return failure("opening", from);
  if (how == copying::by_link && ::link(from.c_str(), to.c_str()) == 0) {
    if (::fsync(source.number()) != 0) return failure("syncing", to);
    return pass(source, nullptr, from, stop);
  }
  const open_file target(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, owner_only));
  if (!target.good() || ::fchmod(target.number(), owner_only) != 0) return failure("creating", to);
  auto copied = pass(source, &target, to, stop);
  if (copied && ::fsync(target.number()) != 0) return failure("syncing", to);
  return copied;
}

result<manifest_entry> measure_file(const std::filesystem::path& file) {
  const open_file source(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!source.good()) return failure("opening", file);
  return pass(source, nullptr, file, nullptr);
}

result<void> make_private_directory(const std::filesystem::path& directory) {
  if (::mkdir(directory.c_str(), owner_only_directory) != 0 ||
      ::chmod(directory.c_str(), owner_only_directory) != 0) {
    return failure("making the directory", directory);
  }
  return {};
}

result<void> sync_directory(const std::filesystem::path& directory) {
  const open_file opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.good() || ::fsync(opened.number()) != 0) return failure("syncing the directory", directory);
  return {};
}

result<void> rename_synced(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return failure("renaming to", to);
  if (auto synced = sync_directory(to.parent_path()); !synced) return synced;
  return from.parent_path() == to.parent_path() ? result<void>() : sync_directory(from.parent_path());
}

result<std::vector<std::string>> names_in(const std::filesystem::path& directory) {
  std::vector<std::string> found;
  std::error_code failed;
  for (auto at = std::filesystem::directory_iterator(directory, failed); !failed && at != end(at);
       at.increment(failed)) {
    found.push_back(at->path().filename().string());
  }
  if (failed) return fail(errc::unavailable, "The directory cannot be read: " + failed.message() + ".");
  return found;
}

}  // namespace flotilla::runtime
