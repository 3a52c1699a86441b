// A consistent view of a RocksDB database, as the store port asks for it.
#pragma once

#include <rocksdb/db.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "storage/rocksdb/database.hpp"
#include "storage/store.hpp"

namespace flotilla::storage {

/// One thread at a time. Its iterators see what it sees.
class rocksdb_snapshot final : public snapshot {
 public:
  /// The present state of a database that goes on being written.
  explicit rocksdb_snapshot(std::unique_ptr<database::lease> use);
  /// Of one that is open for reading only, which never changes. It must outlive the view.
  explicit rocksdb_snapshot(::rocksdb::DB& unchanging) : open_(unchanging) {}
  ~rocksdb_snapshot() override;
  rocksdb_snapshot(const rocksdb_snapshot&) = delete;
  rocksdb_snapshot& operator=(const rocksdb_snapshot&) = delete;

  [[nodiscard]] result<std::optional<std::string>> get(std::string_view key) const override;
  [[nodiscard]] result<void> scan(
      const key_range& range, direction way,
      const std::function<bool(std::string_view, std::string_view)>& visit) const override;

 private:
  std::unique_ptr<database::lease> use_;  ///< null: nothing is written
  ::rocksdb::DB& open_;
  const ::rocksdb::Snapshot* at_ = nullptr;
};

}  // namespace flotilla::storage
