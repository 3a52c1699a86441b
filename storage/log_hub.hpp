// Where watchers meet the logs: shared in-memory tails of tasks' journals and orgs' buses, and the cursors into
// them (see flotilla/stream.hpp).
//
// A log has a tail only while somebody watches it. What the tail does not hold is read from the store by the
// executor, never by the thread that publishes or asks. All members may be called from any thread, except that
// the two `publish_…` are called in commit order, after the commit was answered.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "core/executor.hpp"
#include "flotilla/message.hpp"
#include "flotilla/stream.hpp"
#include "storage/records.hpp"
#include "storage/store.hpp"

namespace flotilla::storage {

inline constexpr std::size_t max_tail_bytes = 256U << 10U;  ///< of JSON kept for one watched log

class log_hub {
 public:
  /// Both must outlive the hub; the hub must outlive its subscriptions' calls (close it first).
  log_hub(const store& from, executor& readers);
  ~log_hub();
  log_hub(const log_hub&) = delete;
  log_hub& operator=(const log_hub&) = delete;

  /// A committed event. `last`: it is a status event after which a stream ends (run_status::is_last).
  void publish_event(org_id org, task_id task, log_entry entry, bool last);
  /// A committed message.
  void publish_message(org_id org, bus_entry entry);

  /// A cursor behind `after` of a task's journal. It has ended when it stands behind the log's last entry and that
  /// entry is a last one.
  [[nodiscard]] std::shared_ptr<subscription> watch_task(org_id org, task_id task, event_seq after);
  /// A cursor behind `after` of an org's bus.
  [[nodiscard]] std::shared_ptr<subscription> watch_bus(org_id org, message_filter filter, message_seq after);

  /// Ends every subscription: what waits, and every later `next`, is answered with what is at hand and `ended`.
  void close();

  /// How many subscriptions there are; for metrics.
  [[nodiscard]] std::size_t watchers() const;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace flotilla::storage
