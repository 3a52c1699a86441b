// What all scans of tables and indexes have in common: lists that are cut into pages, keys that are read, rows that
// are visited.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/page.hpp"
#include "flotilla/result.hpp"
#include "storage/codec.hpp"
#include "storage/cursor.hpp"
#include "storage/store.hpp"

namespace flotilla::storage {

/// Which rows to look at: those under a prefix whose position (the rest of the key) lies in [from, to).
struct row_range {
  std::string prefix;
  std::string from;               ///< empty: from the first
  std::optional<std::string> to;  ///< nothing: to the last
};

[[nodiscard]] inline key_range keys_in(const row_range& rows) {
  return {rows.prefix + rows.from, rows.to ? rows.prefix + *rows.to : keys_with_prefix(rows.prefix).to};
}

/// Lists rows newest first. `load(position, value)` makes an item of a row: an error ends the list, nothing leaves
/// the row out. The page ends with a cursor where another item follows.
template <class T, class Load>
[[nodiscard]] result<page<T>> list_rows(const snapshot& from, const row_range& rows, keys::table cursor_of,
                                        std::size_t limit, Load load) {
  page<T> found;
  std::string last;
  std::optional<error> broken;
  const auto scanned =
      from.scan(keys_in(rows), direction::backward, [&](std::string_view key, std::string_view value) {
        const auto position = key.substr(rows.prefix.size());
        result<std::optional<T>> item = load(position, value);
        if (!item) broken = std::move(item.error());
        if (!item || !*item) return !broken;
        if (found.items.size() == limit) {
          found.next = make_cursor(cursor_of, last);
          return false;
        }
        found.items.push_back(std::move(**item));
        last = position;
        return true;
      });
  if (!scanned) return fail(scanned.error());
  if (broken) return fail(std::move(*broken));
  return found;
}

/// The first pair of a scan.
[[nodiscard]] inline result<std::optional<std::pair<std::string, std::string>>> first_of(const snapshot& from,
                                                                                         const key_range& range,
                                                                                         direction way) {
  std::optional<std::pair<std::string, std::string>> found;
  const auto scanned = from.scan(range, way, [&found](std::string_view key, std::string_view value) {
    found.emplace(key, value);
    return false;
  });
  if (!scanned) return fail(scanned.error());
  return found;
}

/// Reads the keys of a range forward, at most `most`, each with `parse`, which answers nothing for one that cannot be
/// read: then the records of `kind` are damaged.
template <class T, class Parse>
[[nodiscard]] result<std::vector<T>> read_keys(const snapshot& from, const key_range& range, std::size_t most,
                                               std::string_view kind, Parse parse) {
  std::vector<T> found;
  bool good = true;
  if (most == 0) return found;
  const auto scanned = from.scan(range, direction::forward, [&](std::string_view key, std::string_view) {
    std::optional<T> read = parse(key);
    good = read.has_value();
    if (good) found.push_back(std::move(*read));
    return good && found.size() < most;
  });
  if (!scanned) return fail(scanned.error());
  if (!good) return fail(damaged(kind, {}));
  return found;
}

/// The same for an index whose keys end with an id behind `prefix`.
template <class Id>
[[nodiscard]] result<std::vector<Id>> read_ids(const snapshot& from, const std::string& prefix, std::size_t most,
                                               std::string_view kind) {
  return read_keys<Id>(from, keys_with_prefix(prefix), most, kind,
                       [&prefix](std::string_view key) -> std::optional<Id> {
                         if (key.size() != prefix.size() + ulid::size) return std::nullopt;
                         return Id{keys::ulid_from(key.substr(prefix.size()))};
                       });
}

/// Calls `visit(rest, value)` for each row under a prefix; `rest` is the key behind it. An error ends it.
using row_visitor = std::function<result<void>(std::string_view rest, std::string_view value)>;
[[nodiscard]] inline result<void> each_row(const snapshot& from, std::string_view prefix, const row_visitor& visit) {
  result<void> outcome;
  const auto scanned =
      from.scan(keys_with_prefix(prefix), direction::forward, [&](std::string_view key, std::string_view value) {
        outcome = visit(key.substr(prefix.size()), value);
        return outcome.has_value();
      });
  return scanned ? outcome : scanned;
}

}  // namespace flotilla::storage
