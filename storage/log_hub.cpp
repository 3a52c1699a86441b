#include "storage/log_hub.hpp"

#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "storage/log_tail.hpp"

namespace flotilla::storage {

/// The watched logs. A log is here as long as it has a subscription.
struct log_hub::state {
  struct watched {
    std::shared_ptr<log_tail> tail;
    std::size_t watchers = 0;
  };

  state(const store& kept, executor& pool) : from(kept), readers(pool) {}

  std::shared_ptr<log_tail> find(const log_name& name) {
    const std::lock_guard lock(mutex);
    const auto found = logs.find(name);
    return found == logs.end() ? nullptr : found->second.tail;
  }

  std::shared_ptr<log_tail> join(const log_name& name) {
    const std::lock_guard lock(mutex);
    auto& log = logs[name];
    if (!log.tail) {
      log.tail = std::make_shared<log_tail>(name, from, readers);
      if (closed) log.tail->close();  // nobody waits in it yet: no handler is called
    }
    ++log.watchers;
    ++watchers;
    return log.tail;
  }

  void leave(const log_name& name) {
    std::shared_ptr<log_tail> unused;  // destroyed without the lock
    const std::lock_guard lock(mutex);
    --watchers;
    const auto found = logs.find(name);
    if (--found->second.watchers > 0) return;
    unused = std::move(found->second.tail);
    logs.erase(found);
  }

  const store& from;
  executor& readers;
  std::mutex mutex;
  std::map<log_name, watched> logs;  // these three: guarded by mutex
  std::size_t watchers = 0;
  bool closed = false;
};

namespace {

/// Ties a cursor to its owner. `State` is the hub's, whose name is private to it.
template <class State>
class hub_subscription final : public subscription {
 public:
  hub_subscription(std::shared_ptr<State> hub, const log_name& name, message_filter filter, std::uint64_t after)
      : hub_(std::move(hub)), name_(name), tail_(hub_->join(name)), cursor_(std::make_shared<log_cursor>()) {
    cursor_->position = after;
    cursor_->filter = std::move(filter);
  }
  ~hub_subscription() override {
    tail_->drop(*cursor_);
    hub_->leave(name_);
  }
  hub_subscription(const hub_subscription&) = delete;
  hub_subscription& operator=(const hub_subscription&) = delete;

  void next(std::size_t max_bytes, reply<log_chunk> handler) override {
    // Kept here too: a handler that is called within may destroy this subscription.
    const auto tail = tail_;
    const auto cursor = cursor_;
    tail->next(cursor, max_bytes, std::move(handler));
  }

 private:
  const std::shared_ptr<State> hub_;
  const log_name name_;
  const std::shared_ptr<log_tail> tail_;
  const std::shared_ptr<log_cursor> cursor_;
};

}  // namespace

log_hub::log_hub(const store& from, executor& readers) : state_(std::make_shared<state>(from, readers)) {
}

log_hub::~log_hub() {
  close();
}

void log_hub::publish_event(org_id org, task_id task, log_entry entry, bool last) {
  if (const auto tail = state_->find({org, task})) tail->publish({std::move(entry), nullptr, last});
}

void log_hub::publish_message(org_id org, bus_entry entry) {
  if (const auto tail = state_->find({org, std::nullopt})) {
    tail->publish({std::move(entry.entry), std::move(entry.value), false});
  }
}

std::shared_ptr<subscription> log_hub::watch_task(org_id org, task_id task, event_seq after) {
  return std::make_shared<hub_subscription<state>>(state_, log_name{org, task}, message_filter{}, after);
}

std::shared_ptr<subscription> log_hub::watch_bus(org_id org, message_filter filter, message_seq after) {
  return std::make_shared<hub_subscription<state>>(state_, log_name{org, std::nullopt}, std::move(filter), after);
}

void log_hub::close() {
  std::vector<std::shared_ptr<log_tail>> tails;
  {
    const std::lock_guard lock(state_->mutex);
    state_->closed = true;
    for (const auto& [name, log] : state_->logs) tails.push_back(log.tail);
  }
  for (const auto& tail : tails) tail->close();
}

std::size_t log_hub::watchers() const {
  const std::lock_guard lock(state_->mutex);
  return state_->watchers;
}

}  // namespace flotilla::storage
