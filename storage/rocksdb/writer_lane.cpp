#include "storage/rocksdb/writer_lane.hpp"

#include <rocksdb/write_batch.h>

#include <utility>

#include "storage/rocksdb/status.hpp"
#include "storage/staging.hpp"

namespace flotilla::storage {
namespace {

using ::rocksdb::Slice;
using ::rocksdb::WriteOptions;

constexpr std::chrono::milliseconds full_queue_retry{1'000};
constexpr std::uint64_t bytes_in_mib = 1U << 20U;

Slice slice_of(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

writer_lane::writer_lane(database& target, std::chrono::milliseconds recovery_interval,
                         std::shared_ptr<store_observer> observer)
    : database_(target),
      guard_(target.guard()),
      recovery_interval_(recovery_interval),
      observer_(std::move(observer)) {
  database_.on_background_error([this] {
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
  database_.on_background_error({});
}

void writer_lane::push(batch changes, durability level, reply<void> done) {
  job added{std::move(changes), level, std::move(done), 0, false, clock::now()};
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
  const auto now = clock::now();
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (observer_) observer_->on_commit(now - group[i].pushed_at);
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
  const auto open = database_.use();
  if (!open) return false;
  staging staged([&open](std::string_view key) -> result<std::optional<std::string>> {
    std::string value;
    const auto status = (*open)->Get(::rocksdb::ReadOptions(), slice_of(key), &value);
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
  if (changes.Count() == 0) return !how.sync || (*open)->SyncWAL().ok();
  const auto began = clock::now();
  if (!(*open)->Write(how, &changes).ok()) return false;
  if (observer_) observer_->on_group(group.size(), changes.GetDataSize(), how.sync, clock::now() - began);
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
  broken_ = !database_.reopen();
  next_try_ = clock::now() + recovery_interval_;
  auto now = broken_ ? not_healthy() : store_health{};
  const std::lock_guard lock(mutex_);
  background_error_ = false;
  health_ = std::move(now);
}

store_health writer_lane::not_healthy() const {
  std::string reason(guard_.last_failure());
  if (guard_.ran_out_of_space()) {
    const auto needed = (database_.room_needed() + bytes_in_mib - 1) / bytes_in_mib;
    reason += "; at least " + std::to_string(needed) + " MiB must be free";
  }
  return {false, std::move(reason)};
}

error writer_lane::not_writable() const {
  return {errc::unavailable, std::string("The store cannot be written: ").append(guard_.last_failure()).append("."),
          std::chrono::duration_cast<std::chrono::milliseconds>(recovery_interval_)};
}

}  // namespace flotilla::storage
