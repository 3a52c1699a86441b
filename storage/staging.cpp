#include "storage/staging.hpp"

#include <algorithm>

#include "storage/codec.hpp"
#include "storage/counters.hpp"

namespace flotilla::storage {

std::size_t size_of(const batch& changes) noexcept {
  std::size_t bytes = 0;
  for (const auto& write : changes.writes()) bytes += write.key.size() + (write.value ? write.value->size() : 0);
  for (const auto& condition : changes.preconditions()) {
    bytes += condition.key.size() + (condition.value ? condition.value->size() : 0);
  }
  for (const auto& counted : changes.increments()) {
    bytes += counted.key.size() + counted.deltas.size() * sizeof(std::uint64_t);
  }
  return bytes;
}

error batch_too_large() {
  return {errc::too_large, "This change is too large to be stored at once.", std::nullopt};
}

/// Collects what one append of a log adds.
class staging::renderer final : public appender {
 public:
  renderer(staging& owner, std::vector<change>& into) : owner_(owner), into_(into) {}
  void put(std::string key, std::string value) override {
    const auto kept_key = owner_.keep(std::move(key));
    into_.emplace_back(kept_key, owner_.keep(std::move(value)));
  }

 private:
  staging& owner_;
  std::vector<change>& into_;
};

result<void> staging::add(const batch& changes) {
  if (auto holds = check(changes); !holds) return holds;
  std::vector<change> added;
  added.reserve(changes.writes().size() + changes.increments().size() + 8 * changes.appends().size());
  for (const auto& write : changes.writes()) {
    added.emplace_back(write.key, write.value ? std::optional<std::string_view>(*write.value) : std::nullopt);
  }
  if (auto done = count(changes, added); !done) return done;
  if (auto done = render(changes, added); !done) return done;
  std::size_t bytes = 0;
  for (const auto& [key, value] : added) bytes += key.size() + (value ? value->size() : 0);
  if (bytes > max_batch_bytes) return fail(batch_too_large());
  for (const auto& [key, value] : added) newest_[key] = value;
  changes_.insert(changes_.end(), added.begin(), added.end());
  return {};
}

result<std::optional<std::string>> staging::read(std::string_view key) const {
  const auto found = newest_.find(key);
  if (found == newest_.end()) return base_(key);
  if (!found->second) return std::nullopt;
  return std::string(*found->second);
}

result<void> staging::check(const batch& changes) const {
  for (const auto& condition : changes.preconditions()) {
    const auto stands = read(condition.key);
    if (!stands) return fail(stands.error());
    if (*stands != condition.value) return fail(errc::conflict, "The object was changed by someone else meanwhile.");
  }
  return {};
}

result<void> staging::count(const batch& changes, std::vector<change>& into) {
  for (const auto& each : changes.increments()) {
    // What the batch itself wrote there comes first. It has few writes: looking through them is cheaper than a map.
    const auto own =
        std::find_if(into.rbegin(), into.rend(), [&each](const change& one) { return one.first == each.key; });
    result<std::optional<std::string>> before;
    if (own == into.rend()) {
      before = read(each.key);
    } else if (own->second) {
      before = std::string(*own->second);
    }
    if (!before) return fail(std::move(before.error()));
    auto after = incremented(*before, each);
    if (!after) return fail(std::move(after.error()));
    into.emplace_back(each.key, keep(std::move(*after)));
  }
  return {};
}

result<void> staging::render(const batch& changes, std::vector<change>& into) {
  std::unordered_map<std::string_view, std::uint64_t> heads;
  renderer out(*this, into);
  for (const auto& append : changes.appends()) {
    auto head = heads.find(append.log);
    if (head == heads.end()) {
      const auto bytes = read(append.log);
      if (!bytes) return fail(bytes.error());
      const auto last = decode_log_head(*bytes);
      if (!last) return fail(last.error());
      head = heads.emplace(append.log, *last).first;
    }
    append.render(++head->second, out);
  }
  for (const auto& [log, last] : heads) into.emplace_back(log, keep(encode_log_head(last)));
  return {};
}

std::string_view staging::keep(std::string bytes) {
  return rendered_.emplace_back(std::move(bytes));
}

}  // namespace flotilla::storage
