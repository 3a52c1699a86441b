// Server-sent events (WHATWG HTML, section 9.2) out of a subscription.
//
// A stream is a cursor and at most one write in flight: when a write is through it asks the log for all that
// follows, up to `max_flush_bytes`, and sends that in one write. So a burst batches by itself, and a reader that
// has stopped costs one write and the cursor.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "flotilla/id.hpp"
#include "flotilla/stream.hpp"
#include "http/exchange.hpp"

namespace flotilla::http {

inline constexpr std::size_t max_flush_bytes = 64U << 10U;  ///< of JSON, asked of the log for one write

/// Entries as SSE: "id: <seq>", one "data:" line, an empty line, for each; no "event:" line.
[[nodiscard]] std::string to_sse(const log_chunk& chunk);
/// What a silent stream sends so that it is not taken for dead.
inline constexpr std::string_view sse_comment = ":\n\n";
/// Revocations that a stream which is being opened is held against. Who takes longer than that many is refused.
inline constexpr std::size_t remembered_revocations = 256;

class stream_registry;

/// One open stream. Thread-safe; the registry keeps it until it has ended.
class event_stream : public std::enable_shared_from_this<event_stream> {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  event_stream(exchange_ptr client, stream_registry& home) noexcept;

  /// Sends the headers and a first comment, and begins to read the log. Once.
  void begin(std::shared_ptr<subscription> source);
  /// Sends a comment if nothing was sent since `silent_since` and nothing is being sent.
  void keep_alive(time_point silent_since);
  /// The client has gone: drops the subscription.
  void abandon();
  /// Ends regularly, behind the entry that is being sent.
  void end();
  /// Cuts it off: its token was revoked. Of what is in the log no more is sent than what is being sent already.
  void revoke();

  [[nodiscard]] connection_id connection() const { return client_->connection(); }
  [[nodiscard]] token_id owner() const { return client_->who.token; }

 private:
  void ask();
  void take(result<log_chunk> given);
  void written(bool ok);
  [[nodiscard]] write_handler when_written();
  void start_write();  // the lock is held
  void close();

  const exchange_ptr client_;
  stream_registry& home_;
  std::mutex guard_;  // held for a few assignments, never over a call to the outside
  std::shared_ptr<subscription> source_;
  std::optional<result<log_chunk>> held_;  // came while a write was in flight
  time_point last_write_;
  bool asking_ = false;   // the log was asked and has not answered, or its answer is held
  bool writing_ = true;   // a write is in flight; true until `begin` has sent the first one
  bool ending_ = false;   // `end` was called
  bool revoked_ = false;  // `revoke` was called
  bool closed_ = false;
};

/// All open streams: bounds them, wakes them, finds those of a connection. Thread-safe. Must outlive its streams.
class stream_registry {
 public:
  explicit stream_registry(std::size_t max_per_token) noexcept : max_per_token_(max_per_token) {}

  /// Opens a stream over a subscription, or answers 401 (its token was revoked since the client was let in), 429 (too
  /// many of this token) or 503 (closed).
  void open(const exchange_ptr& client, std::shared_ptr<subscription> source);
  /// May this token open one more? For a refusal before any work is done for it.
  [[nodiscard]] result<void> check_room(token_id who) const;
  /// How many tokens were revoked so far.
  [[nodiscard]] std::uint64_t revocations() const;
  /// Notes that a token was revoked: from now on nobody who was let in with it before opens a stream.
  void note_revoked(token_id which);
  /// Cuts off the streams that a token had opened.
  void cut_off(token_id which);
  /// A connection has closed: abandons its streams.
  void connection_closed(connection_id which);
  /// Sends the comments of those that are silent since `silent_since`.
  void keep_alive(event_stream::time_point silent_since);
  /// Ends all, and opens no more.
  void end_all();
  /// Drops all, and opens no more.
  void abandon_all();
  /// Opens no more.
  void refuse_new();
  [[nodiscard]] std::size_t size() const;

 private:
  friend class event_stream;
  [[nodiscard]] result<void> room_for(token_id who) const;                             // the lock is held
  [[nodiscard]] bool was_revoked(token_id which, std::uint64_t since) const noexcept;  // the lock is held
  void forget(const event_stream& which);
  [[nodiscard]] std::vector<std::shared_ptr<event_stream>> all() const;

  const std::size_t max_per_token_;
  mutable std::mutex guard_;
  std::unordered_multimap<connection_id, std::shared_ptr<event_stream>> streams_;
  std::unordered_map<token_id, std::size_t> per_token_;
  std::array<token_id, remembered_revocations> revoked_;  // the newest, in a ring
  std::uint64_t revocations_ = 0;
  bool closed_ = false;
};

}  // namespace flotilla::http
