// What calls with an idempotency key were answered (flotilla/idempotency.hpp): looked up before a change is decided,
// kept in the batch of the change itself.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "flotilla/access.hpp"
#include "flotilla/result.hpp"
#include "runtime/tokens.hpp"
#include "storage/answer_records.hpp"
#include "storage/store.hpp"

namespace flotilla::runtime {

inline constexpr std::size_t max_forgotten_at_once = 64;  ///< answers that are too old, in one batch

/// Thread-safe. For every function that takes a principal, its `once` must be set.
class kept_answers {
 public:
  /// All must outlive this and the answers of the store's commits.
  kept_answers(storage::store& in, const wall_clock& clock, const token_key& key)
      : store_(in), clock_(clock), key_(key) {}

  /// What stands under a caller's key.
  struct standing {
    std::optional<storage::stored<storage::kept_answer>> row;  ///< also one that is too old
    bool holds = false;                                        ///< it is of this request, and not too old
    timestamp since;                                           ///< when the call was made first
    [[nodiscard]] bool finished() const noexcept { return holds && row->value.finished; }
    [[nodiscard]] bool begun() const noexcept { return holds && !row->value.finished; }
  };
  /// May block on the disk. Errors: invalid (the key's form; it was used for another request), those of every read.
  [[nodiscard]] result<standing> look_up(const storage::snapshot& from, const principal& who) const;

  /// Adds an answer to a batch, on condition that nobody has kept one for the key since `seen`.
  void keep(storage::batch& into, const principal& who, const standing& seen, std::string answer,
            bool finished = true) const;
  /// The same from within the writer lane, for an answer that is known only there: what `keep` has put into the batch
  /// is replaced.
  void replace(storage::appender& out, const principal& who, const standing& seen, std::string answer) const;
  /// Adds to a batch that the call is as if it had never begun, on the same condition.
  void let_go(storage::batch& into, const principal& who, const standing& seen) const;

  /// Seals a text with the caller's key itself, which is stored nowhere: what lies on the disk does not open it.
  [[nodiscard]] std::string seal(const principal& who, std::string_view plain) const;
  /// Errors: internal (it was not sealed so, or was changed).
  [[nodiscard]] result<std::string> unseal(const principal& who, std::string_view sealed) const;

  /// Removes some answers of an org that are too old, if nobody is at it. Not a part of any change, so that no change
  /// fails because two want to remove the same. May block on the disk; does not wait for the removal.
  void forget_old(const storage::snapshot& from, org_id org);

 private:
  [[nodiscard]] storage::digest digest_of(std::string_view purpose, const principal& who) const;
  /// The request's digest as it is kept: keyed, since a request can hold a secret that is weak enough to be guessed
  /// from a plain one.
  [[nodiscard]] storage::digest request_of(const principal& who) const;

  storage::store& store_;
  const wall_clock& clock_;
  const token_key key_;
  std::atomic<bool> forgetting_{false};
};

}  // namespace flotilla::runtime
