// Writing of the admin token's file: a new private file, synced, then given its name, and the directory synced.
#include "cli/token_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "cli/file_descriptor.hpp"

namespace flotilla::cli {

namespace {

constexpr mode_t private_file = 0600;

result<void> write_synced(const std::filesystem::path& path, std::string_view token) {
  const file_descriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, private_file));
  if (!file.open() || ::fchmod(file.number(), private_file) != 0) return system_failure("creating " + path.string());
  if (auto written = write_all(file, std::string(token) + "\n"); !written) return written;
  if (::fsync(file.number()) != 0) return system_failure("syncing " + path.string());
  return {};
}

result<void> sync_directory(const std::filesystem::path& directory) {
  const file_descriptor file(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file.open() || ::fsync(file.number()) != 0) return system_failure("syncing " + directory.string());
  return {};
}

}  // namespace

result<std::filesystem::path> write_token_file(const std::filesystem::path& directory, std::string_view token) {
  const auto path = directory / token_file_name;
  auto unfinished = path;
  unfinished += ".new";
  ::unlink(unfinished.c_str());  // of a start that was cut off here; O_EXCL tells where it cannot be removed
  if (auto written = write_synced(unfinished, token); !written) {
    ::unlink(unfinished.c_str());
    return fail(written.error());
  }
  if (::rename(unfinished.c_str(), path.c_str()) != 0) return system_failure("renaming to " + path.string());
  if (auto synced = sync_directory(directory); !synced) return fail(synced.error());
  return path;
}

}  // namespace flotilla::cli
