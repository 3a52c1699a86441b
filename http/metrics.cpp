#include "http/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <utility>

#include "http/routes.hpp"

namespace flotilla::http {
namespace {

constexpr std::array<int, 16> statuses{200, 201, 204, 304, 400, 401, 403, 404,
                                       405, 409, 413, 415, 429, 431, 500, 503};
constexpr int unauthorized = 401;
constexpr int rate_limited = 429;
constexpr std::size_t method_count = 7;
constexpr std::size_t places_a_route = 2;

// Upper bounds in seconds.
const prometheus::Histogram::BucketBoundaries latency_bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                             0.1,    0.25,  0.5,    1,     2.5,  10};

std::size_t place_of_status(int status) {
  return static_cast<std::size_t>(std::find(statuses.begin(), statuses.end(), status) - statuses.begin());
}

std::string label_of_status(std::size_t place) {
  return place < statuses.size() ? std::to_string(statuses.at(place)) : "other";
}

std::string label_of(method verb) {
  return verb == method::other ? "other" : std::string(to_string(verb));
}

auto& counters(prometheus::Registry& in, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(in);
}

prometheus::MetricFamily gauge_family(std::string name, std::string help, std::size_t value) {
  prometheus::MetricFamily made{std::move(name), std::move(help), prometheus::MetricType::Gauge, {}};
  made.metric.emplace_back().gauge.value = static_cast<double>(value);
  return made;
}

/// What stands in a slot; made by `make` where nothing does. Two threads may both make it: a family gives both the
/// same.
template <class T, class Make>
T& filled(std::atomic<T*>& slot, Make make) {
  auto* found = slot.load(std::memory_order_acquire);
  if (found == nullptr) {
    found = &make();
    slot.store(found, std::memory_order_release);
  }
  return *found;
}

}  // namespace

request_metrics::request_metrics(std::function<std::size_t()> open_streams)
    : open_streams_(std::move(open_streams)),
      registry_(std::make_unique<prometheus::Registry>()),
      requests_(&counters(*registry_, "flotilla_http_requests_total", "Requests that were answered.")),
      latencies_(&prometheus::BuildHistogram()
                      .Name("flotilla_http_request_duration_seconds")
                      .Help("From a request to its answer, or to its stream's beginning.")
                      .Register(*registry_)),
      stream_bytes_(
          &counters(*registry_, "flotilla_http_stream_bytes_total", "Bytes that were given to streams.").Add({})),
      unauthorized_(
          &counters(*registry_, "flotilla_http_unauthorized_total", "Requests that were answered 401.").Add({})),
      rate_limited_(
          &counters(*registry_, "flotilla_http_rate_limited_total", "Requests that were answered 429.").Add({})),
      connections_(
          &counters(*registry_, "flotilla_http_connections_total", "Connections that were accepted.").Add({})),
      series_(routes().size() * places_a_route + method_count) {
  static_assert(statuses.size() + 1 == status_count);
  names_.reserve(series_.size());
  for (const auto& each : routes()) {
    names_.push_back({label_of(each.verb), std::string(each.pattern)});
    names_.push_back({label_of(method::head), std::string(each.pattern)});
  }
  for (std::size_t verb = 0; verb < method_count; ++verb) {
    names_.push_back({label_of(static_cast<method>(verb)), "unmatched"});
  }
}

request_metrics::~request_metrics() = default;

std::size_t request_metrics::place_of(method verb, const route* found) const noexcept {
  if (found == nullptr) return routes().size() * places_a_route + static_cast<std::size_t>(verb);
  const auto index = static_cast<std::size_t>(found - routes().data());
  return index * places_a_route + (verb == method::head ? 1 : 0);
}

prometheus::Counter& request_metrics::counter(std::size_t place, std::size_t status) {
  return filled(series_.at(place).by_status.at(status), [&]() -> prometheus::Counter& {
    const auto& labels = names_.at(place);
    return requests_->Add({{"method", labels.method}, {"route", labels.route}, {"status", label_of_status(status)}});
  });
}

prometheus::Histogram& request_metrics::latency(std::size_t place) {
  return filled(series_.at(place).latency, [&]() -> prometheus::Histogram& {
    const auto& labels = names_.at(place);
    return latencies_->Add({{"method", labels.method}, {"route", labels.route}}, latency_bounds);
  });
}

void request_metrics::answered(method verb, const route* found, int status, std::chrono::nanoseconds took) {
  const auto place = place_of(verb, found);
  counter(place, place_of_status(status)).Increment();
  latency(place).Observe(std::chrono::duration<double>(took).count());
  if (status == unauthorized) unauthorized_->Increment();
  if (status == rate_limited) rate_limited_->Increment();
}

void request_metrics::streamed(std::size_t bytes) {
  stream_bytes_->Increment(static_cast<double>(bytes));
}

void request_metrics::connection_opened(connection_id which) {
  connections_->Increment();
  const std::lock_guard lock(guard_);
  open_connections_.insert(which);
}

void request_metrics::connection_closed(connection_id which) {
  const std::lock_guard lock(guard_);
  open_connections_.erase(which);
}

std::string request_metrics::text() const {
  auto families = registry_->Collect();
  families.push_back(gauge_family("flotilla_http_streams_open", "Event streams that are open.", open_streams_()));
  const auto connections = [this] {
    const std::lock_guard lock(guard_);
    return open_connections_.size();
  };
  families.push_back(gauge_family("flotilla_http_connections_open", "Connections that are open.", connections()));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace flotilla::http
