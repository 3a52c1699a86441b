#include "runtime/backup_manifest.hpp"

#include <sodium.h>

#include <algorithm>
#include <exception>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "runtime/bootstrap.hpp"
#include "runtime/master_key.hpp"
#include "runtime/private_file.hpp"

namespace flotilla::runtime {
namespace {

using nlohmann::json;

std::string hex_of(const file_digest& digest) {
  std::string text(2 * digest.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), digest.data(), digest.size());
  text.pop_back();
  return text;
}

file_digest digest_of(const std::string& text) {
  file_digest digest{};
  std::size_t size = 0;
  const char* end = nullptr;
  const bool read = sodium_hex2bin(digest.data(), digest.size(), text.data(), text.size(), nullptr, &size, &end) == 0;
  if (!read || size != digest.size() || end != text.data() + text.size()) throw std::invalid_argument("a digest");
  return digest;
}

/// A file of the store, or a key: nothing that leads out of the backup.
bool is_ours(std::string_view path) {
  if (path == token_key_file || path == master_key_file || path == next_master_key_file) return true;
  const auto folder = std::string(store_directory) + "/";
  if (!path.starts_with(folder)) return false;
  const auto name = path.substr(folder.size());
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

manifest_entry entry_of(const json& from) {
  manifest_entry entry{from.at("path").get<std::string>(), from.at("bytes").get<std::uint64_t>(),
                       digest_of(from.at("digest").get<std::string>())};
  if (!is_ours(entry.path)) throw std::invalid_argument("a path");
  return entry;
}

tl::unexpected<error> unreadable() {
  return fail(errc::internal, "The backup is damaged: its manifest.json cannot be read.");
}

}  // namespace

std::string encode(const backup_manifest& value) {
  auto files = json::array();
  for (const auto& each : value.files) {
    files.push_back({{"path", each.path}, {"bytes", each.bytes}, {"digest", hex_of(each.digest)}});
  }
  const json made{{"manifest", manifest_version},
                  {"flotilla", FLOTILLA_VERSION},
                  {"takenAt", to_string(value.taken_at)},
                  {"storeFormat", value.format},
                  {"files", std::move(files)}};
  return made.dump(1) + "\n";
}

result<backup_manifest> decode_manifest(std::string_view text) {
  try {
    const auto read = json::parse(text);
    if (read.at("manifest").get<std::uint32_t>() > manifest_version) {
      return fail(errc::invalid, "The backup was made by a newer version of Flotilla (" +
                                     read.at("flotilla").get<std::string>() + ").");
    }
    const auto taken_at = parse_timestamp(read.at("takenAt").get<std::string>());
    if (!taken_at) return unreadable();
    backup_manifest found{*taken_at, read.at("storeFormat").get<std::uint32_t>(), {}};
    for (const auto& each : read.at("files")) found.files.push_back(entry_of(each));
    return found;
  } catch (const std::exception&) {
    return unreadable();
  }
}

result<backup_manifest> read_manifest(const std::filesystem::path& backup) {
  const auto text = read_private_file(backup / manifest_file, max_manifest_bytes);
  if (!text) return fail(text.error());
  if (!*text) {
    return fail(errc::not_found, "There is no finished backup in the directory: it has no manifest.json.");
  }
  return decode_manifest(**text);
}

backup_report report_of(const backup_manifest& of) {
  backup_report report{of.taken_at, of.format, of.files.size(), 0, false};
  for (const auto& each : of.files) {
    report.bytes += each.bytes;
    report.has_master_key = report.has_master_key || each.path == master_key_file;
  }
  return report;
}

}  // namespace flotilla::runtime
