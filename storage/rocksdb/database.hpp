// The RocksDB database of a store, which can be closed and opened again while the store stands.
//
// That is how it comes back after a failed write: RocksDB keeps a failed log, and what it believes to stand in it,
// until the database is opened anew; then it holds exactly what its logs hold, and these were cut back to what was
// acknowledged (wal_guard.hpp).
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>

#include "flotilla/result.hpp"
#include "storage/rocksdb/rocksdb_store.hpp"
#include "storage/rocksdb/wal_guard.hpp"

namespace flotilla::storage {

inline constexpr std::chrono::milliseconds patience_with_readers{200};  ///< how long opening anew waits for them
inline constexpr std::size_t recovery_headroom_bytes = 4U << 20U;       ///< free besides what the logs hold

class database {
 public:
  /// The use of the open database: it is not closed before all leases are gone. Short-lived.
  class lease {
   public:
    explicit lease(const database& of, ::rocksdb::DB& open) : of_(of), open_(open) {}
    ~lease() { of_.end_lease(); }
    lease(const lease&) = delete;
    lease& operator=(const lease&) = delete;
    [[nodiscard]] ::rocksdb::DB& operator*() const noexcept { return open_; }
    [[nodiscard]] ::rocksdb::DB* operator->() const noexcept { return &open_; }

   private:
    const database& of_;
    ::rocksdb::DB& open_;
  };

  /// Errors: see open_rocksdb_store.
  [[nodiscard]] static result<std::unique_ptr<database>> open(rocksdb_options options);
  /// Precondition: no lease is left.
  ~database();
  database(const database&) = delete;
  database& operator=(const database&) = delete;

  /// Any thread. Waits where the database is being opened anew; null where it could not be.
  [[nodiscard]] std::unique_ptr<lease> use() const;
  /// Closes and opens it again, where the disk takes writes again. The writer's thread only. False where it is not
  /// yet to be: it is then tried again later.
  [[nodiscard]] bool reopen();

  /// How many bytes must be free on the disk for `reopen` to be tried after the disk was full. The writer's thread.
  [[nodiscard]] std::uint64_t room_needed() const;

  [[nodiscard]] wal_guard& guard() noexcept { return *guard_; }
  /// Calls from RocksDB's threads when something failed in the background; must not block.
  void on_background_error(std::function<void()> call);

 private:
  class error_listener;

  explicit database(rocksdb_options options);
  [[nodiscard]] ::rocksdb::Status open_now();
  [[nodiscard]] error open_error(const ::rocksdb::Status& status) const;
  [[nodiscard]] bool disk_takes_writes();
  [[nodiscard]] bool has_room() const;
  [[nodiscard]] bool takes(const char* file_name);
  void end_lease() const;

  const rocksdb_options options_;
  const std::shared_ptr<::rocksdb::FileSystem> disk_;
  const std::shared_ptr<wal_guard> guard_;
  const std::unique_ptr<::rocksdb::Env> environment_;
  const std::shared_ptr<error_listener> errors_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable std::size_t leases_ = 0;  // these three: guarded by mutex_
  bool reopening_ = false;
  std::unique_ptr<::rocksdb::DB> open_;
};

}  // namespace flotilla::storage
