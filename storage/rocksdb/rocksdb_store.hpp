// The store port on an embedded RocksDB: the default of a single machine.
//
// One thread, the writer lane (writer_lane.hpp), does all writing: what many commit at the same time becomes one
// write and at most one sync. Reads go to snapshots in the callers' threads.
//
// A full disk or an I/O error makes commits answer `unavailable`; reads go on, and writing is taken up again by
// itself (docs/storage.md tells how, and what a failed commit leaves behind: nothing).
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>

#include "flotilla/result.hpp"
#include "storage/store.hpp"

namespace rocksdb {
class FileSystem;
}

namespace flotilla::storage {

inline constexpr std::size_t default_write_buffer_bytes = 32U << 20U;
inline constexpr std::size_t default_block_cache_bytes = 64U << 20U;
inline constexpr std::chrono::milliseconds default_recovery_interval{500};

struct rocksdb_options {
  std::filesystem::path directory;                                          ///< made if it is not there
  std::size_t write_buffer_bytes = default_write_buffer_bytes;              ///< of one memtable; there are at most 3
  std::size_t block_cache_bytes = default_block_cache_bytes;                ///< for blocks, their indexes and filters
  std::chrono::milliseconds recovery_interval = default_recovery_interval;  ///< between two tries to write again
  std::shared_ptr<store_observer> observer;                                 ///< nothing: nobody measures
  std::shared_ptr<rocksdb::FileSystem>
      file_system;  ///< nothing: `default_file_system()`; tests put a failing one here
};

/// The file system of stores whose options name none: the machine's own. Any thread.
[[nodiscard]] std::shared_ptr<rocksdb::FileSystem> default_file_system();
/// Puts another one in its place, for a program of the tests: nothing that a user sets leads here.
/// Precondition: no store has been opened yet, and there is no other thread.
void replace_default_file_system(std::shared_ptr<rocksdb::FileSystem> with);

/// Opens a store, or makes an empty one. Blocks until the last writes of a crashed process are brought back.
/// The store's destructor carries out and answers what was committed before it returns; snapshots must be gone
/// before it is called.
///
/// Errors: unavailable (the directory is in use, or cannot be made, read or written), internal (damaged).
[[nodiscard]] result<std::unique_ptr<store>> open_rocksdb_store(rocksdb_options options);

/// Opens a store to look at it: nothing on the disk changes, and what its last writes left in the logs is read into
/// memory. No other process may have it open. Commits are answered `unavailable`. `directory`, `write_buffer_bytes`
/// and `block_cache_bytes` are used; the rest of the options is not.
///
/// Errors: unavailable (it is not there, or cannot be read), internal (damaged).
[[nodiscard]] result<std::unique_ptr<store>> open_rocksdb_read_only(const rocksdb_options& options);

}  // namespace flotilla::storage
