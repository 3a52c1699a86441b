// The actors on a store, with real threads: what the runtime assembles, without its API, and with a way to make
// agents crash.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <caf/all.hpp>

#include "actors/environment.hpp"
#include "actors/interfaces.hpp"
#include "core/model_provider.hpp"
#include "providers/timer.hpp"
#include "runtime/reader_pool.hpp"
#include "storage/log_hub.hpp"
#include "storage/store.hpp"
#include "tests/fleet_crashes/crowd.hpp"

namespace flotilla::fleet_crashes {

class engine {
 public:
  /// `on` must outlive it.
  engine(storage::store& on, std::chrono::milliseconds agent_idle);
  /// Ends all actors.
  ~engine();
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  /// Asks for the runs of all, so many at once, each until it is accepted or the task has ended.
  void run_all(const std::vector<member>& crowd);
  /// Begins to end agents' actors at random, one in each `interval`, until `stop_crashes`.
  void begin_crashes(const std::vector<member>& crowd, std::chrono::microseconds interval, std::uint64_t seed);
  void stop_crashes() { crashing_ = false; }
  /// Actors that were ended so.
  [[nodiscard]] std::uint64_t crashes() const { return crashes_; }
  [[nodiscard]] std::uint64_t manager_crashes() const { return manager_crashes_; }

  /// Tells every agent that its record has changed, which activates it.
  void activate_all(const std::vector<member>& crowd);
  /// Actors that live, the fleet's own among them.
  [[nodiscard]] std::size_t actors() const { return system_->registry().running(); }
  /// No read of the store is waited for.
  [[nodiscard]] bool is_quiet() const { return readers_.waiting() == 0; }

 private:
  runtime::reader_pool readers_;
  storage::log_hub hub_;
  actors::journal journal_;
  std::unique_ptr<model_provider> model_;
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  actors::fleet_actor fleet_;
  std::atomic<bool> crashing_{false};
  std::atomic<std::uint64_t> crashes_{0};
  std::atomic<std::uint64_t> manager_crashes_{0};
};

}  // namespace flotilla::fleet_crashes
