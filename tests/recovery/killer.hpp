// Kills the server and starts it again, at moments that a seed chooses: some by the clock, some aimed at a step.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/recovery/complaints.hpp"
#include "tests/recovery/landings.hpp"
#include "tests/recovery/moments.hpp"
#include "tests/recovery/server_address.hpp"
#include "tests/recovery/staff.hpp"
#include "tests/support/server_process.hpp"

namespace flotilla::recovery {

/// How the server is started.
struct launch {
  std::filesystem::path directory;  ///< of its data
  testing::launch_options options;
};

/// The kernel ends the server with the thread that started it: one thread, always the same.
class killer {
 public:
  killer(launch how, std::uint64_t seed, server_address& where, moments& seen, complaints& wrong);

  /// Starts the server, and waits until it serves.
  void start();
  /// Starts the server if it is down, waits for a moment, and kills it. Aims at what `table` has least of. `acting`:
  /// who may be deciding or cancelling then.
  kill_record kill_once(const landing_table& table, const humans& acting);
  /// Ends it in order.
  void stop();

  /// How long the starts took that were not cut off, in all, and how many there were.
  [[nodiscard]] std::chrono::microseconds start_time() const noexcept { return start_time_; }
  [[nodiscard]] std::size_t starts() const noexcept { return starts_; }

 private:
  using steady = std::chrono::steady_clock;
  [[nodiscard]] std::size_t up_to(std::size_t most) { return numbers_() % (most + 1); }
  /// Nothing: by the clock.
  [[nodiscard]] std::optional<landing> choose(const landing_table& table);
  void wait_for(std::optional<landing> aim);
  void spawn();
  kill_record kill_now(bool serving, const humans& acting);

  const launch how_;
  std::mt19937_64 numbers_;
  server_address& where_;
  moments& seen_;
  complaints& wrong_;
  std::unique_ptr<testing::server_process> server_;
  std::chrono::microseconds start_time_{0};
  std::size_t starts_ = 0;
  wall_ms last_kill_ = 0;
};

}  // namespace flotilla::recovery
