// Error answers, request ids, and the few header grammars that the API reads.
#include "http/message.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <random>

namespace flotilla::http {
namespace {

constexpr std::size_t max_request_id_bytes = 128;
constexpr std::chrono::seconds default_retry_after{1};

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept {
  return std::ranges::equal(left, right, [](char a, char b) { return lower(a) == lower(b); });
}

/// Without the blanks and tabs around it.
std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace

std::string_view to_string(method verb) noexcept {
  switch (verb) {
    case method::get:
      return "GET";
    case method::head:
      return "HEAD";
    case method::post:
      return "POST";
    case method::patch:
      return "PATCH";
    case method::delete_:
      return "DELETE";
    case method::options:
      return "OPTIONS";
    case method::other:
      break;
  }
  return {};
}

int status_of(errc code) noexcept {
  switch (code) {
    case errc::invalid:
      return 400;
    case errc::unauthorized:
      return 401;
    case errc::forbidden:
      return 403;
    case errc::not_found:
      return 404;
    case errc::conflict:
      return 409;
    case errc::too_large:
      return 413;
    case errc::rate_limited:
      return 429;
    case errc::unavailable:
      return 503;
    case errc::internal:
      break;
  }
  return 500;
}

response error_response(const error& reason) {
  response answer;
  answer.status = status_of(reason.code);
  answer.problem = reason.message;
  if (reason.code == errc::unauthorized) answer.headers.push_back({"WWW-Authenticate", "Bearer"});
  if (reason.code == errc::rate_limited || reason.code == errc::unavailable) {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(reason.retry_after.value_or(default_retry_after));
    answer.headers.push_back({"Retry-After", std::to_string(std::max(wait, default_retry_after).count())});
  }
  return answer;
}

response error_response(int status, std::string message) {
  response answer;
  answer.status = status;
  answer.problem = std::move(message);
  return answer;
}

bool is_request_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= max_request_id_bytes &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string make_request_id() {
  // An id tells log lines apart and guards nothing: a seeded generator a thread is enough.
  thread_local std::mt19937_64 random{(std::uint64_t{std::random_device{}()} << 32U) | std::random_device{}()};
  constexpr std::string_view digits = "0123456789abcdef";
  auto bits = random();
  std::string id(16, '0');
  for (auto& c : id) {
    c = digits[bits & 15U];
    bits >>= 4U;
  }
  return id;
}

std::string_view bearer_token(std::string_view authorization) noexcept {
  constexpr std::string_view scheme = "bearer";
  authorization = trimmed(authorization);
  if (authorization.size() <= scheme.size() ||
      !equals_ignoring_case(authorization.substr(0, scheme.size()), scheme) || authorization[scheme.size()] != ' ') {
    return {};
  }
  return trimmed(authorization.substr(scheme.size()));
}

bool is_json_type(std::string_view content_type) noexcept {
  return equals_ignoring_case(trimmed(content_type.substr(0, content_type.find(';'))), "application/json");
}

}  // namespace flotilla::http
