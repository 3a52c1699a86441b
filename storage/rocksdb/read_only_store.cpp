// A store on a RocksDB database that is only looked at: nothing on the disk changes.
#include <rocksdb/db.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "storage/rocksdb/database_options.hpp"
#include "storage/rocksdb/rocksdb_snapshot.hpp"
#include "storage/rocksdb/rocksdb_store.hpp"
#include "storage/rocksdb/status.hpp"

namespace flotilla::storage {
namespace {

constexpr std::string_view read_only_reason = "it is open for reading only";

/// RocksDB's own log would be a file beside the database.
class no_log final : public ::rocksdb::Logger {
 public:
  using ::rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

class read_only_store final : public store {
 public:
  explicit read_only_store(std::unique_ptr<::rocksdb::DB> open) : open_(std::move(open)) {}

  result<std::unique_ptr<storage::snapshot>> snapshot() const override {
    return std::make_unique<rocksdb_snapshot>(*open_);
  }
  void commit(batch /*changes*/, durability /*level*/, reply<void> done) override {
    done(fail(errc::unavailable, std::string("The store cannot be written: ").append(read_only_reason).append(".")));
  }
  store_health health() const override { return {false, std::string(read_only_reason)}; }

 private:
  std::unique_ptr<::rocksdb::DB> open_;
};

}  // namespace

result<std::unique_ptr<store>> open_rocksdb_read_only(const rocksdb_options& options) {
  auto setup = database_options(options);
  setup.create_if_missing = false;
  setup.info_log = std::make_shared<no_log>();
  ::rocksdb::DB* opened = nullptr;
  const auto status = ::rocksdb::DB::OpenForReadOnly(setup, options.directory.string(), &opened);
  std::unique_ptr<::rocksdb::DB> kept(opened);
  if (status.ok()) return std::make_unique<read_only_store>(std::move(kept));
  if (status.IsCorruption()) return fail(errc::internal, "The store is damaged and cannot be opened.");
  return fail(errc::unavailable, "The store cannot be opened: it is not there, or cannot be read.");
}

}  // namespace flotilla::storage
