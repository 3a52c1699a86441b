// Checks of URLs and commands.
#include "runtime/mcp_places.hpp"

#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "core/glob.hpp"
#include "core/metadata_hosts.hpp"
#include "core/text_rules.hpp"

namespace flotilla::runtime {
namespace {

namespace fs = std::filesystem;

using url_handle = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

/// One part of a URL, as the parser has normalised it; empty where there is none.
std::string part(CURLU* of, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(of, which, &text, 0) != CURLUE_OK) return {};
  const std::unique_ptr<char, decltype(&curl_free)> owned(text, curl_free);
  return owned.get();
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_';
}

/// International names are taken in their ASCII form only: what a resolver makes of other letters (full-width digits
/// become digits) is not what was checked.
bool is_plain_host(std::string_view host) {
  if (host.starts_with('[')) return true;  // the parser has read the address
  return !host.empty() && std::all_of(host.begin(), host.end(), is_host_character);
}

bool is_executable_file(const fs::path& path) {
  std::error_code unreadable;
  return fs::is_regular_file(path, unreadable) && ::access(path.c_str(), X_OK) == 0;
}

/// The file in PATH, as execvp finds it.
fs::path in_path(const std::string& name) {
  const char* variable =
      std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nobody sets it while the fleet is open
  std::string_view rest = variable != nullptr ? variable : "";
  while (!rest.empty()) {
    const auto end = std::min(rest.find(':'), rest.size());
    const fs::path folder(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (folder.is_absolute() && is_executable_file(folder / name)) return folder / name;
  }
  return {};
}

}  // namespace

result<void> check_url(const std::string& url, const mcp_policy& policy) {
  const url_handle parsed(curl_url(), curl_url_cleanup);
  if (!parsed) return fail(errc::unavailable, "The server is out of memory.");
  const auto outcome = curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_DISALLOW_USER);
  if (outcome == CURLUE_USER_NOT_ALLOWED) return wrong("url", "must not hold a user or a password");
  if (outcome == CURLUE_UNSUPPORTED_SCHEME) return wrong("url", "must begin with http:// or https://");
  if (outcome != CURLUE_OK) return wrong("url", "must be a whole URL, such as https://example.com/mcp");
  const auto scheme = part(parsed.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return wrong("url", "must begin with http:// or https://");
  const auto host = part(parsed.get(), CURLUPART_HOST);
  if (!is_plain_host(host)) return wrong("url", "must name a host, in ASCII");
  if (!policy.allow_link_local && is_metadata_host(host)) {
    return wrong("url", "must not name a link-local or metadata address (--mcp-allow-link-local allows it)");
  }
  return {};
}

result<fs::path> resolve_command(const std::string& command) {
  const bool bare = command.find('/') == std::string::npos;
  const auto named = bare ? in_path(command) : fs::path(command);
  std::error_code missing;
  auto resolved = fs::canonical(named, missing);
  if (missing || !is_executable_file(resolved)) return wrong("command", "no such executable");
  return resolved;
}

result<void> check_command(const std::string& command, const mcp_policy& policy) {
  if (policy.stdio_allow.empty()) return {};
  const auto resolved = resolve_command(command);
  if (!resolved) return fail(resolved.error());
  const auto allows = [&resolved](const std::string& glob) { return glob_matches(glob, resolved->native()); };
  if (std::any_of(policy.stdio_allow.begin(), policy.stdio_allow.end(), allows)) return {};
  return fail(errc::forbidden, "command: it is none of those that the setting --mcp-stdio-allow lets run");
}

}  // namespace flotilla::runtime
