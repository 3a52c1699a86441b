#include "storage/memory/memory_store.hpp"

#include <deque>
#include <mutex>

#include "storage/memory/persistent_map.hpp"
#include "storage/staging.hpp"

namespace flotilla::storage {
namespace {

class memory_snapshot final : public snapshot {
 public:
  explicit memory_snapshot(persistent_map version) : version_(std::move(version)) {}

  result<std::optional<std::string>> get(std::string_view key) const override {
    const auto* value = version_.find(key);
    if (value == nullptr) return std::nullopt;
    return *value;
  }

  result<void> scan(const key_range& range, direction way,
                    const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    version_.scan(range, way, visit);
    return {};
  }

 private:
  persistent_map version_;
};

class memory_store final : public store {
 public:
  result<std::unique_ptr<storage::snapshot>> snapshot() const override {
    return std::make_unique<memory_snapshot>(version());
  }

  void commit(batch changes, durability /*level*/, reply<void> done) override {
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back({std::move(changes), std::move(done)});
      if (draining_) return;
      draining_ = true;
    }
    drain();
  }

  store_health health() const override { return {}; }

 private:
  struct job {
    batch changes;
    reply<void> done;
  };

  persistent_map version() const {
    const std::lock_guard lock(mutex_);
    return version_;
  }

  // Carries out and answers what waits, one after another, until nothing does. Only one thread is in here.
  void drain() {
    for (;;) {
      job next;
      {
        const std::lock_guard lock(mutex_);
        if (waiting_.empty()) {
          draining_ = false;
          return;
        }
        next = std::move(waiting_.front());
        waiting_.pop_front();
      }
      next.done(apply(next.changes));
    }
  }

  result<void> apply(const batch& changes) {
    if (size_of(changes) > max_batch_bytes) return fail(batch_too_large());
    auto version = this->version();
    staging staged([&version](std::string_view key) -> result<std::optional<std::string>> {
      const auto* value = version.find(key);
      return value == nullptr ? std::nullopt : std::optional(*value);
    });
    if (auto added = staged.add(changes); !added) return added;
    auto changed = version;
    for (const auto& [key, value] : staged.changes()) {
      changed = value ? changed.with(key, *value) : changed.without(key);
    }
    const std::lock_guard lock(mutex_);
    version_ = std::move(changed);
    return {};
  }

  mutable std::mutex mutex_;
  persistent_map version_;
  std::deque<job> waiting_;
  bool draining_ = false;
};

}  // namespace

std::unique_ptr<store> make_memory_store() {
  return std::make_unique<memory_store>();
}

}  // namespace flotilla::storage
