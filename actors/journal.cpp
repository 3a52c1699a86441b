// Builds the batch of a step, and publishes it once it stands.
#include "actors/journal.hpp"

#include <utility>

#include "actors/redaction.hpp"
#include "core/bus_types.hpp"

namespace flotilla::actors {

/// What watchers are told of when a batch has been committed.
struct journal::published {
  struct told_event {
    task_id task;
    log_entry entry;
    bool last = false;  ///< of a stream
  };
  std::vector<told_event> events;
  std::vector<storage::bus_entry> messages;
};

std::shared_ptr<journal::published> journal::append_messages(storage::batch& into, org_id org,
                                                             std::vector<storage::message_draft> messages,
                                                             placed_hook placed) {
  auto shown = std::make_shared<published>();
  const auto with = redactor_of_ ? redactor_of_(org) : nullptr;
  const auto count = messages.size();
  for (auto& draft : messages) {
    if (with) redact(draft, *with);
    storage::append_message(into, org, std::move(draft), stamp_,
                            [shown, count, placed](storage::bus_entry entry, storage::appender& out) {
                              shown->messages.push_back(std::move(entry));
                              if (placed && shown->messages.size() == count) placed(shown->messages, out);
                            });
  }
  return shown;
}

void journal::commit(step what, reply<committed> done) {
  storage::batch changes;
  auto shown = append_messages(changes, what.org, std::move(what.messages), {});
  const auto write_events = [&](task_id task, const std::vector<event>& events) {
    for (const auto& happened : events) {
      auto json = storage::write_event(changes, what.org, task, happened);
      const bool last = happened.type == event_type::status && run_status::is_last(happened.text);
      shown->events.push_back({task, {happened.seq, std::move(json)}, last});
    }
  };
  write_events(what.task, what.events);
  for (const auto& each : what.made) {
    storage::write_task(changes, what.org, nullptr, each.record);
    write_events(each.record.task.id, each.events);
  }
  for (const auto& each : what.acted_on) storage::erase_signal(changes, what.org, each);
  for (const auto& each : what.signals) storage::write_signal(changes, what.org, each);
  for (const auto& each : what.read_mail) storage::erase_mail(changes, what.org, each);
  committed now;
  if (what.after) {
    now = storage::write_task(changes, what.org, what.before ? &*what.before : nullptr, *what.after, what.effects);
  }
  if (what.relies_on) storage::require_agent(changes, what.org, *what.relies_on);
  store_.commit(std::move(changes), storage::durability::synced,
                [&hub = hub_, shown, org = what.org, now = std::move(now),
                 done = std::move(done)](result<void> outcome) mutable {
                  if (!outcome) return done(fail(std::move(outcome.error())));
                  for (auto& each : shown->events)
                    hub.publish_event(org, each.task, std::move(each.entry), each.last);
                  for (auto& entry : shown->messages) hub.publish_message(org, std::move(entry));
                  done(std::move(now));
                });
}

void journal::commit(org_id org, storage::batch changes, std::vector<storage::message_draft> messages,
                     reply<placed_messages> done, placed_hook placed) {
  auto shown = append_messages(changes, org, std::move(messages), std::move(placed));
  store_.commit(std::move(changes), storage::durability::synced,
                [&hub = hub_, shown, org, done = std::move(done)](result<void> outcome) {
                  if (!outcome) return done(fail(std::move(outcome.error())));
                  for (const auto& entry : shown->messages) hub.publish_message(org, entry);
                  done(std::move(shown->messages));
                });
}

}  // namespace flotilla::actors
