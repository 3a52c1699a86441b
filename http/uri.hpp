// The two parts of a request target: the path, matched against a pattern, and the query (RFC 3986). All pure.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/result.hpp"

namespace flotilla::http {

inline constexpr std::size_t max_query_parameters = 64;

/// How '+' reads: as itself in a path, as a blank in a query (application/x-www-form-urlencoded).
enum class plus_sign : bool { literal, blank };

/// Percent-decodes (RFC 3986 section 2.1). Nothing where a '%' is not followed by two hexadecimal digits.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text, plus_sign plus);
/// Encodes every byte but the unreserved ones (RFC 3986 section 2.3).
[[nodiscard]] std::string percent_encoded(std::string_view text);

/// Query parameters by name; of a repeated one the last.
using query_parameters = std::map<std::string, std::string, std::less<>>;

/// Reads "a=1&b=2". A parameter without '=' has an empty value; empty ones are passed over.
/// Errors: invalid (a bad percent-encoding, more than `max_query_parameters`).
[[nodiscard]] result<query_parameters> parse_query(std::string_view query);
/// Writes them as a query, in the order of their names.
[[nodiscard]] std::string to_query(const query_parameters& parameters);

/// Does a path match a pattern, segment by segment? A pattern holds at most one "{id}" segment, which matches any
/// segment that is not empty and is put, as it was sent, into `captured`.
[[nodiscard]] bool matches_path(std::string_view pattern, std::string_view path, std::string_view& captured) noexcept;

}  // namespace flotilla::http
