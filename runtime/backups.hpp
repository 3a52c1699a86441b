// Makes backups of a fleet that is running, one at a time, on a thread of its own.
//
// The store makes a consistent copy of itself beside itself (mostly links: see `store::checkpoint`), and that copy is
// brought to its place under another name, with the keys and a manifest; then it is given its name.
#pragma once

#include <atomic>
#include <filesystem>
#include <mutex>
#include <thread>

#include "flotilla/access.hpp"
#include "flotilla/backup.hpp"
#include "flotilla/result.hpp"
#include "runtime/backup_manifest.hpp"
#include "runtime/kept_answers.hpp"
#include "storage/store.hpp"

namespace flotilla::runtime {

/// The store's copy of itself, in the data directory, while a backup is made.
inline constexpr std::string_view staging_directory = "backup.part";

/// Removes what a backup that a crash cut off has left in a data directory. Blocks on the disk.
void remove_staging(const std::filesystem::path& data_directory);

/// Thread-safe.
class backups {
 public:
  /// The store and the answers must outlive it. `data_directory`: empty for a store in memory.
  backups(storage::store& of, kept_answers& answers, std::filesystem::path data_directory);
  /// A backup that is under way is given up.
  ~backups();
  backups(const backups&) = delete;
  backups& operator=(const backups&) = delete;

  /// See `fleet::backup`. The handler is called on the thread of the backup, or from within the call.
  void make(const principal& who, backup_request what, reply<backup_report> handler);

 private:
  [[nodiscard]] result<backup_report> once(const principal& who, const backup_request& what);
  [[nodiscard]] result<backup_report> make_now(const backup_request& what);
  [[nodiscard]] result<backup_manifest> fill(const std::filesystem::path& into, bool with_master_key);

  storage::store& store_;
  kept_answers& answers_;
  const std::filesystem::path data_directory_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  bool busy_ = false;   // these two: guarded by mutex_
  std::thread thread_;  ///< of the last backup
};

}  // namespace flotilla::runtime
