// Failures of vendors.
#include "providers/failures.hpp"
#include "core/utf8.hpp"

#include "providers/json_access.hpp"

namespace flotilla {
namespace {

using nlohmann::json;

constexpr int too_many_requests = 429;
constexpr std::size_t max_quoted_body_bytes = 300;

std::string_view code_of(int status) {
  switch (status) {
    case 408:
    case 504:
      return "provider_timeout";
    case too_many_requests:
      return "provider_rate_limited";
    case 503:
    case 529:
      return "provider_overloaded";
    default:
      return status >= 500 || status == 409 ? "provider_failed" : "provider_rejected";
  }
}

model_failure retryable(std::string code, std::string_view vendor, std::string_view what) {
  model_failure failure;
  failure.code = std::move(code);
  failure.message = bounded_text(std::string(vendor) + ": " + std::string(what));
  failure.retryable = true;
  return failure;
}

/// The object that holds an error's type and message.
const json& error_object(const json& body) {
  const auto& error = member(body, "error");
  return error.is_object() ? error : body;
}

}  // namespace

model_failure status_failure(std::string_view vendor, int status, std::string_view words,
                             std::optional<std::chrono::milliseconds> retry_after) {
  model_failure failure;
  failure.code = code_of(status);
  failure.retryable = failure.code != "provider_rejected";
  if (failure.retryable) failure.retry_after = retry_after;
  std::string message = std::string(vendor) + ": " + std::to_string(status);
  if (!words.empty()) message += " " + std::string(words);
  failure.message = bounded_text(message);
  return failure;
}

model_failure protocol_failure(std::string_view vendor, std::string_view what) {
  return retryable("provider_protocol", vendor, what);
}

model_failure connection_failure(std::string_view vendor, std::string_view what) {
  return retryable("provider_unreachable", vendor, what);
}

model_failure timeout_failure(std::string_view vendor, std::string_view what) {
  return retryable("provider_timeout", vendor, what);
}

model_failure too_large_failure(std::string_view vendor, std::size_t limit) {
  model_failure failure;
  failure.code = "provider_answer_too_large";
  failure.message = std::string(vendor) + ": the answer is larger than " + std::to_string(limit) + " bytes";
  return failure;
}

std::string bounded_text(std::string_view text, std::size_t limit) {
  // What lies past the limit is cut before the check, so that the work is bounded too.
  constexpr std::size_t longest_character = 4;
  const auto head = std::string(text.substr(0, limit + longest_character));
  auto clean = read_json(write_json(json(head))).get<std::string>();
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) < 0x20U || c == '\x7f') c = ' ';
  }
  return std::string(cut_utf8(clean, limit));
}

std::string vendor_words(std::string_view body) {
  const auto parsed = read_json(body);
  if (!parsed.is_object()) return bounded_text(body, max_quoted_body_bytes);
  const auto& error = error_object(parsed);
  auto type = text_member(error, "type");
  if (type.empty() || type == "error") type = text_member(error, "code");
  auto message = text_member(error, "message");
  if (message.empty()) message = text_member(parsed, "error");
  if (message.empty()) message = text_member(parsed, "detail");
  if (message.empty()) return bounded_text(body, max_quoted_body_bytes);
  return bounded_text(type.empty() ? message : type + ": " + message);
}

}  // namespace flotilla
