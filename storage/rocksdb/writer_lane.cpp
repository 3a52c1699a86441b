#include "storage/rocksdb/writer_lane.hpp"

#include <rocksdb/write_batch.h>

#include <utility>

#include "storage/rocksdb/status.hpp"
#include "storage/staging.hpp"

namespace flotilla::storage {
namespace {

using ::rocksdb::Slice;
using ::rocksdb::Status;
using ::rocksdb::WriteOptions;

constexpr std::chrono::milliseconds full_queue_retry{1'000};

/// A key that is only ever erased, so that no reader sees it: something to write when trying whether one can.
constexpr std::string_view probe_key{"\0probe", 6};

Slice slice_of(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

void background_errors::OnBackgroundError(::rocksdb::BackgroundErrorReason /*reason*/, Status* status) {
  // An I/O error is never final: the lane goes on trying.
  if (status->IsIOError() && status->severity() > Status::kHardError) *status = Status(*status, Status::kHardError);
  const std::lock_guard lock(mutex_);
  if (call_) call_();
}

void background_errors::on_error(std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  call_ = std::move(call);
}

writer_lane::writer_lane(::rocksdb::DB& database, wal_guard& guard, background_errors& errors,
                         std::chrono::milliseconds recovery_interval)
    : database_(database), guard_(guard), errors_(errors), recovery_interval_(recovery_interval) {
  errors_.on_error([this] {
    const std::lock_guard lock(mutex_);
    background_error_ = true;
    wake_.notify_one();
  });
  thread_ = std::thread([this] { run(); });
}

writer_lane::~writer_lane() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  errors_.on_error({});
}

void writer_lane::push(batch changes, durability level, reply<void> done) {
  job added{std::move(changes), level, std::move(done), 0, false};
  added.bytes = size_of(added.changes);
  if (added.bytes > max_batch_bytes) {  // it still takes its turn, so that answers come in order
    added.too_large = true;
    added.bytes = 0;
    added.changes = {};
  }
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < max_waiting_batches && waiting_bytes_ + added.bytes <= max_waiting_bytes) {
      waiting_bytes_ += added.bytes;
      waiting_.push_back(std::move(added));
      if (waiting_.size() == 1) wake_.notify_one();
      return;
    }
  }
  added.done(fail({errc::unavailable, "Too many changes wait to be stored.", full_queue_retry}));
}

store_health writer_lane::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

void writer_lane::run() {
  std::vector<job> group;
  for (;;) {
    const auto next = wait(group);
    if (next == turn::stop) return;
    recover_if_due();
    if (next == turn::write) carry_out(group);
    group.clear();
  }
}

// Waits for batches, for the next try to recover, or for the end, at which nothing waits any more.
writer_lane::turn writer_lane::wait(std::vector<job>& group) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (background_error_ && !broken_) {
      // Writes would fail, now or soon: no need to wait for one that does.
      broken_ = true;
      next_try_ = clock::now();
      background_error_ = false;
      health_ = {false, std::string(guard_.last_failure())};
    }
    if (!waiting_.empty()) {
      take(group);
      return turn::write;
    }
    if (stopping_) return turn::stop;
    if (!broken_) {
      wake_.wait(lock);
    } else if (wake_.wait_until(lock, next_try_) == std::cv_status::timeout) {
      return turn::recover;
    }
  }
}

void writer_lane::take(std::vector<job>& group) {
  std::size_t bytes = 0;
  while (!waiting_.empty() && group.size() < max_group_batches && bytes < max_group_bytes) {
    bytes += waiting_.front().bytes;
    group.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  waiting_bytes_ -= bytes;
}

void writer_lane::carry_out(std::vector<job>& group) {
  std::vector<result<void>> answers;
  answers.reserve(group.size());
  if (!broken_ && !write(group, answers)) fail_writes();
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (group[i].too_large) {
      group[i].done(fail(batch_too_large()));
    } else if (broken_) {
      group[i].done(fail(not_writable()));
    } else {
      group[i].done(std::move(answers[i]));
    }
  }
}

// Writes what of the group is not refused; false where the write failed. Answers are added in order.
bool writer_lane::write(const std::vector<job>& group, std::vector<result<void>>& answers) {
  staging staged([this](std::string_view key) -> result<std::optional<std::string>> {
    std::string value;
    const auto status = database_.Get(::rocksdb::ReadOptions(), slice_of(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) return fail(read_error(status));
    return value;
  });
  WriteOptions how;
  for (const auto& each : group) {
    answers.push_back(each.too_large ? fail(batch_too_large()) : staged.add(each.changes));
    if (answers.back() && each.level == durability::synced) how.sync = true;
  }
  ::rocksdb::WriteBatch changes;
  for (const auto& [key, value] : staged.changes()) {
    const auto added = value ? changes.Put(slice_of(key), slice_of(*value)) : changes.Delete(slice_of(key));
    if (!added.ok()) return false;
  }
  if (changes.Count() == 0) return !how.sync || database_.SyncWAL().ok();
  if (!database_.Write(how, &changes).ok()) return false;
  guard_.acknowledge();
  return true;
}

void writer_lane::fail_writes() {
  (void)guard_.cut();  // tried again before writing is taken up
  broken_ = true;
  next_try_ = clock::now() + recovery_interval_;
  const std::lock_guard lock(mutex_);
  background_error_ = false;  // it is known
  health_ = {false, std::string(guard_.last_failure())};
}

void writer_lane::recover_if_due() {
  if (!broken_ || clock::now() < next_try_) return;
  broken_ = !recover();
  next_try_ = clock::now() + recovery_interval_;
  const std::lock_guard lock(mutex_);
  background_error_ = false;
  health_ = broken_ ? store_health{false, std::string(guard_.last_failure())} : store_health{};
}

// Brings the database back after a failed write. When it writes again, everything acknowledged is in its tables or
// in a new log, and the log that was cut is not needed any more.
bool writer_lane::recover() {
  if (!guard_.cut() || !has_room() || !database_.Resume().ok()) return false;
  WriteOptions in_memory;
  in_memory.disableWAL = true;
  ::rocksdb::FlushOptions now;
  now.allow_write_stall = true;
  if (!guard_.is_whole()) {
    if (!touch(in_memory).ok()) return false;
    // Resume begins a new log only where the memtable holds something, as it does now. A flush begins one too but,
    // unlike Resume, does not get past a log that has failed; then it leaves the state that Resume ends.
    if (!database_.Flush(now).ok() && !database_.Resume().ok()) return false;
  }
  if (!guard_.is_whole() || !touch(in_memory).ok() || !database_.Flush(now).ok()) return false;
  WriteOptions to_disk;
  to_disk.sync = true;
  if (touch(to_disk).ok()) {
    guard_.acknowledge();
    return true;
  }
  (void)guard_.cut();
  return false;
}

// A try to flush the memtables onto a full disk would only wear it.
bool writer_lane::has_room() const {
  if (!guard_.ran_out_of_space()) return true;
  std::uint64_t in_memory = 0;
  database_.GetIntProperty(::rocksdb::DB::Properties::kCurSizeAllMemTables, &in_memory);
  std::uint64_t free = 0;
  const auto asked = database_.GetEnv()->GetFreeSpace(database_.GetName(), &free);
  return !asked.ok() || free >= in_memory + recovery_headroom_bytes;
}

Status writer_lane::touch(const WriteOptions& how) { return database_.Delete(how, slice_of(probe_key)); }

error writer_lane::not_writable() const {
  return {errc::unavailable, std::string("The store cannot be written: ").append(guard_.last_failure()).append("."),
          std::chrono::duration_cast<std::chrono::milliseconds>(recovery_interval_)};
}

}  // namespace flotilla::storage
