// Watches the stream of every task, and the bus, through all lives of the server, on one thread.
//
// What it sees it tells at once: to whoever aims a kill (moments.hpp), and to the vendor, which must not be asked for
// what a journal shows. A task that was delegated is watched from the moment its parent's stream names it.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "tests/recovery/complaints.hpp"
#include "tests/recovery/moments.hpp"
#include "tests/recovery/scripted_vendor.hpp"
#include "tests/recovery/server_address.hpp"
#include "tests/recovery/watched_stream.hpp"

namespace flotilla::recovery {

/// A task whose stream is read.
struct watched_task {
  std::string id;
  std::string script;
  std::string parent;  ///< the task that delegated it; empty: none did
  watched_stream stream;
  std::size_t looked_at = 0;  ///< of the stream's events
  std::size_t answers = 0;    ///< of the model, so far
  bool ended = false;         ///< done or error
  std::chrono::steady_clock::time_point next_try;
};

/// Any thread.
class watchers {
 public:
  watchers(const server_address& where, complaints& wrong, moments& seen, scripted_vendor& vendor);
  ~watchers();
  watchers(const watchers&) = delete;
  watchers& operator=(const watchers&) = delete;

  void watch(const std::string& task, const std::string& script, const std::string& parent = {});
  /// Looks again at a stream that has ended because its task waited.
  void nudge(const std::string& task);
  [[nodiscard]] std::size_t open_tasks() const;   ///< that have not ended
  [[nodiscard]] std::size_t total_tasks() const;  ///< children too
  /// Calls for every task, in the order in which they were first watched; nothing is read meanwhile.
  void visit(const std::function<void(const watched_task&)>& each) const;
  /// What the bus has said.
  [[nodiscard]] std::string bus_bytes() const;
  [[nodiscard]] std::size_t bus_events() const;

 private:
  void run();
  void round();
  void reopen(watched_stream& stream, std::chrono::steady_clock::time_point& next_try) const;
  void take(watched_task& of);
  void take_bus();
  void look_at(watched_task& of, const seen_event& event);
  void look_at_status(watched_task& of, const seen_event& event);

  const server_address& where_;
  complaints& wrong_;
  moments& seen_;
  scripted_vendor& vendor_;
  mutable std::mutex mutex_;
  std::deque<watched_task> tasks_;  // all these: guarded by mutex_
  std::map<std::string, std::size_t> by_id_;
  watched_stream bus_{"/api/messages/stream"};
  std::size_t bus_looked_at_ = 0;
  std::chrono::steady_clock::time_point bus_next_try_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace flotilla::recovery
