// What the fuzz target of the HTTP room checks; tests/http replays its corpus through the same function.
#pragma once

#include <string>
#include <string_view>

#include "http/uri.hpp"
#include "tests/fuzz/must.hpp"

namespace flotilla::testing {

/// A query that can be read is written and read again to the same; encoding can always be undone; a captured segment
/// is a part of the path.
inline void fuzz_uri(std::string_view text) {
  if (const auto query = http::parse_query(text)) {
    const auto again = http::parse_query(http::to_query(*query));
    must(again.has_value() && *again == *query);
  }
  const auto encoded = http::percent_encoded(text);
  must(http::percent_decoded(encoded, http::plus_sign::literal) == std::string(text));
  std::string_view captured;
  if (http::matches_path("/api/tasks/{id}/events", text, captured)) {
    must(!captured.empty() && captured.find('/') == std::string_view::npos);
    must(text == "/api/tasks/" + std::string(captured) + "/events");
  }
}

}  // namespace flotilla::testing
