// One atomic batch a step: a task's new state, its events and the bus messages that tell of them are committed
// together, and watchers see them when they are durable, never before (docs/adr/0008).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/clock.hpp"
#include "core/redactor.hpp"
#include "flotilla/event.hpp"
#include "flotilla/result.hpp"
#include "storage/log_hub.hpp"
#include "storage/records.hpp"
#include "storage/store.hpp"

namespace flotilla::actors {

/// A task that a step makes.
struct new_task {
  storage::task_record record;
  std::vector<event> events;  ///< its first ones, from position 1
};

/// What happens together.
struct step {
  org_id org;
  task_id task;                                                 ///< whose events and record these are
  std::vector<event> events;                                    ///< with their positions and times
  std::optional<storage::stored<storage::task_record>> before;  ///< the record as it was read; nothing: there is none
  std::optional<storage::task_record> after;                    ///< the record as it shall be; nothing: unchanged
  std::vector<storage::message_draft> messages;
  std::optional<storage::stored<agent>> relies_on;  ///< must still stand as it was read
  storage::task_effects effects;                    ///< what the change of the record counts as
  std::vector<new_task> made;                       ///< tasks that `task` has delegated
  std::vector<storage::task_signal> signals;        ///< what other agents must then do
  std::vector<storage::task_signal> acted_on;       ///< what this step has done; taken away
  std::vector<storage::unread_mail> read_mail;      ///< what this step's events show; taken out of the mailbox
};

/// What a commit answers: the task's record as it now stands, where the step changed it.
using committed = std::optional<storage::stored<storage::task_record>>;

/// Commits steps and tells the watchers. Any thread.
class journal {
 public:
  using placed_messages = std::vector<storage::bus_entry>;
  using placed_hook = std::function<void(const placed_messages&, storage::appender&)>;

  /// All must outlive the journal and the answers of its commits. `redactor_of` takes an org's secrets out of every
  /// message; empty: there are none.
  journal(storage::store& in, storage::log_hub& hub, std::shared_ptr<storage::bus_stamp> stamp,
          std::function<redactor_ptr(org_id)> redactor_of = {})
      : store_(in), hub_(hub), stamp_(std::move(stamp)), redactor_of_(std::move(redactor_of)) {}

  /// Commits a step. `done` is called once, in the store's writer lane or within this call, when the step is durable
  /// and the watchers have been told. Errors: those of store::commit; conflict: `before` or `relies_on` no longer
  /// stand.
  void commit(step what, reply<committed> done);

  /// Adds messages to any batch and commits it (for changes that concern no task). Answers with the messages as they
  /// stand on the bus, in their order. `placed`, where set and there are messages, is called with all of them in the
  /// store's writer lane, and may add to the batch what depends on their places; it must not block or throw.
  void commit(org_id org, storage::batch changes, std::vector<storage::message_draft> messages,
              reply<placed_messages> done, placed_hook placed = {});

 private:
  struct published;
  [[nodiscard]] std::shared_ptr<published> append_messages(storage::batch& into, org_id org,
                                                           std::vector<storage::message_draft> messages,
                                                           placed_hook placed);

  storage::store& store_;
  storage::log_hub& hub_;
  std::shared_ptr<storage::bus_stamp> stamp_;
  std::function<redactor_ptr(org_id)> redactor_of_;
};

}  // namespace flotilla::actors
