// Which runs may go on at once, and which of those that wait comes next. Pure: time comes in as an argument. One
// thread at a time.
//
// There are three limits: of the server, of each org, of each provider. Whoever finds no place waits. A place that
// becomes free goes
//
// 1. to an org whose runs at one provider have waited for long (`neglect_agings` times the aging) without one of them
//    being let in, the longest first: so nobody starves, whatever the others do;
// 2. else to the org with the fewest runs going on; of several, to the one that was served least recently;
// 3. and there to the run of the highest class of priority, where each aging that a run has waited lifts it by one
//    class; of several, to the one that came first.
//
// Somebody who does not fit (the org or the provider is full) is passed over, and keeps nobody else waiting.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "flotilla/id.hpp"
#include "flotilla/plan.hpp"
#include "flotilla/task.hpp"
#include "flotilla/time.hpp"

namespace flotilla {

inline constexpr std::chrono::milliseconds priority_aging{30'000};  ///< waiting so long lifts a run by one class
inline constexpr int neglect_agings = 10;  ///< so many without being served, and an org goes before the others

/// What a run takes a place of, besides the server's.
struct run_place {
  org_id org;
  std::string provider;
  friend bool operator==(const run_place&, const run_place&) = default;
};

/// The places and who waits for them. Every call costs O(log n) for each provider at which somebody waits; those are
/// few.
class run_admission {
 public:
  using ticket = std::uint64_t;  ///< of one who waits

  /// Precondition: `aging` > 0.
  explicit run_admission(run_capacity limits, std::chrono::milliseconds aging = priority_aging);

  /// Takes a place if there is room for it and nobody who waits could use it.
  [[nodiscard]] bool admit(const run_place& wanted);
  /// Takes one in any case (what was running before goes on).
  void force(const run_place& wanted);
  /// Waits for a place from `now` on.
  [[nodiscard]] ticket wait(const run_place& wanted, task_priority priority, timestamp now);
  /// Gives one who waits another priority; it stands there as if it had waited with it from the first. Nothing
  /// happens where it does not wait any more.
  void reprioritise(ticket which, task_priority priority);
  /// Waits no longer. Nothing happens where it does not wait any more.
  void withdraw(ticket which);
  /// Gives a place back. Precondition: it was taken.
  void release(const run_place& held);
  /// Those who wait that have a place from now on, in the order of their turn.
  [[nodiscard]] std::vector<ticket> admit_waiting(timestamp now);

  [[nodiscard]] std::size_t running() const noexcept { return running_; }
  [[nodiscard]] std::size_t waiting() const noexcept { return where_.size(); }

 private:
  static constexpr std::size_t classes = 3;  ///< of priority
  /// The runs of an org that wait for one provider, by class and then by arrival.
  struct queue {
    std::array<std::map<ticket, timestamp>, classes> by_class;  ///< with the time since when they wait
    timestamp neglected_since;                                  ///< the first began to wait, or one was let in
    [[nodiscard]] bool empty() const noexcept;
  };
  struct org_state {
    std::size_t running = 0;
    std::uint64_t served = 0;                          ///< a count that is higher the more recently it was let in
    std::map<std::string, queue, std::less<>> queues;  ///< by provider; none is empty
  };
  /// In which order orgs are served: by fewest runs, or by longest neglect.
  struct by_share {
    std::size_t running;
    std::uint64_t served;
    org_id org;
    friend auto operator<=>(const by_share&, const by_share&) = default;
  };
  struct by_neglect {
    timestamp since;
    std::uint64_t served;
    org_id org;
    friend auto operator<=>(const by_neglect&, const by_neglect&) = default;
  };
  /// A provider, and the orgs that have runs waiting for it and are not full.
  struct provider_state {
    std::size_t running = 0;
    std::set<by_share> shares;
    std::set<by_neglect> neglect;
  };
  struct position {
    run_place place;
    std::size_t priority;
  };
  /// Who is next: an org, and the provider if it is one whose queue has waited for long.
  struct turn {
    org_id org;
    std::optional<std::string_view> provider;
  };
  /// One who waits, in the order of their turn.
  struct head {
    std::int64_t rank = 0;  ///< the class, less what it has been lifted by
    ticket which = 0;
    friend auto operator<=>(const head&, const head&) = default;
  };

  [[nodiscard]] static bool is_below(std::size_t count, const std::optional<std::size_t>& limit) noexcept;
  [[nodiscard]] bool org_has_room(const org_state& which) const noexcept;
  [[nodiscard]] bool provider_has_room(const provider_state& which) const noexcept;
  /// Takes an org out of its providers' orders, to be changed, or puts it back as it then is.
  void take_out(org_id which, const org_state& state);
  void put_back(org_id which, const org_state& state);
  void take(const run_place& wanted);
  void remove(ticket which);
  void forget_if_idle(org_id which);
  [[nodiscard]] bool somebody_fits() const;
  [[nodiscard]] std::optional<turn> next_turn(timestamp now) const;
  [[nodiscard]] std::optional<head> head_of(const queue& in, timestamp now) const;
  [[nodiscard]] std::optional<ticket> next_ticket(timestamp now) const;

  run_capacity limits_;
  std::chrono::milliseconds aging_;
  std::size_t running_ = 0;
  std::uint64_t served_ = 0;
  ticket last_ticket_ = 0;
  std::unordered_map<org_id, org_state> orgs_;  ///< that have runs going on or waiting
  std::map<std::string, provider_state, std::less<>> providers_;
  std::unordered_map<ticket, position> where_;  ///< those who wait
};

}  // namespace flotilla
