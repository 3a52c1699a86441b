// Read, decide, commit: how a change that no actor owns is made.
//
// The decision is made from a snapshot and commits only if what it relies on still stands; where it does not, it is
// made again from a new snapshot.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "actors/journal.hpp"
#include "core/executor.hpp"
#include "flotilla/result.hpp"
#include "storage/records.hpp"
#include "storage/store.hpp"

namespace flotilla::runtime {

inline constexpr int max_decisions = 16;  ///< of one change that keeps losing races

/// What a decision wants to be written, and what the caller is then answered.
template <class T>
struct decision {
  storage::batch changes;  ///< empty, together with `messages`: nothing is to be written
  std::vector<storage::message_draft> messages;
  T answer;
  /// Set where the answer says what only the commit decides, such as a message's place on the bus: it is then made of
  /// the messages as they stand there, in the order of `messages`, and `answer` is not looked at.
  std::function<T(const std::vector<storage::bus_entry>&)> answer_of_placed{};
};

/// The ports that a change goes through.
struct change_context {
  storage::store* store = nullptr;
  executor* readers = nullptr;
  actors::journal* journal = nullptr;
};

/// Reads on the executor and answers there.
template <class T, class Read>
void read(const change_context& in, Read from_snapshot, reply<T> handler) {
  in.readers->run([in, from_snapshot = std::move(from_snapshot), handler = std::move(handler)] {
    auto seen = in.store->snapshot();
    handler(seen ? from_snapshot(**seen) : result<T>(fail(std::move(seen.error()))));
  });
}

/// Makes a change. `decide` is called on the executor, perhaps more than once, with a snapshot; its preconditions
/// must stand in the batch. The handler is called there or in the store's writer lane, once the change is durable.
template <class T>
void change(const change_context& in, org_id org, std::function<result<decision<T>>(const storage::snapshot&)> decide,
            reply<T> handler, int decisions_made = 0) {
  in.readers->run([=]() mutable {
    auto seen = in.store->snapshot();
    if (!seen) return handler(fail(std::move(seen.error())));
    auto decided = decide(**seen);
    if (!decided) return handler(fail(std::move(decided.error())));
    if (decided->changes.empty() && decided->messages.empty()) return handler(std::move(decided->answer));
    auto answer = std::make_shared<T>(std::move(decided->answer));
    in.journal->commit(org, std::move(decided->changes), std::move(decided->messages),
                       [=, of_placed = std::move(decided->answer_of_placed)](
                           result<std::vector<storage::bus_entry>> outcome) mutable {
                         if (outcome) return handler(of_placed ? of_placed(*outcome) : std::move(*answer));
                         const bool again =
                             outcome.error().code == errc::conflict && decisions_made + 1 < max_decisions;
                         if (!again) return handler(fail(std::move(outcome.error())));
                         change<T>(in, org, std::move(decide), std::move(handler), decisions_made + 1);
                       });
  });
}

}  // namespace flotilla::runtime
