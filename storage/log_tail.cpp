#include "storage/log_tail.hpp"

#include <algorithm>
#include <utility>

#include "core/bus_types.hpp"
#include "storage/log_hub.hpp"
#include "storage/records.hpp"

namespace flotilla::storage {
namespace {

bool is_last(const event& value) {
  return value.type == event_type::status && run_status::is_last(value.text);
}

/// Adds an entry unless the chunk is full; an empty one takes an entry of any size.
bool add(log_chunk& chunk, std::size_t& bytes, std::size_t max_bytes, const log_entry& entry) {
  if (!chunk.entries.empty() && bytes + entry.json->size() > max_bytes) return false;
  bytes += entry.json->size();
  chunk.entries.push_back(entry);
  return true;
}

}  // namespace

void log_tail::publish(item added) {
  std::vector<errand> errands;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    learn(added.entry.seq, added.last);
    keep(std::move(added));
    wake(errands);
    trim();
  }
  run(std::move(errands));
}

void log_tail::next(const std::shared_ptr<log_cursor>& cursor, std::size_t max_bytes, reply<log_chunk> handler) {
  std::vector<errand> errands;
  {
    const std::lock_guard lock(mutex_);
    cursor->max_bytes = max_bytes;
    cursor->handler = std::move(handler);
    settle(cursor, errands);
  }
  run(std::move(errands));
}

void log_tail::drop(log_cursor& cursor) {
  reply<log_chunk> unanswered;  // destroyed without the lock: it may own anything
  const std::lock_guard lock(mutex_);
  cursor.alive = false;
  if (cursor.waits_at) waiting_.erase(*cursor.waits_at);
  cursor.waits_at.reset();
  std::swap(unanswered, cursor.handler);
}

void log_tail::close() {
  std::vector<errand> errands;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    wake(errands);
  }
  run(std::move(errands));
}

void log_tail::run(std::vector<errand> errands) {
  for (auto& each : errands) {
    if (!each.cursor->alive) continue;  // perhaps an earlier handler has just dropped it
    if (each.handler) {
      each.handler(std::move(each.chunk));
    } else {
      readers_.run([self = shared_from_this(), cursor = each.cursor] { self->read(cursor); });
    }
  }
}

// Settles all that wait; who finds nothing waits again.
void log_tail::wake(std::vector<errand>& errands) {
  waiting_list woken;
  woken.swap(waiting_);
  errands.reserve(woken.size());
  for (const auto& cursor : woken) {
    cursor->waits_at.reset();
    settle(cursor, errands);
  }
}

// Answers the cursor's open call, or has it wait or read.
void log_tail::settle(const std::shared_ptr<log_cursor>& cursor, std::vector<errand>& errands) {
  log_chunk chunk;
  const auto now = step(*cursor, chunk);
  if (now == outcome::wait) {
    cursor->waits_at = waiting_.insert(waiting_.end(), cursor);
    return;
  }
  auto handler = now == outcome::answer ? std::exchange(cursor->handler, nullptr) : nullptr;
  errands.push_back({cursor, std::move(handler), std::move(chunk)});
}

log_tail::outcome log_tail::step(log_cursor& cursor, log_chunk& chunk) const {
  take_from_tail(cursor, chunk);
  return judge(cursor, chunk);
}

// What comes of a call to which the chunk is all there is to give at the moment.
log_tail::outcome log_tail::judge(log_cursor& cursor, log_chunk& chunk) const {
  if (!chunk.entries.empty()) cursor.informed = true;
  const bool ended = at_end(cursor) && ends_;
  // That a log has ended is believed only by a cursor that has looked since it was made: a new attempt may have
  // been committed before this subscription, and be published after it.
  chunk.ended = closed_ || (ended && cursor.informed);
  if (chunk.ended || !chunk.entries.empty()) return outcome::answer;
  return at_end(cursor) && !ended ? outcome::wait : outcome::read;
}

void log_tail::take_from_tail(log_cursor& cursor, log_chunk& chunk) const {
  if (tail_.empty() || cursor.position + 1 < tail_.front().entry.seq) return;
  const auto skipped = std::min<std::uint64_t>(cursor.position + 1 - tail_.front().entry.seq, tail_.size());
  std::size_t bytes = 0;
  for (auto at = tail_.begin() + static_cast<std::ptrdiff_t>(skipped); at != tail_.end(); ++at) {
    const bool wanted = !at->value || matches(cursor.filter, *at->value);
    if (wanted && !add(chunk, bytes, cursor.max_bytes, at->entry)) return;
    cursor.position = at->entry.seq;
  }
}

bool log_tail::at_end(const log_cursor& cursor) const noexcept {
  return last_ && cursor.position >= *last_;
}

void log_tail::learn(std::uint64_t last, bool ends) noexcept {
  if (last_ && last < *last_) return;
  last_ = last;
  ends_ = ends;
}

void log_tail::keep(item added) {
  if (!tail_.empty() && added.entry.seq != tail_.back().entry.seq + 1) {
    if (added.entry.seq <= tail_.back().entry.seq) return;  // published twice
    tail_.clear();  // never seen of a correct publisher; what is missing is read from the store
    tail_bytes_ = 0;
  }
  tail_bytes_ += added.entry.json->size();
  tail_.push_back(std::move(added));
}

void log_tail::trim() {
  while (tail_bytes_ > max_tail_bytes) {
    tail_bytes_ -= tail_.front().entry.json->size();
    tail_.pop_front();
  }
}

// On the executor: looks in the store for what follows a cursor whose call is open.
void log_tail::read(const std::shared_ptr<log_cursor>& cursor) {
  std::uint64_t after = 0;
  std::size_t max_bytes = 0;
  message_filter filter;
  {
    const std::lock_guard lock(mutex_);
    if (!cursor->alive) return;
    after = cursor->position;
    max_bytes = cursor->max_bytes;
    filter = cursor->filter;
  }
  auto what = look(after, filter, max_bytes);
  std::vector<errand> errands;
  {
    const std::lock_guard lock(mutex_);
    if (!cursor->alive) return;
    if (!what) {
      errands.push_back({cursor, std::exchange(cursor->handler, nullptr), fail(std::move(what.error()))});
    } else {
      log_chunk chunk;
      take_found(*cursor, std::move(*what), chunk);
      if (judge(*cursor, chunk) == outcome::answer) {
        errands.push_back({cursor, std::exchange(cursor->handler, nullptr), std::move(chunk)});
      } else {
        settle(cursor, errands);  // something may have been published meanwhile
      }
    }
  }
  run(std::move(errands));
}

void log_tail::take_found(log_cursor& cursor, found what, log_chunk& chunk) {
  chunk.entries = std::move(what.entries);
  cursor.position = what.scanned_to;
  cursor.informed = true;
  learn(what.last, what.ends);
}

result<log_tail::found> log_tail::look(std::uint64_t after, const message_filter& filter,
                                       std::size_t max_bytes) const {
  const auto now = from_.snapshot();
  if (!now) return fail(now.error());
  return name_.task ? look_at_journal(**now, after, max_bytes) : look_at_bus(**now, after, filter, max_bytes);
}

result<log_tail::found> log_tail::look_at_journal(const snapshot& in, std::uint64_t after,
                                                  std::size_t max_bytes) const {
  auto entries = read_events(in, name_.org, *name_.task, after, max_bytes);
  if (!entries) return fail(std::move(entries.error()));
  const auto newest = read_last_event(in, name_.org, *name_.task);
  if (!newest) return fail(newest.error());
  const auto last = *newest ? (*newest)->seq : 0;
  const auto scanned_to = entries->empty() ? std::max(after, last) : entries->back().seq;
  return found{std::move(*entries), scanned_to, last, *newest && is_last(**newest)};
}

result<log_tail::found> log_tail::look_at_bus(const snapshot& in, std::uint64_t after, const message_filter& filter,
                                              std::size_t max_bytes) const {
  auto slice = read_messages(in, name_.org, filter, after, max_bytes);
  if (!slice) return fail(std::move(slice.error()));
  const auto last = last_message_seq(in, name_.org);
  if (!last) return fail(last.error());
  found what{{}, slice->scanned_to, *last, false};
  what.entries.reserve(slice->entries.size());
  for (auto& each : slice->entries) what.entries.push_back(std::move(each.entry));
  return what;
}

}  // namespace flotilla::storage
