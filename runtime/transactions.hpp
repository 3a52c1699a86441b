// Read, decide, commit: how a change that no actor owns is made.
//
// The decision is made from a snapshot and commits only if what it relies on still stands; where it does not, it is
// made again from a new snapshot. A change whose caller has an idempotency key keeps its answer in the same batch.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "actors/journal.hpp"
#include "core/executor.hpp"
#include "flotilla/result.hpp"
#include "runtime/answer_codec.hpp"
#include "runtime/kept_answers.hpp"
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
  /// See `journal::commit`.
  actors::journal::placed_hook when_placed{};
};

/// The ports that a change goes through.
struct change_context {
  storage::store* store = nullptr;
  executor* readers = nullptr;
  actors::journal* journal = nullptr;
  kept_answers* answers = nullptr;
};

/// Makes a decision of a snapshot.
template <class T>
using decide = std::function<result<decision<T>>(const storage::snapshot&)>;

/// Reads on the executor and answers there.
template <class T, class Read>
void read(const change_context& in, Read from_snapshot, reply<T> handler) {
  in.readers->run([in, from_snapshot = std::move(from_snapshot), handler = std::move(handler)] {
    auto seen = in.store->snapshot();
    handler(seen ? from_snapshot(**seen) : result<T>(fail(std::move(seen.error()))));
  });
}

/// Makes a change, whatever key the caller has: for changes that say what shall be, which may be made twice. `wanted`
/// is called on the executor, perhaps more than once, with a snapshot; its preconditions must stand in the batch. The
/// handler is called there or in the store's writer lane, once the change is durable.
template <class T>
void change_unkeyed(const change_context& in, org_id org, decide<T> wanted, reply<T> handler,
                    int decisions_made = 0) {
  in.readers->run([=]() mutable {
    auto seen = in.store->snapshot();
    if (!seen) return handler(fail(std::move(seen.error())));
    auto decided = wanted(**seen);
    if (!decided) return handler(fail(std::move(decided.error())));
    if (decided->changes.empty() && decided->messages.empty()) return handler(std::move(decided->answer));
    auto answer = std::make_shared<T>(std::move(decided->answer));
    in.journal->commit(
        org, std::move(decided->changes), std::move(decided->messages),
        [=,
         of_placed = std::move(decided->answer_of_placed)](result<actors::journal::placed_messages> outcome) mutable {
          if (outcome) return handler(of_placed ? of_placed(*outcome) : std::move(*answer));
          const bool again = outcome.error().code == errc::conflict && decisions_made + 1 < max_decisions;
          if (!again) return handler(fail(std::move(outcome.error())));
          change_unkeyed<T>(in, org, std::move(wanted), std::move(handler), decisions_made + 1);
        },
        std::move(decided->when_placed));
  });
}

// --- calls with an idempotency key ------------------------------------------------------------------------------

/// An answer in the form in which it is kept.
template <class T>
[[nodiscard]] std::string answer_to_keep(const kept_answers& in, const principal& who, const T& value) {
  auto text = answer_codec<T>::encode(value);
  return answer_codec<T>::is_secret ? in.seal(who, text) : text;
}

/// The answer that was kept, told to be a repeated one. Errors: internal (it cannot be read).
template <class T>
[[nodiscard]] result<T> replayed(const kept_answers& in, const principal& who, const std::string& kept) {
  auto text = answer_codec<T>::is_secret ? in.unseal(who, kept) : result<std::string>(kept);
  if (!text) return fail(std::move(text.error()));
  auto answer = answer_codec<T>::decode(*text);
  if (answer) who.once->replayed = true;
  return answer;
}

/// Lets a decision keep its answer.
template <class T>
void keep_answer(kept_answers& in, const principal& who, const kept_answers::standing& seen, decision<T>& made) {
  if (!made.answer_of_placed) return in.keep(made.changes, who, seen, answer_to_keep(in, who, made.answer));
  // The row is made now, for its preconditions; what it says is known when the messages have their places.
  in.keep(made.changes, who, seen, {});
  made.when_placed = [&in, who, seen, of_placed = made.answer_of_placed](
                         const std::vector<storage::bus_entry>& placed, storage::appender& out) {
    in.replace(out, who, seen, answer_to_keep(in, who, of_placed(placed)));
  };
}

/// Makes a change as `change_unkeyed` does, and once for a caller's key: a repetition is answered what the first was.
/// Errors also: invalid (the key's form; it was used for another request).
template <class T>
void change(const change_context& in, const principal& who, decide<T> wanted, reply<T> handler) {
  if (!who.once) return change_unkeyed<T>(in, who.org, std::move(wanted), std::move(handler));
  auto once = [answers = in.answers, who,
               wanted = std::move(wanted)](const storage::snapshot& from) -> result<decision<T>> {
    const auto seen = answers->look_up(from, who);
    if (!seen) return fail(seen.error());
    if (seen->finished()) {
      auto answer = replayed<T>(*answers, who, seen->row->value.answer);
      if (!answer) return fail(std::move(answer.error()));
      return decision<T>{{}, {}, std::move(*answer)};
    }
    auto made = wanted(from);
    if (!made) return made;
    keep_answer(*answers, who, *seen, *made);
    answers->forget_old(from, who.org);
    return made;
  };
  change_unkeyed<T>(in, who.org, std::move(once), std::move(handler));
}

}  // namespace flotilla::runtime
