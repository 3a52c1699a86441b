// An ordered map of byte strings of which every version is immutable: changing one makes a new version that shares
// all but O(log n) nodes with the old.
//
// It is a treap (https://en.wikipedia.org/wiki/Treap) whose priorities are hashes of the keys, so that equal maps
// have equal shapes. Versions may be read from any thread; they are freed with their last user.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "storage/store.hpp"

namespace flotilla::storage {

class persistent_map {
 public:
  /// The empty map.
  persistent_map() = default;

  /// The value of a key; null where there is none. Valid as long as this version.
  [[nodiscard]] const std::string* find(std::string_view key) const noexcept;

  /// This version with one key set.
  [[nodiscard]] persistent_map with(std::string_view key, std::string_view value) const;
  /// This version without a key.
  [[nodiscard]] persistent_map without(std::string_view key) const;

  /// As `snapshot::scan`.
  void scan(const key_range& range, direction way,
            const std::function<bool(std::string_view, std::string_view)>& visit) const;

 private:
  struct node;
  using link = std::shared_ptr<const node>;

  explicit persistent_map(link root) : root_(std::move(root)) {}
  static link insert(const link& at, const link& added);
  static link erase(const link& at, std::string_view key);
  static link merge(const link& left, const link& right);
  static std::pair<link, link> split(const link& at, std::string_view key);
  static bool walk(const link& at, const key_range& range, direction way,
                   const std::function<bool(std::string_view, std::string_view)>& visit);

  link root_;
};

}  // namespace flotilla::storage
