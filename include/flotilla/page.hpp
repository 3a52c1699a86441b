// Lists are given in pages, newest first.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace flotilla {

inline constexpr std::size_t default_page_limit = 100;  ///< items
inline constexpr std::size_t max_page_limit = 500;      ///< items

/// Which page of a list is wanted.
struct page_request {
  std::size_t limit = default_page_limit;  ///< 1 to `max_page_limit`, else `errc::invalid`
  /// `page::next` of the page before; nothing for the first. It stays valid while rows are added. A text that
  /// no list gave is `errc::invalid`.
  std::optional<std::string> cursor;
};

/// One page of a list.
template <class T>
struct page {
  std::vector<T> items;             ///< newest first
  std::optional<std::string> next;  ///< the cursor of the page after this one; nothing on the last
};

}  // namespace flotilla
