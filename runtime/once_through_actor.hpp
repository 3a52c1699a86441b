// Calls with an idempotency key that actors carry out: they cannot be one batch, so they are two.
//
// First a row is committed that says what the call has seen; then it is carried out; then the row is given the
// answer. A repetition that finds the row without an answer (the process ended in between, or the call goes on)
// completes the call from what it saw at first, only as far as it has not taken effect. `act` must make that certain,
// by asking an actor to do nothing where the object is not as it was seen any more.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "runtime/transactions.hpp"

namespace flotilla::runtime {

/// Did a call that failed so change nothing for certain? Of the others it is not known.
[[nodiscard]] constexpr bool is_without_effect(errc code) noexcept {
  return code != errc::unavailable && code != errc::internal;
}

/// A call on an object: `Seen` is what it saw of it, with `std::string to_text(const Seen&)` and
/// `result<Seen> Seen::from_text(std::string_view)`.
template <class T, class Seen>
struct actor_call {
  /// Looks at the object; an error refuses the call. On the executor.
  std::function<result<Seen>(const storage::snapshot&)> see;
  /// Carries the call out. `again`: it may have taken effect already, and `seen` is what the first one saw.
  std::function<void(const Seen& seen, bool again, reply<T> handler)> act;
};

/// How far a call with a key has come.
template <class Seen>
struct begun_call {
  Seen seen;
  bool again = false;
  std::optional<std::string> answer;  ///< as it was kept
};

/// Commits what the call has seen, or finds what was committed before.
template <class T, class Seen>
[[nodiscard]] result<decision<begun_call<Seen>>> decide_begin(kept_answers& answers, const principal& who,
                                                              const actor_call<T, Seen>& call,
                                                              const storage::snapshot& from) {
  const auto kept = answers.look_up(from, who);
  if (!kept) return fail(kept.error());
  decision<begun_call<Seen>> made;
  if (kept->finished()) {
    made.answer.answer = kept->row->value.answer;
    return made;
  }
  auto seen = kept->begun() ? Seen::from_text(kept->row->value.answer) : call.see(from);
  if (!seen) return fail(std::move(seen.error()));
  if (!kept->begun()) {
    answers.keep(made.changes, who, *kept, to_text(*seen), false);
    answers.forget_old(from, who.org);
  }
  made.answer.again = kept->begun();
  made.answer.seen = std::move(*seen);
  return made;
}

/// Keeps the answer of a call, or what another one with its key has been answered meanwhile.
template <class T>
[[nodiscard]] result<decision<T>> decide_finish(kept_answers& answers, const principal& who, const T& outcome,
                                                const storage::snapshot& from) {
  const auto kept = answers.look_up(from, who);
  if (!kept) return fail(kept.error());
  if (!kept->finished()) {
    decision<T> made{{}, {}, outcome};
    keep_answer(answers, who, *kept, made);
    return made;
  }
  auto answer = replayed<T>(answers, who, kept->row->value.answer);
  if (!answer) return fail(std::move(answer.error()));
  return decision<T>{{}, {}, std::move(*answer)};
}

/// The call failed and has changed nothing: it is as if it had never been begun, except where another one with its
/// key has been answered. An error of the store is no matter: whoever finds the row then completes the call.
template <class T>
void let_call_go(const change_context& in, const principal& who, error reason, reply<T> handler) {
  change_unkeyed<std::optional<T>>(
      in, who.org,
      [answers = in.answers, who](const storage::snapshot& from) -> result<decision<std::optional<T>>> {
        const auto kept = answers->look_up(from, who);
        if (!kept) return fail(kept.error());
        decision<std::optional<T>> made;
        if (kept->begun()) answers->let_go(made.changes, who, *kept);
        if (!kept->finished()) return made;
        auto answer = replayed<T>(*answers, who, kept->row->value.answer);
        if (!answer) return fail(std::move(answer.error()));
        made.answer = std::move(*answer);
        return made;
      },
      [reason = std::move(reason), handler = std::move(handler)](result<std::optional<T>> outcome) {
        if (outcome && *outcome) return handler(std::move(**outcome));
        handler(fail(reason));
      });
}

/// Makes a call that actors carry out, once for a caller's key. Errors: those of the call; with a key also those of
/// `change`.
template <class T, class Seen>
void once_through_actor(const change_context& in, const principal& who, actor_call<T, Seen> call, reply<T> handler) {
  if (!who.once) {
    return read<Seen>(in, call.see, [act = call.act, handler = std::move(handler)](result<Seen> seen) {
      if (!seen) return handler(fail(std::move(seen.error())));
      act(*seen, false, handler);
    });
  }
  const auto finish = [in, who, handler](result<T> outcome) {
    if (!outcome && is_without_effect(outcome.error().code)) {
      return let_call_go<T>(in, who, std::move(outcome.error()), handler);
    }
    if (!outcome) return handler(std::move(outcome));
    change_unkeyed<T>(
        in, who.org,
        [answers = in.answers, who, outcome = std::move(*outcome)](const storage::snapshot& from) {
          return decide_finish<T>(*answers, who, outcome, from);
        },
        handler);
  };
  change_unkeyed<begun_call<Seen>>(
      in, who.org,
      [answers = in.answers, who, call](const storage::snapshot& from) {
        return decide_begin<T, Seen>(*answers, who, call, from);
      },
      [in, who, act = call.act, finish, handler](result<begun_call<Seen>> begun) {
        if (!begun) return handler(fail(std::move(begun.error())));
        if (begun->answer) return handler(replayed<T>(*in.answers, who, *begun->answer));
        act(begun->seen, begun->again, finish);
      });
}

}  // namespace flotilla::runtime
