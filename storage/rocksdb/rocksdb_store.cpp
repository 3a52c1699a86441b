#include "storage/rocksdb/rocksdb_store.hpp"

#include <rocksdb/db.h>
#include <rocksdb/file_system.h>
#include <rocksdb/utilities/checkpoint.h>

#include <utility>

#include "storage/rocksdb/database.hpp"
#include "storage/rocksdb/rocksdb_snapshot.hpp"
#include "storage/rocksdb/status.hpp"
#include "storage/rocksdb/writer_lane.hpp"

namespace flotilla::storage {
namespace {

/// Null: the machine's own.
std::shared_ptr<::rocksdb::FileSystem>& replaced_file_system() {
  static std::shared_ptr<::rocksdb::FileSystem> put_here;
  return put_here;
}

class rocksdb_store final : public store {
 public:
  rocksdb_store(std::unique_ptr<database> kept, std::chrono::milliseconds recovery_interval,
                std::shared_ptr<store_observer> observer)
      : database_(std::move(kept)), lane_(*database_, recovery_interval, std::move(observer)) {}

  result<std::unique_ptr<storage::snapshot>> snapshot() const override {
    auto use = database_->use();
    if (!use) return fail(read_error(::rocksdb::Status::IOError()));
    return std::make_unique<rocksdb_snapshot>(std::move(use));
  }
  void commit(batch changes, durability level, reply<void> done) override {
    lane_.push(std::move(changes), level, std::move(done));
  }
  store_health health() const override { return lane_.health(); }
  result<void> checkpoint(const std::filesystem::path& directory) const override {
    // While it is held the database is not opened anew, so a write that fails meanwhile shows afterwards.
    const auto use = database_->use();
    if (!use || !health().writable) return fail(not_copied());
    ::rocksdb::Checkpoint* made = nullptr;
    auto status = ::rocksdb::Checkpoint::Create(&**use, &made);
    const std::unique_ptr<::rocksdb::Checkpoint> maker(made);
    // What memory holds is flushed first: else a commit that is not synced yet could be missing.
    if (status.ok()) status = maker->CreateCheckpoint(directory.string());
    // A write that was refused may stand in the copy of the log.
    if (!status.ok() || !health().writable) return fail(not_copied());
    return {};
  }

 private:
  error not_copied() const {
    const auto known = health();
    const auto reason = known.writable ? std::string(io_error_reason) : known.reason;
    return {errc::unavailable, "The store cannot be copied: " + reason + ".", std::nullopt};
  }

  std::unique_ptr<database> database_;
  writer_lane lane_;
};

}  // namespace

std::shared_ptr<::rocksdb::FileSystem> default_file_system() {
  const auto& replaced = replaced_file_system();
  return replaced ? replaced : ::rocksdb::FileSystem::Default();
}

void replace_default_file_system(std::shared_ptr<::rocksdb::FileSystem> with) {
  replaced_file_system() = std::move(with);
}

result<std::unique_ptr<store>> open_rocksdb_store(rocksdb_options options) {
  const auto interval = options.recovery_interval;
  auto observer = options.observer;
  auto opened = database::open(std::move(options));
  if (!opened) return fail(std::move(opened.error()));
  return std::make_unique<rocksdb_store>(std::move(*opened), interval, std::move(observer));
}

}  // namespace flotilla::storage
