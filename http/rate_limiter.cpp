// The token bucket: level and time of the last look; it fills when it is looked at.
#include "http/rate_limiter.hpp"

#include <algorithm>
#include <cmath>

namespace flotilla::http {
namespace {

constexpr double seconds_a_minute = 60;
/// A level this near to one counts as one: whoever waited as long as told must not fail by a rounding.
constexpr double rounding = 1e-6;
/// A shard that is at its size is looked through at most this often.
constexpr std::chrono::seconds sweep_period{1};

}  // namespace

template <class Key>
double rate_limiter<Key>::level_at(const bucket& of, time_point now) const noexcept {
  const std::chrono::duration<double> passed = now - of.filled_at;
  return std::min<double>(limit_, of.level + std::max(passed.count(), 0.0) * limit_ / seconds_a_minute);
}

template <class Key>
void rate_limiter<Key>::make_room(shard& in, time_point now) const {
  if (now - in.swept_at >= sweep_period) {
    in.swept_at = now;
    std::erase_if(in.buckets, [&](const auto& entry) { return level_at(entry.second, now) >= limit_; });
  }
  // All of them in use within the minute: one starts anew, which grants it at most one minute's requests more.
  if (in.buckets.size() >= max_buckets_per_shard) in.buckets.erase(in.buckets.begin());
}

template <class Key>
std::optional<allowance> rate_limiter<Key>::take(const Key& who, time_point now) {
  if (limit_ == 0) return std::nullopt;
  auto& home = shards_[std::hash<Key>{}(who) % shard_count];
  const std::lock_guard lock(home.guard);
  auto found = home.buckets.find(who);
  if (found == home.buckets.end()) {
    if (home.buckets.size() >= max_buckets_per_shard) make_room(home, now);
    found = home.buckets.emplace(who, bucket{static_cast<double>(limit_), now}).first;
  }
  auto& mine = found->second;
  mine.level = level_at(mine, now);
  mine.filled_at = std::max(mine.filled_at, now);

  allowance answer;
  answer.limit = limit_;
  answer.granted = mine.level >= 1 - rounding;
  const auto seconds_a_request = seconds_a_minute / limit_;
  if (answer.granted) {
    mine.level = std::max(mine.level - 1, 0.0);
  } else {
    const std::chrono::duration<double> wait((1 - mine.level) * seconds_a_request);
    answer.retry_after = std::chrono::ceil<std::chrono::milliseconds>(wait);
  }
  answer.remaining = static_cast<std::uint32_t>(mine.level);
  answer.reset = std::chrono::ceil<std::chrono::seconds>(
      std::chrono::duration<double>((limit_ - mine.level) * seconds_a_request));
  return answer;
}

template <class Key>
std::size_t rate_limiter<Key>::size() const {
  std::size_t total = 0;
  for (const auto& part : shards_) {
    const std::lock_guard lock(part.guard);
    total += part.buckets.size();
  }
  return total;
}

template class rate_limiter<token_id>;
template class rate_limiter<client_address>;

}  // namespace flotilla::http
