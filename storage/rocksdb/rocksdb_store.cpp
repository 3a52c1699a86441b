#include "storage/rocksdb/rocksdb_store.hpp"

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <system_error>
#include <utility>

#include "storage/rocksdb/database_options.hpp"
#include "storage/rocksdb/status.hpp"
#include "storage/rocksdb/wal_guard.hpp"
#include "storage/rocksdb/writer_lane.hpp"

namespace flotilla::storage {
namespace {

using ::rocksdb::ReadOptions;
using ::rocksdb::Slice;
using ::rocksdb::Status;

Slice slice_of(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view_of(const Slice& slice) { return {slice.data(), slice.size()}; }

class rocksdb_snapshot final : public snapshot {
 public:
  explicit rocksdb_snapshot(::rocksdb::DB& database) : database_(database), at_(database.GetSnapshot()) {}
  ~rocksdb_snapshot() override { database_.ReleaseSnapshot(at_); }
  rocksdb_snapshot(const rocksdb_snapshot&) = delete;
  rocksdb_snapshot& operator=(const rocksdb_snapshot&) = delete;

  result<std::optional<std::string>> get(std::string_view key) const override {
    std::string value;
    const auto status = database_.Get(options(), slice_of(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) return fail(read_error(status));
    return value;
  }

  result<void> scan(const key_range& range, direction way,
                    const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    if (!range.to.empty() && range.from >= range.to) return {};
    auto how = options();
    const Slice lower = slice_of(range.from);
    const Slice upper = slice_of(range.to);
    how.iterate_lower_bound = &lower;
    if (!range.to.empty()) how.iterate_upper_bound = &upper;
    const std::unique_ptr<::rocksdb::Iterator> at(database_.NewIterator(how));
    const bool forward = way == direction::forward;
    if (forward) {
      at->Seek(lower);
    } else {
      at->SeekToLast();
    }
    while (at->Valid() && visit(view_of(at->key()), view_of(at->value()))) {
      if (forward) {
        at->Next();
      } else {
        at->Prev();
      }
    }
    if (!at->status().ok()) return fail(read_error(at->status()));
    return {};
  }

 private:
  ReadOptions options() const {
    ReadOptions how;
    how.snapshot = at_;
    return how;
  }

  ::rocksdb::DB& database_;
  const ::rocksdb::Snapshot* at_;
};

/// What a database needs around it, in the order in which it is made.
struct surroundings {
  std::shared_ptr<wal_guard> guard;
  std::unique_ptr<::rocksdb::Env> environment;
  std::shared_ptr<background_errors> errors = std::make_shared<background_errors>();
};

class rocksdb_store final : public store {
 public:
  rocksdb_store(surroundings around, std::unique_ptr<::rocksdb::DB> database, std::chrono::milliseconds interval)
      : around_(std::move(around)),
        database_(std::move(database)),
        lane_(*database_, *around_.guard, *around_.errors, interval) {}

  result<std::unique_ptr<storage::snapshot>> snapshot() const override {
    return std::make_unique<rocksdb_snapshot>(*database_);
  }
  void commit(batch changes, durability level, reply<void> done) override {
    lane_.push(std::move(changes), level, std::move(done));
  }
  store_health health() const override { return lane_.health(); }

 private:
  surroundings around_;
  std::unique_ptr<::rocksdb::DB> database_;
  writer_lane lane_;
};

error open_error(const Status& status, const wal_guard& guard) {
  if (status.IsCorruption()) return {errc::internal, "The store is damaged and cannot be opened.", std::nullopt};
  if (status.ToString().find("LOCK") != std::string::npos) {
    return {errc::unavailable, "The data directory is in use by another process.", std::nullopt};
  }
  return {errc::unavailable, std::string("The store cannot be opened: ").append(guard.last_failure()).append("."),
          std::nullopt};
}

}  // namespace

result<std::unique_ptr<store>> open_rocksdb_store(rocksdb_options options) {
  std::error_code made;
  std::filesystem::create_directories(options.directory, made);
  if (made) return fail(errc::unavailable, "The data directory cannot be made: " + made.message() + ".");
  surroundings around;
  around.guard = std::make_shared<wal_guard>(options.file_system ? options.file_system
                                                                 : ::rocksdb::FileSystem::Default());
  around.environment = ::rocksdb::NewCompositeEnv(around.guard);
  auto setup = database_options(options);
  setup.env = around.environment.get();
  setup.listeners.push_back(around.errors);
  ::rocksdb::DB* opened = nullptr;
  const auto status = ::rocksdb::DB::Open(setup, options.directory.string(), &opened);
  std::unique_ptr<::rocksdb::DB> database(opened);
  if (!status.ok()) return fail(open_error(status, *around.guard));
  return std::make_unique<rocksdb_store>(std::move(around), std::move(database), options.recovery_interval);
}

}  // namespace flotilla::storage
