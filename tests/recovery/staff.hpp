// The fleet of the harness: who works in it, what it is given to do, and the humans who decide, approve and cancel.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/recovery/complaints.hpp"
#include "tests/recovery/moments.hpp"
#include "tests/recovery/script.hpp"
#include "tests/recovery/server_address.hpp"
#include "tests/recovery/stubborn_client.hpp"
#include "tests/recovery/watchers.hpp"

namespace flotilla::recovery {

inline constexpr std::size_t agent_count = 20;

/// Makes the agents, a tree of three levels, on all three vendors, and tells the library of them. Gives their ids.
[[nodiscard]] std::vector<std::string> hire(const stubborn_client& api, library& scripts);

/// What the humans asked for and were granted.
struct human_acts {
  std::set<std::string> cancelled;        ///< tasks whose cancellation was accepted
  std::set<std::string> refused_cancels;  ///< tasks that had ended
  std::map<std::string, bool> last_word;  ///< by the call's name: what was decided last
  std::size_t decisions = 0;
  std::size_t unknown_outcomes = 0;  ///< decisions about calls of which a kill left it open whether they ran
};

/// Gives the fleet work, keeping so many tasks open, and decides what it asks; on two threads. Any thread.
class humans {
 public:
  struct means {
    std::vector<std::string> agents;
    std::filesystem::path notes;  ///< of the executed calls (note_tools.hpp)
    std::size_t open_tasks = 0;   ///< that are kept going
  };
  humans(const server_address& where, std::uint64_t seed, library& scripts, watchers& watched, moments& seen,
         complaints& wrong, means with);
  ~humans();
  humans(const humans&) = delete;
  humans& operator=(const humans&) = delete;

  /// Ends what they do; the destructor waits for it.
  void stop() { stopping_ = true; }
  /// From now on no new task is given and none is cancelled; decisions go on.
  void give_no_more() { giving_ = false; }
  /// Is a task being given, or cancelled?
  [[nodiscard]] bool is_giving() const noexcept { return in_hand_; }
  /// Tasks that were accepted; their delegated ones not included.
  [[nodiscard]] std::size_t given() const;
  [[nodiscard]] human_acts acts() const;
  /// Is a call to decide, or to cancel, sent and not answered?
  [[nodiscard]] bool is_deciding() const noexcept { return deciding_; }
  [[nodiscard]] bool is_cancelling() const noexcept { return cancelling_; }

 private:
  void give();
  void give_one(std::size_t number);
  void cancel_due();
  void cancel(const std::string& task);
  void decide();
  void decide_for(const std::string& task);
  [[nodiscard]] bool decide_call(const std::string& task, const nlohmann::json& asked);
  [[nodiscard]] bool grants(const std::string& name, const std::string& reason) const;
  void guarded(const char* what, const std::function<void()>& work);

  const stubborn_client api_;
  const std::uint64_t seed_;
  library& scripts_;
  watchers& watched_;
  moments& seen_;
  complaints& wrong_;
  const means with_;
  mutable std::mutex mutex_;
  human_acts acts_;  // these two: guarded by mutex_
  std::size_t given_ = 0;
  std::vector<std::pair<std::chrono::steady_clock::time_point, std::string>> to_cancel_;  ///< the giver's only
  std::map<std::string, std::chrono::steady_clock::time_point> first_seen_;               ///< the decider's only
  std::atomic<bool> giving_{true};
  std::atomic<bool> in_hand_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> deciding_{false};
  std::atomic<bool> cancelling_{false};
  std::thread giver_;  // last: they use all of the above
  std::thread decider_;
};

}  // namespace flotilla::recovery
