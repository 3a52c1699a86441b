// What all lists have in common: one backward scan of one table or index, filtered, cut into pages.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "flotilla/page.hpp"
#include "flotilla/result.hpp"
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

}  // namespace flotilla::storage
