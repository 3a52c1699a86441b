// The store port: an ordered key space with snapshot reads and atomic batches.
//
// It knows nothing of agents and tasks (that is records.hpp) and does not say that there is one process or one
// disk: the same port fits one table of a database. Keys and values are byte strings; keys are ordered as
// unsigned bytes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/result.hpp"

namespace flotilla::storage {

inline constexpr std::size_t max_batch_bytes = 32U << 20U;  ///< of one batch's keys and values

/// Which way a scan goes.
enum class direction : std::uint8_t { forward, backward };

/// A half-open range of keys [from, to). An empty `to` means: to the end of the key space.
struct key_range {
  std::string from;
  std::string to;
};

/// All keys that begin with a prefix.
[[nodiscard]] key_range keys_with_prefix(std::string_view prefix);

/// A consistent view of the store. It may be used by one thread at a time; its calls may block on the disk, so
/// they are made where blocking is allowed (see core/executor.hpp).
class snapshot {
 public:
  virtual ~snapshot() = default;

  /// The value of a key; nothing where there is none. Errors: unavailable (I/O), internal (damaged).
  [[nodiscard]] virtual result<std::optional<std::string>> get(std::string_view key) const = 0;

  /// Calls `visit(key, value)` for each pair of the range in order until it returns false or the range ends. The
  /// views are valid during the call only. Errors as for `get`.
  [[nodiscard]] virtual result<void> scan(
      const key_range& range, direction way,
      const std::function<bool(std::string_view, std::string_view)>& visit) const = 0;
};

/// What a log append may add to its batch once its position is known.
class appender {
 public:
  virtual ~appender() = default;
  virtual void put(std::string key, std::string value) = 0;
};

/// Writes that happen together or not at all. Plain data; one thread at a time.
///
/// Order of evaluation: all preconditions first, against the state before the batch; then erasures and puts in
/// the order in which they were added, a later one of the same key winning; then the increments, in order; then the
/// appends, in order.
class batch {
 public:
  struct write {
    std::string key;
    std::optional<std::string> value;  ///< nothing: erase
  };
  struct precondition {
    std::string key;
    std::optional<std::string> value;  ///< nothing: the key must be absent
  };
  /// Adds to counters that stand together under one key (see counters.hpp for their form; a counter that is not there
  /// is 0). So sums are exact although nobody reads them first: two batches that add to the same key do not conflict.
  struct increment {
    std::string key;
    std::vector<std::int64_t> deltas;  ///< by index
    /// The batch is refused with `errc::forbidden` if the counter at `index` would rise above `most`; a decrease is
    /// never refused.
    struct bound {
      std::size_t index = 0;
      std::uint64_t most = 0;
      std::string message;  ///< of the error, for people
    };
    std::optional<bound> at_most;
  };
  /// Takes the next position of a log and writes what belongs there. Logs are named by a key under which the
  /// store keeps the last position taken; the first is 1, and there are no gaps.
  struct log_append {
    std::string log;
    /// Called in commit order with the position, once the preconditions hold; must not block or throw. It runs
    /// in the store's writer lane.
    std::function<void(std::uint64_t position, appender& out)> render;
  };

  void put(std::string key, std::string value) { writes_.push_back({std::move(key), std::move(value)}); }
  void erase(std::string key) { writes_.push_back({std::move(key), std::nullopt}); }
  /// The batch is refused with `errc::conflict` unless the key has this value (nothing: is absent).
  void require(std::string key, std::optional<std::string> value) {
    preconditions_.push_back({std::move(key), std::move(value)});
  }
  void add(increment what) { increments_.push_back(std::move(what)); }
  void append(std::string log, std::function<void(std::uint64_t, appender&)> render) {
    appends_.push_back({std::move(log), std::move(render)});
  }

  [[nodiscard]] const std::vector<write>& writes() const noexcept { return writes_; }
  [[nodiscard]] const std::vector<precondition>& preconditions() const noexcept { return preconditions_; }
  [[nodiscard]] const std::vector<increment>& increments() const noexcept { return increments_; }
  [[nodiscard]] const std::vector<log_append>& appends() const noexcept { return appends_; }
  [[nodiscard]] bool empty() const noexcept {
    return writes_.empty() && appends_.empty() && increments_.empty() && preconditions_.empty();
  }

 private:
  std::vector<write> writes_;
  std::vector<precondition> preconditions_;
  std::vector<increment> increments_;
  std::vector<log_append> appends_;
};

/// When a commit is answered.
enum class durability : std::uint8_t {
  buffered,  ///< when it is applied: it survives the end of the process, not that of the machine
  synced,    ///< when it, and every commit before it, has reached the disk
};

/// What is known of the store's health.
struct store_health {
  bool writable = true;
  std::string reason;  ///< why not; for people; no path of the host
};

/// Is told of commits, for measurements. Called from the store's own threads; must not block.
class store_observer {
 public:
  virtual ~store_observer() = default;
  /// A group of batches was written; `took` is the time of the write, its sync included where `synced`.
  virtual void on_group(std::size_t batches, std::size_t bytes, bool synced, std::chrono::nanoseconds took) = 0;
  /// A batch waited so long from `commit` to its answer.
  virtual void on_commit(std::chrono::nanoseconds took) = 0;
};

/// An ordered key space. All calls may be made from any thread.
class store {
 public:
  virtual ~store() = default;

  /// The state as of all commits answered so far. Errors: unavailable.
  [[nodiscard]] virtual result<std::unique_ptr<storage::snapshot>> snapshot() const = 0;

  /// Commits a batch and calls `done` once, in the order of the commits, from the store's writer lane (which
  /// must not be blocked) or from within this call. Batches are applied in the order in which one thread commits
  /// them. Never blocks on the disk.
  ///
  /// Errors: conflict (a precondition does not hold), forbidden (an increment's bound), too_large (over
  /// `max_batch_bytes`), unavailable (no space, I/O; the queue of waiting batches is full; nothing of the batch is
  /// applied), internal.
  virtual void commit(batch changes, durability level, reply<void> done) = 0;

  [[nodiscard]] virtual store_health health() const = 0;

  /// Makes a directory, which must not be there, and in it a store of the same kind that holds every commit answered
  /// before the call; of later ones it holds those up to some moment. Writing goes on meanwhile. Where the file
  /// system can, the two stores share files that neither changes, so that it takes neither long nor much room. Blocks
  /// on the disk. What it leaves behind where it fails is the caller's to remove. Errors: invalid (this kind of store
  /// is not on a disk), unavailable (no space, I/O; the store cannot be written).
  [[nodiscard]] virtual result<void> checkpoint(const std::filesystem::path& directory) const;
};

}  // namespace flotilla::storage
