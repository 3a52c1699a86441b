// What a group of batches writes: the rules of `batch` (store.hpp), carried out once for every implementation of
// the store port.
//
// Batches are staged one after another, each seeing what those before it write. One that is refused leaves no
// trace: it writes nothing, and the log positions that it would have taken go to the next.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "flotilla/result.hpp"
#include "storage/store.hpp"

namespace flotilla::storage {

/// The bytes of a batch's keys and values, preconditions and increments included, as far as they are known before its
/// appends are rendered.
[[nodiscard]] std::size_t size_of(const batch& changes) noexcept;

/// The error of a batch over `max_batch_bytes`.
[[nodiscard]] error batch_too_large();

/// One group. One thread at a time. The batches must outlive it: it points into them.
class staging {
 public:
  /// Reads the state that the group starts from.
  using lookup = std::function<result<std::optional<std::string>>(std::string_view key)>;
  /// A key and its new value; nothing: erase. In the order in which they happen; a key may come more than once.
  using change = std::pair<std::string_view, std::optional<std::string_view>>;

  explicit staging(lookup base) : base_(std::move(base)) {}

  /// Checks a batch against everything before it, adds to its counters, renders its appends and adds what it writes.
  /// Errors: conflict, forbidden, too_large, those of `lookup`, internal (a damaged counter or log head).
  [[nodiscard]] result<void> add(const batch& changes);

  [[nodiscard]] const std::vector<change>& changes() const noexcept { return changes_; }

 private:
  class renderer;

  [[nodiscard]] result<std::optional<std::string>> read(std::string_view key) const;
  [[nodiscard]] result<void> check(const batch& changes) const;
  [[nodiscard]] result<void> count(const batch& changes, std::vector<change>& into);
  [[nodiscard]] result<void> render(const batch& changes, std::vector<change>& into);
  std::string_view keep(std::string bytes);

  lookup base_;
  std::vector<change> changes_;
  std::unordered_map<std::string_view, std::optional<std::string_view>> newest_;
  std::deque<std::string> rendered_;  ///< a deque: what it holds does not move
};

}  // namespace flotilla::storage
