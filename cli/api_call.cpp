#include "cli/api_call.hpp"

#include <curl/curl.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/serve_settings.hpp"
#include "flotilla/access.hpp"
#include "flotilla/fleet.hpp"

namespace flotilla::cli {

namespace {

constexpr long connect_seconds = 10;
constexpr std::size_t max_answer_bytes = 1U << 20U;
constexpr const char* token_variable = "FLOTILLA_TOKEN";

struct handle_deleter {
  void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
};
struct list_deleter {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

std::size_t take(const char* bytes, std::size_t size, std::size_t count, void* into) {
  auto& answer = *static_cast<std::string*>(into);
  if (answer.size() + size * count > max_answer_bytes) return 0;
  answer.append(bytes, size * count);
  return size * count;
}

errc code_of(long status) {
  switch (status) {
    case 401:
      return errc::unauthorized;
    case 403:
      return errc::forbidden;
    case 404:
      return errc::not_found;
    case 409:
      return errc::conflict;
    case 413:
      return errc::too_large;
    case 429:
      return errc::rate_limited;
    case 503:
      return errc::unavailable;
    default:
      return status >= 400 && status < 500 ? errc::invalid : errc::internal;
  }
}

tl::unexpected<error> refusal(long status, const std::string& answer) {
  const auto read = nlohmann::json::parse(answer, nullptr, false);
  const auto found = read.is_object() ? read.find("error") : read.end();
  if (read.is_object() && found != read.end() && found->is_string()) {
    return fail(code_of(status), found->get<std::string>());
  }
  return fail(code_of(status), "The server answered " + std::to_string(status) + ", and is none of Flotilla.");
}

tl::unexpected<error> unreachable(CURLcode why, const std::string& url) {
  const auto code =
      why == CURLE_URL_MALFORMAT || why == CURLE_UNSUPPORTED_PROTOCOL ? errc::invalid : errc::unavailable;
  return fail(code, "The server at " + url + " gave no answer: " + curl_easy_strerror(why));
}

}  // namespace

result<std::string> post_json(const api_access& to, const std::string& path, const std::string& body) {
  const std::unique_ptr<CURL, handle_deleter> call(curl_easy_init());
  if (!call) return fail(errc::internal, "libcurl cannot be used on this machine.");
  std::unique_ptr<curl_slist, list_deleter> headers(curl_slist_append(nullptr, "Content-Type: application/json"));
  const auto authorization = "Authorization: Bearer " + to.token;
  if (curl_slist_append(headers.get(), authorization.c_str()) == nullptr) {
    return fail(errc::internal, "There is no memory left.");
  }
  std::string answer;
  const auto url = to.url + path;
  curl_easy_setopt(call.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(call.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(call.get(), CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
  curl_easy_setopt(call.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(call.get(), CURLOPT_CONNECTTIMEOUT, connect_seconds);
  curl_easy_setopt(call.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(call.get(), CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(call.get(), CURLOPT_WRITEFUNCTION, &take);
  curl_easy_setopt(call.get(), CURLOPT_WRITEDATA, &answer);
  if (const auto done = curl_easy_perform(call.get()); done != CURLE_OK) return unreachable(done, to.url);
  long status = 0;
  curl_easy_getinfo(call.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status < 200 || status >= 300) return refusal(status, answer);
  return answer;
}

result<std::string> find_token(const std::string& data) {
  std::string found = process_environment(token_variable).value_or("");
  if (found.empty() && !data.empty()) {
    std::ifstream file(std::filesystem::path(data) / admin_token_file);
    std::getline(file, found);
  }
  if (is_token_text(found)) return found;
  return fail(errc::invalid, found.empty() ? "No token is at hand: set FLOTILLA_TOKEN, or name with --data the data "
                                             "directory whose admin-token is to be used"
                                           : "The token that was found has not the form of a token");
}

}  // namespace flotilla::cli
