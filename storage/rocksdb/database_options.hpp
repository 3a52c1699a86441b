// How RocksDB is set up: for one small machine, a log-like load, and crashes at any moment.
#pragma once

#include <rocksdb/options.h>

#include "storage/rocksdb/rocksdb_store.hpp"

namespace flotilla::storage {

/// Everything but the environment and the listeners, which the store adds.
[[nodiscard]] ::rocksdb::Options database_options(const rocksdb_options& wanted);

}  // namespace flotilla::storage
