// One watched log: its in-memory tail and the cursors that stand in it. The inside of log_hub.hpp.
//
// What is known of the log: `last` is the highest position that was published or found in the store since the log
// is watched (nothing before the first of these), `ends` says that the entry there is a last one. The tail holds some
// of the entries up to there, without gaps; what a cursor needs and the tail does not hold is read from the store.
//
// An entry may be found in the store before it is published. It is then delivered once: a cursor takes only what
// stands behind it, and publishing what a cursor has passed wakes it for nothing.
//
// Handlers are called without the lock, so that they may ask again, or destroy their subscription.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/executor.hpp"
#include "flotilla/id.hpp"
#include "flotilla/message.hpp"
#include "flotilla/stream.hpp"
#include "storage/store.hpp"

namespace flotilla::storage {

/// Which log: a task's journal or, without a task, an org's bus.
struct log_name {
  org_id org;
  std::optional<task_id> task;
  friend auto operator<=>(const log_name&, const log_name&) = default;
};

class log_tail;

/// A subscription's place in its log. Everything in it but `alive` is guarded by its tail's lock.
struct log_cursor {
  std::uint64_t position = 0;
  message_filter filter;          ///< of a bus
  std::atomic<bool> alive{true};  ///< its subscription still stands
  bool informed = false;          ///< it was given entries, or the store was read for it, since it was made
  std::size_t max_bytes = 0;
  reply<log_chunk> handler;                                                  ///< set while a call of `next` is open
  std::optional<std::list<std::shared_ptr<log_cursor>>::iterator> waits_at;  ///< where it waits for publishing
};

class log_tail : public std::enable_shared_from_this<log_tail> {
 public:
  struct item {
    log_entry entry;
    std::shared_ptr<const message> value;  ///< of a bus
    bool last = false;
  };

  log_tail(log_name name, const store& from, executor& readers) : name_(name), from_(from), readers_(readers) {}

  /// Adds the entry that follows, and answers the cursors that wait for it.
  void publish(item added);
  /// Opens a call: answers it, or has it wait or read.
  void next(const std::shared_ptr<log_cursor>& cursor, std::size_t max_bytes, reply<log_chunk> handler);
  /// Ends a cursor: its open call is not answered.
  void drop(log_cursor& cursor);
  /// Answers every call with `ended` from now on.
  void close();

 private:
  using waiting_list = std::list<std::shared_ptr<log_cursor>>;
  enum class outcome : std::uint8_t { answer, wait, read };
  /// What is to be done for a cursor once the lock is released: an answer or, without a handler, a read.
  struct errand {
    std::shared_ptr<log_cursor> cursor;
    reply<log_chunk> handler;
    result<log_chunk> chunk;
  };
  /// What a read of the store found.
  struct found {
    std::vector<log_entry> entries;
    std::uint64_t scanned_to = 0;  ///< nothing else for the cursor up to here
    std::uint64_t last = 0;        ///< the log's last position in that snapshot
    bool ends = false;
  };

  // The lock is held in these.
  void wake(std::vector<errand>& errands);
  void settle(const std::shared_ptr<log_cursor>& cursor, std::vector<errand>& errands);
  outcome step(log_cursor& cursor, log_chunk& chunk) const;
  outcome judge(log_cursor& cursor, log_chunk& chunk) const;
  void take_from_tail(log_cursor& cursor, log_chunk& chunk) const;
  void take_found(log_cursor& cursor, found what, log_chunk& chunk);
  [[nodiscard]] bool at_end(const log_cursor& cursor) const noexcept;
  void learn(std::uint64_t last, bool ends) noexcept;
  void keep(item added);
  void trim();

  // It is not held in these.
  void run(std::vector<errand> errands);
  void read(const std::shared_ptr<log_cursor>& cursor);
  [[nodiscard]] result<found> look(std::uint64_t after, const message_filter& filter, std::size_t max_bytes) const;
  [[nodiscard]] result<found> look_at_journal(const snapshot& in, std::uint64_t after, std::size_t max_bytes) const;
  [[nodiscard]] result<found> look_at_bus(const snapshot& in, std::uint64_t after, const message_filter& filter,
                                          std::size_t max_bytes) const;

  const log_name name_;
  const store& from_;
  executor& readers_;

  std::mutex mutex_;
  std::deque<item> tail_;
  std::size_t tail_bytes_ = 0;
  std::optional<std::uint64_t> last_;
  bool ends_ = false;
  bool closed_ = false;
  waiting_list waiting_;
};

}  // namespace flotilla::storage
