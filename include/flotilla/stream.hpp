// A watcher of a log: a cursor, not a queue.
//
// A subscription holds a position in a task's journal or an org's bus. It takes what stands behind that
// position when its owner asks for it, from a shared in-memory tail of the log or, where it fell behind, from
// the store. A watcher that stops asking costs the cursor and loses nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "flotilla/result.hpp"

namespace flotilla {

/// One entry of a log: its position and its JSON, the same bytes every time it is read.
struct log_entry {
  std::uint64_t seq = 0;
  std::shared_ptr<const std::string> json;
};

/// What a subscription gives at a time.
struct log_chunk {
  std::vector<log_entry> entries;  ///< in order, without gaps for a task's journal; may be empty when `ended`
  /// Nothing follows: the task is done, in error or waiting and `entries` reaches its last event, or the
  /// runtime is shutting down.
  bool ended = false;
};

/// A cursor into a log. Destroying it ends it; a handler that waits is then not called any more, except where
/// the call had already begun.
class subscription {
 public:
  virtual ~subscription() = default;

  /// Asks for what follows the cursor, and moves the cursor behind what is given: at most `max_bytes` of JSON,
  /// but at least one entry. The handler is called once, as soon as there is something, from a thread of the
  /// runtime or from within this call. It must not block.
  ///
  /// Precondition: no other call of `next` on this subscription is waiting.
  /// Errors: `errc::unavailable` where the store cannot be read.
  virtual void next(std::size_t max_bytes, reply<log_chunk> handler) = 0;
};

}  // namespace flotilla
