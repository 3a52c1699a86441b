// What the tests of records share: times, and lists read page by page.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/time.hpp"
#include "tests/storage/support.hpp"

namespace flotilla::storage::testing {

/// So many milliseconds after a time in November 2023.
inline timestamp at(std::int64_t ms) {
  return timestamp(std::chrono::milliseconds(1'700'000'000'000 + ms));
}

/// A time as text, e.g. "2024-02-29T23:59:59.999Z".
inline timestamp when(std::string_view text) {
  const auto parsed = parse_timestamp(text);
  BOOST_REQUIRE_MESSAGE(parsed, "not a time: " << text);
  return *parsed;
}

/// All pages of a list, `limit` items each; `between` is called after each.
template <class T, class List>
std::vector<T> all_pages(
    store& kept, page_request page, std::size_t limit, List list, const std::function<void()>& between = [] {}) {
  std::vector<T> found;
  page.limit = limit;
  for (;;) {
    auto given = list(*view(kept), page);
    BOOST_REQUIRE(given);
    BOOST_REQUIRE(given->items.size() == limit || !given->next);
    found.insert(found.end(), given->items.begin(), given->items.end());
    if (!given->next) return found;
    page.cursor = given->next;
    between();
  }
}

/// The same for a query that holds its page request.
template <class T, class Query, class List>
requires requires(Query query) {
  query.page;
}
std::vector<T> all_pages(
    store& kept, Query query, std::size_t limit, List list, const std::function<void()>& between = [] {}) {
  const auto page_of = [&](const snapshot& from, const page_request& page) {
    query.page = page;
    return list(from, query);
  };
  return all_pages<T>(kept, query.page, limit, page_of, between);
}

}  // namespace flotilla::storage::testing
