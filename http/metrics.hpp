// What the server answers as metrics of Prometheus: requests, their latency, streams, connections. docs/operating.md
// lists every family; those of the runtime come from the fleet, and no family comes from both.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "http/exchange.hpp"
#include "http/message.hpp"

namespace prometheus {
class Counter;
class Histogram;
class Registry;
template <typename T>
class Family;
}  // namespace prometheus

namespace flotilla::http {

struct route;

/// Counts and measures. Thread-safe; a request costs two look-ups in arrays, an atomic addition and a short lock.
///
/// The number of time series is bounded: a request counts under its route's pattern, never under its path, and what
/// leads to no route under "unmatched".
class request_metrics {
 public:
  /// `open_streams` tells how many streams are open; called by `text`.
  explicit request_metrics(std::function<std::size_t()> open_streams);
  ~request_metrics();
  request_metrics(const request_metrics&) = delete;
  request_metrics& operator=(const request_metrics&) = delete;

  /// A request was answered, or its stream was begun, so long after it had come. `found`: an element of `routes()`;
  /// null where the request led to none.
  void answered(method verb, const route* found, int status, std::chrono::nanoseconds took);
  /// So many bytes were given to a stream's connection.
  void streamed(std::size_t bytes);
  void connection_opened(connection_id which);
  /// May be told twice of the same one.
  void connection_closed(connection_id which);

  /// All of it in the text format of Prometheus (version 0.0.4).
  [[nodiscard]] std::string text() const;

 private:
  static constexpr std::size_t status_count = 17;  ///< those that the API knows, and "other"
  /// The series of one route and method. What has not happened yet has none.
  struct series {
    std::array<std::atomic<prometheus::Counter*>, status_count> by_status{};
    std::atomic<prometheus::Histogram*> latency{nullptr};
  };
  /// A label's values.
  struct names {
    std::string method;
    std::string route;
  };
  [[nodiscard]] std::size_t place_of(method verb, const route* found) const noexcept;
  [[nodiscard]] prometheus::Counter& counter(std::size_t place, std::size_t status);
  [[nodiscard]] prometheus::Histogram& latency(std::size_t place);

  const std::function<std::size_t()> open_streams_;
  const std::unique_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Counter>* requests_;
  prometheus::Family<prometheus::Histogram>* latencies_;
  prometheus::Counter* stream_bytes_;
  prometheus::Counter* unauthorized_;
  prometheus::Counter* rate_limited_;
  prometheus::Counter* connections_;
  std::vector<names> names_;    // two places for each route (its method, and HEAD), then one for each method
  std::vector<series> series_;  // likewise
  mutable std::mutex guard_;
  std::unordered_set<connection_id> open_connections_;
};

}  // namespace flotilla::http
