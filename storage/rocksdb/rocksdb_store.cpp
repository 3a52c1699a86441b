#include "storage/rocksdb/rocksdb_store.hpp"

#include <rocksdb/db.h>

#include <utility>

#include "storage/rocksdb/database.hpp"
#include "storage/rocksdb/rocksdb_snapshot.hpp"
#include "storage/rocksdb/status.hpp"
#include "storage/rocksdb/writer_lane.hpp"

namespace flotilla::storage {
namespace {

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

 private:
  std::unique_ptr<database> database_;
  writer_lane lane_;
};

}  // namespace

result<std::unique_ptr<store>> open_rocksdb_store(rocksdb_options options) {
  const auto interval = options.recovery_interval;
  auto observer = options.observer;
  auto opened = database::open(std::move(options));
  if (!opened) return fail(std::move(opened.error()));
  return std::make_unique<rocksdb_store>(std::move(*opened), interval, std::move(observer));
}

}  // namespace flotilla::storage
