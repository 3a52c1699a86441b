// The life of a stream: ask, write, ask again.
#include "http/sse.hpp"

#include <utility>
#include <vector>

namespace flotilla::http {
namespace {

const error revoked_token{errc::unauthorized, "the token is not valid any more", {}};

}  // namespace

std::string to_sse(const log_chunk& chunk) {
  constexpr std::size_t frame_bytes = 40;  // "id: ", a position, "data: " and three line ends
  std::size_t size = 0;
  for (const auto& entry : chunk.entries) size += entry.json->size() + frame_bytes;
  std::string text;
  text.reserve(size);
  for (const auto& entry : chunk.entries) {
    text += "id: ";
    text += std::to_string(entry.seq);
    text += "\ndata: ";
    text += *entry.json;
    text += "\n\n";
  }
  return text;
}

event_stream::event_stream(exchange_ptr client, stream_registry& home) noexcept
    : client_(std::move(client)), home_(home) {
}

void event_stream::begin(std::shared_ptr<subscription> source) {
  bool refused = false;
  {
    const std::lock_guard lock(guard_);
    if (closed_) return;
    refused = revoked_;
    if (!refused) {
      source_ = std::move(source);
      start_write();
    }
  }
  if (refused) {
    client_->answer(error_response(revoked_token));
    return close();
  }
  client_->begin_stream(std::string(sse_comment), when_written());
  ask();
}

write_handler event_stream::when_written() {
  return [self = shared_from_this()](bool ok) { self->written(ok); };
}

void event_stream::ask() {
  std::shared_ptr<subscription> source;
  {
    const std::lock_guard lock(guard_);
    // One question at a time: the write that `begin` has started may be through before `begin` asks.
    if (closed_ || revoked_ || std::exchange(asking_, true)) return;
    source = source_;
  }
  source->next(max_flush_bytes, [weak = weak_from_this()](result<log_chunk> given) {
    if (const auto self = weak.lock()) self->take(std::move(given));
  });
}

void event_stream::take(result<log_chunk> given) {
  {
    const std::lock_guard lock(guard_);
    if (closed_ || revoked_) return;
    if (writing_) {
      held_ = std::move(given);
      return;
    }
    start_write();
    asking_ = false;
  }
  if (!given) {
    client_->cut();  // the client comes back with Last-Event-ID once the store can be read again
    close();
  } else if (given->ended) {
    client_->finish(to_sse(*given));
    close();
  } else {
    client_->write(to_sse(*given), when_written());
  }
}

void event_stream::written(bool ok) {
  std::optional<result<log_chunk>> next;
  bool idle = false;
  bool ending = false;
  bool revoked = false;
  {
    const std::lock_guard lock(guard_);
    if (closed_) return;
    writing_ = false;
    revoked = revoked_;
    next = std::exchange(held_, std::nullopt);
    idle = !asking_;
    ending = ending_;
  }
  if (!ok) return close();
  if (revoked) return revoke();
  if (next) return take(std::move(*next));
  if (ending) return end();
  if (idle) ask();
}

void event_stream::keep_alive(time_point silent_since) {
  {
    const std::lock_guard lock(guard_);
    if (closed_ || writing_ || last_write_ > silent_since) return;
    start_write();
  }
  client_->write(std::string(sse_comment), when_written());
}

void event_stream::end() {
  {
    const std::lock_guard lock(guard_);
    ending_ = true;
    if (closed_ || revoked_ || writing_) return;  // `written` comes back here
    start_write();
  }
  client_->finish({});
  close();
}

void event_stream::revoke() {
  std::shared_ptr<subscription> source;  // ends outside the lock
  {
    const std::lock_guard lock(guard_);
    revoked_ = true;
    source = std::move(source_);
    held_.reset();
    if (closed_ || writing_) return;  // `written`, or `begin`, comes back here
    start_write();
  }
  client_->cut();
  close();
}

void event_stream::abandon() {
  close();
}

void event_stream::start_write() {
  writing_ = true;
  last_write_ = std::chrono::steady_clock::now();
}

void event_stream::close() {
  std::shared_ptr<subscription> source;  // ends outside the lock
  std::optional<result<log_chunk>> held;
  {
    const std::lock_guard lock(guard_);
    if (std::exchange(closed_, true)) return;
    source = std::move(source_);
    held = std::exchange(held_, std::nullopt);
  }
  home_.forget(*this);
}

result<void> stream_registry::check_room(token_id who) const {
  const std::lock_guard lock(guard_);
  return room_for(who);
}

result<void> stream_registry::room_for(token_id who) const {
  if (closed_) return fail(errc::unavailable, "the server is shutting down");
  const auto mine = per_token_.find(who);
  if (mine == per_token_.end() || mine->second < max_per_token_) return {};
  return fail(errc::rate_limited,
              "too many streams are open with this token: at most " + std::to_string(max_per_token_));
}

void stream_registry::open(const exchange_ptr& client, std::shared_ptr<subscription> source) {
  result<void> room;
  std::shared_ptr<event_stream> opened;
  {
    const std::lock_guard lock(guard_);
    room = room_for(client->who.token);
    if (was_revoked(client->who.token, client->let_in_at)) room = fail(revoked_token);
    if (room) {
      opened = std::make_shared<event_stream>(client, *this);
      streams_.emplace(client->connection(), opened);
      ++per_token_[client->who.token];
    }
  }
  if (!room) return client->answer(error_response(room.error()));
  opened->begin(std::move(source));
}

std::uint64_t stream_registry::revocations() const {
  const std::lock_guard lock(guard_);
  return revocations_;
}

bool stream_registry::was_revoked(token_id which, std::uint64_t since) const noexcept {
  if (revocations_ - since > remembered_revocations) return true;  // it may have been
  for (auto at = since; at < revocations_; ++at) {
    if (revoked_[at % remembered_revocations] == which) return true;
  }
  return false;
}

void stream_registry::note_revoked(token_id which) {
  const std::lock_guard lock(guard_);
  revoked_[revocations_ % remembered_revocations] = which;
  ++revocations_;
}

void stream_registry::cut_off(token_id which) {
  for (const auto& stream : all()) {
    if (stream->owner() == which) stream->revoke();
  }
}

void stream_registry::forget(const event_stream& which) {
  std::shared_ptr<event_stream> last;  // ends outside the lock
  const std::lock_guard lock(guard_);
  const auto [first, behind] = streams_.equal_range(which.connection());
  for (auto at = first; at != behind; ++at) {
    if (at->second.get() != &which) continue;
    last = std::move(at->second);
    streams_.erase(at);
    const auto mine = per_token_.find(which.owner());
    if (--mine->second == 0) per_token_.erase(mine);
    return;
  }
}

std::vector<std::shared_ptr<event_stream>> stream_registry::all() const {
  const std::lock_guard lock(guard_);
  std::vector<std::shared_ptr<event_stream>> found;
  found.reserve(streams_.size());
  for (const auto& [connection, stream] : streams_) found.push_back(stream);
  return found;
}

void stream_registry::connection_closed(connection_id which) {
  std::vector<std::shared_ptr<event_stream>> gone;
  {
    const std::lock_guard lock(guard_);
    const auto [first, behind] = streams_.equal_range(which);
    for (auto at = first; at != behind; ++at) gone.push_back(at->second);
  }
  for (const auto& stream : gone) stream->abandon();
}

void stream_registry::keep_alive(event_stream::time_point silent_since) {
  for (const auto& stream : all()) stream->keep_alive(silent_since);
}

void stream_registry::refuse_new() {
  const std::lock_guard lock(guard_);
  closed_ = true;
}

void stream_registry::end_all() {
  refuse_new();
  for (const auto& stream : all()) stream->end();
}

void stream_registry::abandon_all() {
  refuse_new();
  for (const auto& stream : all()) stream->abandon();
}

std::size_t stream_registry::size() const {
  const std::lock_guard lock(guard_);
  return streams_.size();
}

}  // namespace flotilla::http
