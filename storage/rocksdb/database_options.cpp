#include "storage/rocksdb/database_options.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

namespace flotilla::storage {
namespace {

constexpr int max_open_files = 512;
constexpr int max_memtables = 3;
constexpr std::size_t memtables_in_wal = 4;  ///< the logs' bytes in memtables before the oldest is flushed
constexpr double bloom_bits_per_key = 10;
constexpr int cache_shard_bits = 3;  ///< a part of the cache for so many bits of a block's hash
constexpr std::size_t info_log_bytes = 1U << 20U;
constexpr std::size_t info_logs = 2;
constexpr std::size_t sync_as_written_bytes = 1U << 20U;  ///< so that a table's sync is no burst

::rocksdb::BlockBasedTableOptions table_options(std::size_t cache_bytes) {
  ::rocksdb::BlockBasedTableOptions tables;
  // A cache of many small parts keeps no large block at all.
  tables.block_cache = ::rocksdb::NewLRUCache(cache_bytes, cache_shard_bits);
  tables.cache_index_and_filter_blocks = true;  // the cache's size bounds them too
  // In pieces: the index of a large table in one would be read and unpacked as a whole for each look into it.
  tables.index_type = ::rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  tables.partition_filters = true;
  tables.pin_l0_filter_and_index_blocks_in_cache = true;
  tables.filter_policy.reset(::rocksdb::NewBloomFilterPolicy(bloom_bits_per_key));
  return tables;
}

}  // namespace

::rocksdb::Options database_options(const rocksdb_options& wanted) {
  ::rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = wanted.write_buffer_bytes;
  options.max_write_buffer_number = max_memtables;
  options.max_total_wal_size = memtables_in_wal * wanted.write_buffer_bytes;
  options.max_open_files = max_open_files;
  options.compression = ::rocksdb::kLZ4Compression;
  options.level_compaction_dynamic_level_bytes = true;
  options.bytes_per_sync = sync_as_written_bytes;
  options.allow_concurrent_memtable_write = false;  // there is one writer
  options.table_factory.reset(::rocksdb::NewBlockBasedTableFactory(table_options(wanted.block_cache_bytes)));

  // Its own log is for the rare inspection of a sick database.
  options.info_log_level = ::rocksdb::WARN_LEVEL;
  options.max_log_file_size = info_log_bytes;
  options.keep_log_file_num = info_logs;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;

  // A crash may tear the end of the newest log; everything before the tear was acknowledged or is harmless.
  options.wal_recovery_mode = ::rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  // A log that is cut (wal_guard.hpp) is shorter than RocksDB believes: it must not insist on its length.
  options.track_and_verify_wals_in_manifest = false;
  options.max_bgerror_resume_count = 0;  // the writer lane opens it anew
  return options;
}

}  // namespace flotilla::storage
