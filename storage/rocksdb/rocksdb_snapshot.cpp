#include "storage/rocksdb/rocksdb_snapshot.hpp"

#include <utility>

#include "storage/rocksdb/status.hpp"

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

ReadOptions at(const ::rocksdb::Snapshot* snapshot) {
  ReadOptions how;
  how.snapshot = snapshot;
  return how;
}

}  // namespace

rocksdb_snapshot::rocksdb_snapshot(std::unique_ptr<database::lease> use)
    : use_(std::move(use)), open_(**use_), at_(open_.GetSnapshot()) {
}

rocksdb_snapshot::~rocksdb_snapshot() {
  if (at_ != nullptr) open_.ReleaseSnapshot(at_);
}

result<std::optional<std::string>> rocksdb_snapshot::get(std::string_view key) const {
  std::string value;
  const auto status = open_.Get(at(at_), slice_of(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return fail(read_error(status));
  return value;
}

result<void> rocksdb_snapshot::scan(const key_range& range, direction way,
                                    const std::function<bool(std::string_view, std::string_view)>& visit) const {
  if (!range.to.empty() && range.from >= range.to) return {};
  auto how = at(at_);
  const Slice lower = slice_of(range.from);
  const Slice upper = slice_of(range.to);
  how.iterate_lower_bound = &lower;
  if (!range.to.empty()) how.iterate_upper_bound = &upper;
  const std::unique_ptr<::rocksdb::Iterator> row(open_.NewIterator(how));
  const bool forward = way == direction::forward;
  if (forward) {
    row->Seek(lower);
  } else {
    row->SeekToLast();
  }
  while (row->Valid() && visit(view_of(row->key()), view_of(row->value()))) {
    if (forward) {
      row->Next();
    } else {
      row->Prev();
    }
  }
  if (!row->status().ok()) return fail(read_error(row->status()));
  return {};
}

}  // namespace flotilla::storage
