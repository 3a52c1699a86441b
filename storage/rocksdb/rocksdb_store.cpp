#include "storage/rocksdb/rocksdb_store.hpp"

#include <rocksdb/db.h>
#include <rocksdb/file_system.h>

#include <utility>

#include "storage/rocksdb/database.hpp"
#include "storage/rocksdb/status.hpp"
#include "storage/rocksdb/writer_lane.hpp"

namespace flotilla::storage {
namespace {

using ::rocksdb::ReadOptions;
using ::rocksdb::Slice;

Slice slice_of(std::string_view text) {
  return {text.data(), text.size()};
}
std::string_view view_of(const Slice& slice) {
  return {slice.data(), slice.size()};
}

/// Null: the machine's own.
std::shared_ptr<::rocksdb::FileSystem>& replaced_file_system() {
  static std::shared_ptr<::rocksdb::FileSystem> put_here;
  return put_here;
}

class rocksdb_snapshot final : public snapshot {
 public:
  explicit rocksdb_snapshot(std::unique_ptr<database::lease> use)
      : use_(std::move(use)), at_((*use_)->GetSnapshot()) {}
  ~rocksdb_snapshot() override { (*use_)->ReleaseSnapshot(at_); }
  rocksdb_snapshot(const rocksdb_snapshot&) = delete;
  rocksdb_snapshot& operator=(const rocksdb_snapshot&) = delete;

  result<std::optional<std::string>> get(std::string_view key) const override {
    std::string value;
    const auto status = (*use_)->Get(options(), slice_of(key), &value);
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
    const std::unique_ptr<::rocksdb::Iterator> at((*use_)->NewIterator(how));
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

  std::unique_ptr<database::lease> use_;
  const ::rocksdb::Snapshot* at_;
};

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
