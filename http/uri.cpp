// Percent-encoding, queries and path patterns.
#include "http/uri.hpp"

namespace flotilla::http {
namespace {

/// The value of a hexadecimal digit, or -1.
int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

/// Cuts what stands before the first `separator` off the front of `rest`.
std::string_view cut(std::string_view& rest, char separator) noexcept {
  const auto end = rest.find(separator);
  const auto piece = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return piece;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text, plus_sign plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == plus_sign::blank) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      if (text.size() - i < 3) return std::nullopt;
      const auto high = hex_value(text[i + 1]);
      const auto low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return decoded;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const auto c : text) {
    if (is_unreserved(c)) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += digits[byte >> 4U];
    encoded += digits[byte & 15U];
  }
  return encoded;
}

result<query_parameters> parse_query(std::string_view query) {
  query_parameters parameters;
  while (!query.empty()) {
    auto value = cut(query, '&');
    if (value.empty()) continue;
    const auto name = cut(value, '=');
    auto decoded_name = percent_decoded(name, plus_sign::blank);
    auto decoded_value = percent_decoded(value, plus_sign::blank);
    if (!decoded_name || !decoded_value) return fail(errc::invalid, "the query has a bad percent-encoding");
    parameters.insert_or_assign(std::move(*decoded_name), std::move(*decoded_value));
    if (parameters.size() > max_query_parameters) return fail(errc::invalid, "the query has too many parameters");
  }
  return parameters;
}

std::string to_query(const query_parameters& parameters) {
  std::string query;
  for (const auto& [name, value] : parameters) {
    if (!query.empty()) query += '&';
    query += percent_encoded(name);
    query += '=';
    query += percent_encoded(value);
  }
  return query;
}

bool matches_path(std::string_view pattern, std::string_view path, std::string_view& captured) noexcept {
  std::string_view found;
  for (;;) {
    const auto last = pattern.find('/') == std::string_view::npos;
    if (last != (path.find('/') == std::string_view::npos)) return false;
    const auto wanted = cut(pattern, '/');
    const auto given = cut(path, '/');
    if (wanted == "{id}") {
      if (given.empty()) return false;
      found = given;
    } else if (wanted != given) {
      return false;
    }
    if (last) break;
  }
  captured = found;
  return true;
}

}  // namespace flotilla::http
