// Token buckets: one for each API token, and one for each address that fails to authenticate.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "flotilla/id.hpp"
#include "http/client_address.hpp"

namespace flotilla::http {

/// What a client is told of its allowance.
struct allowance {
  bool granted = true;
  std::uint32_t limit = 0;                   ///< requests a minute
  std::uint32_t remaining = 0;               ///< requests that may be made now
  std::chrono::seconds reset{0};             ///< until the bucket is full again
  std::chrono::milliseconds retry_after{0};  ///< until one request may be made, where not granted
};

/// By key: grants `limit` requests at once, refilled evenly over a minute. Thread-safe: the buckets are spread over
/// shards, each with a lock that is held for one look-up. Memory is bounded: a bucket that is full again says nothing
/// and is dropped when its shard is at its size.
template <class Key>
class rate_limiter {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr std::size_t shard_count = 16;
  static constexpr std::size_t max_buckets_per_shard = 4096;

  /// `limit_per_minute` 0: no limit.
  explicit rate_limiter(std::uint32_t limit_per_minute) noexcept : limit_(limit_per_minute) {}

  /// Takes one request out of a key's bucket. Nothing where there is no limit. Time must not run backwards.
  [[nodiscard]] std::optional<allowance> take(const Key& who, time_point now);
  /// How many buckets are held.
  [[nodiscard]] std::size_t size() const;

 private:
  struct bucket {
    double level = 0;  ///< requests
    time_point filled_at;
  };
  struct shard {
    mutable std::mutex guard;
    std::unordered_map<Key, bucket> buckets;
    time_point swept_at{};
  };
  [[nodiscard]] double level_at(const bucket& of, time_point now) const noexcept;
  void make_room(shard& in, time_point now) const;  // the shard's lock is held

  std::uint32_t limit_;
  std::array<shard, shard_count> shards_;
};

extern template class rate_limiter<token_id>;
extern template class rate_limiter<client_address>;

}  // namespace flotilla::http
