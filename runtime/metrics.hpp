// What happens in a fleet as metrics of Prometheus: it is told by the actors and the store, and turned to text when
// somebody asks. docs/operating.md lists every family.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/telemetry.hpp"
#include "flotilla/time.hpp"
#include "storage/store.hpp"
#include "storage/usage_records.hpp"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
class Registry;
template <typename T>
class Family;
}  // namespace prometheus

namespace flotilla::runtime {

/// What is not counted as it happens, but looked at when somebody asks.
struct fleet_gauges {
  std::optional<storage::org_counts> counts;  ///< of all orgs together; nothing: the store cannot be read
  std::size_t actors = 0;                     ///< that live
  std::size_t waiting_reads = 0;              ///< for a reader thread
  std::size_t places_taken = 0;               ///< by runs
  std::size_t waiting_runs = 0;               ///< for a place
  bool writable = false;                      ///< is the store?
  timestamp started;
};

/// Counts and measures. Thread-safe; to tell it something costs a few atomic additions or a short lock.
///
/// The number of time series is bounded: a provider or outcome that is not known counts as "other", and nothing that
/// a user names is a label.
class fleet_metrics final : public telemetry, public storage::store_observer {
 public:
  fleet_metrics();
  ~fleet_metrics() override;
  fleet_metrics(const fleet_metrics&) = delete;
  fleet_metrics& operator=(const fleet_metrics&) = delete;

  void run_began(std::string_view provider) override;
  void run_ended(std::string_view provider, task_status how) override;
  void model_call_ended(std::string_view provider, std::string_view outcome, std::chrono::nanoseconds took) override;
  void model_first_piece(std::string_view provider, std::chrono::nanoseconds after) override;
  void tokens_used(std::string_view provider, const token_usage& used) override;
  void tool_call_ended(bool is_error, std::chrono::nanoseconds took) override;
  void agent_activated() override;
  void agent_passivated() override;
  void agent_crashed() override;
  void agent_restarted() override;

  void on_group(std::size_t batches, std::size_t bytes, bool synced, std::chrono::nanoseconds took) override;
  void on_commit(std::chrono::nanoseconds took) override;

  /// All of it, and the gauges, in the text format of Prometheus (version 0.0.4).
  [[nodiscard]] std::string text(const fleet_gauges& now) const;

 private:
  static constexpr std::size_t provider_count = 5;     ///< those that there are, and "other"
  static constexpr std::size_t outcome_count = 14;     ///< likewise
  static constexpr std::size_t run_outcome_count = 4;  ///< done, error, waiting, interrupted
  template <class T>
  using family = prometheus::Family<T>;

  /// One provider's series.
  struct provider_series {
    prometheus::Counter* runs_began = nullptr;
    std::array<prometheus::Counter*, run_outcome_count> runs_ended{};
    prometheus::Gauge* running = nullptr;
    prometheus::Histogram* first_piece = nullptr;
    prometheus::Counter* tokens_in = nullptr;
    prometheus::Counter* tokens_out = nullptr;
    /// By outcome; what has not happened yet has no series.
    std::array<std::atomic<prometheus::Histogram*>, outcome_count> calls{};
  };
  void make_provider_series();
  void make_store_series();
  void make_agent_series();
  [[nodiscard]] prometheus::Histogram& call_series(std::size_t provider, std::size_t outcome);

  const std::unique_ptr<prometheus::Registry> registry_;
  std::array<provider_series, provider_count> providers_;
  family<prometheus::Histogram>* calls_ = nullptr;
  std::array<prometheus::Histogram*, 2> tool_calls_{};  ///< those that went well, and the errors
  prometheus::Gauge* agents_active_ = nullptr;
  prometheus::Counter* activations_ = nullptr;
  prometheus::Counter* passivations_ = nullptr;
  prometheus::Counter* crashes_ = nullptr;
  prometheus::Counter* restarts_ = nullptr;
  std::array<prometheus::Histogram*, 2> writes_{};  ///< without and with a sync
  prometheus::Histogram* commits_ = nullptr;
  prometheus::Counter* batches_ = nullptr;
  prometheus::Counter* bytes_ = nullptr;
};

}  // namespace flotilla::runtime
