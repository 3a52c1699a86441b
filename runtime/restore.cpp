// The way back from a backup to a data directory.
#include <sodium.h>

#include <algorithm>
#include <string>
#include <utility>

#include "flotilla/backup.hpp"
#include "runtime/backup_manifest.hpp"
#include "runtime/bootstrap.hpp"
#include "runtime/file_copies.hpp"

namespace flotilla {
namespace {

namespace fs = std::filesystem;
using namespace runtime;

constexpr std::string_view lock_file = "lock";  // the program's, which holds the directory meanwhile

result<void> check_libsodium() {
  if (sodium_init() < 0) return fail(errc::internal, "libsodium cannot be used on this machine.");
  return {};
}

tl::unexpected<error> damaged(const std::string& path) {
  return fail(errc::internal, "The backup is damaged: " + path + " is not what the manifest says.");
}

/// What was found of a file against what its manifest says.
result<void> compare(const manifest_entry& expected, const result<manifest_entry>& found) {
  if (!found) return fail(found.error());
  if (found->bytes != expected.bytes || found->digest != expected.digest) return damaged(expected.path);
  return {};
}

/// Is the directory empty, but for what may be there?
result<void> check_empty(const fs::path& directory) {
  const auto names = names_in(directory);
  if (!names) return fail(names.error());
  const auto has = [&names](std::string_view name) {
    return std::find(names->begin(), names->end(), name) != names->end();
  };
  const bool cut_off = has(restore_directory);
  for (const auto& name : *names) {
    const bool ours = name == token_key_file || name == master_key_file || name == next_master_key_file ||
                      name == store_directory || name == restore_directory;
    if (name == lock_file || (cut_off && ours)) continue;
    return fail(errc::invalid, "The data directory is not empty: it holds " + name + ".");
  }
  return {};
}

result<void> copy_all(const backup_manifest& what, const fs::path& from, const fs::path& to) {
  if (auto made = make_private_directory(to / store_directory); !made) return made;
  for (const auto& each : what.files) {
    const auto copied = copy_file(from / each.path, to / each.path, copying::by_bytes);
    if (auto good = compare(each, copied); !good) return good;
  }
  if (auto synced = sync_directory(to / store_directory); !synced) return synced;
  return sync_directory(to);
}

/// Gives everything its place, the store last: where there is one, there is all.
result<void> move_all(const backup_manifest& what, const fs::path& from, const fs::path& to) {
  for (const auto& each : what.files) {
    if (each.path.find('/') != std::string::npos) continue;
    if (auto moved = rename_synced(from / each.path, to / each.path); !moved) return moved;
  }
  return rename_synced(from / store_directory, to / store_directory);
}

}  // namespace

result<backup_report> verify_backup(const fs::path& backup) {
  if (auto good = check_libsodium(); !good) return fail(std::move(good.error()));
  const auto manifest = read_manifest(backup);
  if (!manifest) return fail(manifest.error());
  for (const auto& each : manifest->files) {
    std::error_code unknown;
    if (!fs::exists(backup / each.path, unknown)) return damaged(each.path);
    if (auto good = compare(each, measure_file(backup / each.path)); !good) return fail(std::move(good.error()));
  }
  return report_of(*manifest);
}

result<backup_report> restore_backup(const fs::path& backup, const fs::path& data_directory) {
  if (auto good = check_libsodium(); !good) return fail(std::move(good.error()));
  const auto manifest = read_manifest(backup);
  if (!manifest) return fail(manifest.error());
  if (auto empty = check_empty(data_directory); !empty) return fail(std::move(empty.error()));
  const auto part = data_directory / restore_directory;
  std::error_code failed;
  // What an earlier call has left; while its directory is there, so can be nothing else.
  fs::remove_all(data_directory / store_directory, failed);
  fs::remove_all(part, failed);
  if (auto made = make_private_directory(part); !made) return fail(std::move(made.error()));
  if (auto copied = copy_all(*manifest, backup, part); !copied) {
    fs::remove_all(part, failed);
    return fail(std::move(copied.error()));
  }
  if (auto moved = move_all(*manifest, part, data_directory); !moved) return fail(std::move(moved.error()));
  fs::remove_all(part, failed);
  if (failed) return fail(errc::unavailable, "Removing " + std::string(restore_directory) + ": " + failed.message());
  if (auto synced = sync_directory(data_directory); !synced) return fail(std::move(synced.error()));
  return report_of(*manifest);
}

}  // namespace flotilla
