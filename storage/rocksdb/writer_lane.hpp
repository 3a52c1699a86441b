// The writer lane: one thread through which all writes of a RocksDB store go.
//
// It takes all batches that wait (a group), checks each against the database and what the group wrote before it,
// writes them as one write batch, syncs once if any of them asked for it, and answers them in order. While it
// syncs, the next group gathers: the busier the store, the larger the groups.
//
// When a write fails, nothing of its group is applied and every commit is answered `unavailable` at once, until a
// try to open the database anew succeeds; such tries are made at a fixed interval.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "storage/rocksdb/database.hpp"
#include "storage/store.hpp"

namespace flotilla::storage {

inline constexpr std::size_t max_waiting_batches = 32'768;
inline constexpr std::size_t max_waiting_bytes = 128U << 20U;  ///< of the batches that wait
inline constexpr std::size_t max_group_batches = 1'024;
inline constexpr std::size_t max_group_bytes = 8U << 20U;  ///< a group may be one batch over it

static_assert(max_waiting_bytes > max_batch_bytes);

class writer_lane {
 public:
  /// The database must outlive the lane.
  writer_lane(database& target, std::chrono::milliseconds recovery_interval,
              std::shared_ptr<store_observer> observer);
  /// Carries out and answers what waits, then returns.
  ~writer_lane();
  writer_lane(const writer_lane&) = delete;
  writer_lane& operator=(const writer_lane&) = delete;

  /// As `store::commit`. Any thread.
  void push(batch changes, durability level, reply<void> done);
  /// Any thread.
  [[nodiscard]] store_health health() const;

 private:
  using clock = std::chrono::steady_clock;
  struct job {
    batch changes;
    durability level = durability::buffered;
    reply<void> done;
    std::size_t bytes = 0;
    bool too_large = false;
    clock::time_point pushed_at;
  };
  enum class turn : std::uint8_t { write, recover, stop };

  void run();
  turn wait(std::vector<job>& group);
  void take(std::vector<job>& group);
  void carry_out(std::vector<job>& group);
  [[nodiscard]] bool write(const std::vector<job>& group, std::vector<result<void>>& answers);
  void fail_writes();
  void recover_if_due();
  [[nodiscard]] error not_writable() const;
  /// Why writing has stopped and, where the disk is full, how much must be free for it to go on.
  [[nodiscard]] store_health not_healthy() const;

  database& database_;
  wal_guard& guard_;
  const std::chrono::milliseconds recovery_interval_;
  const std::shared_ptr<store_observer> observer_;  ///< may be null

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<job> waiting_;  // these five: guarded by mutex_
  std::size_t waiting_bytes_ = 0;
  bool stopping_ = false;
  bool background_error_ = false;
  store_health health_;

  bool broken_ = false;  // these two: the lane's thread only
  clock::time_point next_try_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace flotilla::storage
