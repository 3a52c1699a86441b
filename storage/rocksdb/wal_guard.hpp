// The file system under RocksDB, with two additions that make failed writes leave nothing behind.
//
// 1. A write that failed can still stand in the write-ahead log, whole (its sync failed) or in part, or lie in a
//    buffer that is written later; a crash would then bring back what was refused. So the writer lane says after
//    every write that the log is good up to here (`acknowledge`), and after a failed one cuts it back to there
//    (`cut`). A log that was cut takes no more bytes: what RocksDB still wants to add to it, be it when it closes,
//    is dropped. The lane then has the database opened anew (database.hpp).
// 2. RocksDB waits for room on a full disk in a thread of its own, which would meet with the lane's tries. Here
//    every failed write is told as an I/O error, with which it does not; what it really was is kept for people
//    (`last_failure`).
//
// Any thread, except that `acknowledge` and `cut` belong to the thread that writes.
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace flotilla::storage {

class guarded_wal;

class wal_guard final : public ::rocksdb::FileSystemWrapper {
 public:
  /// `directory`: the database's. Logs elsewhere are copies of its logs (a checkpoint's), and are none of ours.
  wal_guard(std::shared_ptr<::rocksdb::FileSystem> base, std::filesystem::path directory);

  const char* Name() const override { return "flotilla_wal_guard"; }
  ::rocksdb::IOStatus NewWritableFile(const std::string& name, const ::rocksdb::FileOptions& options,
                                      std::unique_ptr<::rocksdb::FSWritableFile>* file,
                                      ::rocksdb::IODebugContext* debug) override;
  ::rocksdb::IOStatus NewDirectory(const std::string& name, const ::rocksdb::IOOptions& options,
                                   std::unique_ptr<::rocksdb::FSDirectory>* directory,
                                   ::rocksdb::IODebugContext* debug) override;
  ::rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const ::rocksdb::IOOptions& options,
                                 ::rocksdb::IODebugContext* debug) override;

  /// All that the newest log holds was answered with success.
  void acknowledge();
  /// Takes away what stands behind the last acknowledged byte of the newest log. May be called again.
  [[nodiscard]] bool cut();

  /// Why the last write failed; for people.
  [[nodiscard]] std::string_view last_failure() const noexcept;
  [[nodiscard]] bool ran_out_of_space() const noexcept { return no_space_; }

  /// Notes why a write failed, and makes its status that of an I/O error that may be tried again.
  ::rocksdb::IOStatus softened(::rocksdb::IOStatus status);

 private:
  friend class guarded_wal;
  [[nodiscard]] bool is_own_wal(const std::string& name) const;
  void forget(const guarded_wal* file);

  const std::filesystem::path directory_;
  mutable std::mutex mutex_;
  guarded_wal* newest_ = nullptr;  ///< guarded by mutex_
  std::atomic<bool> no_space_{false};
};

}  // namespace flotilla::storage
