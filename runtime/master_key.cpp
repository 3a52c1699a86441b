// Master keys by libsodium: read, made, told apart.
#include "runtime/master_key.hpp"

#include <sodium.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/secret_text.hpp"
#include "runtime/private_file.hpp"

namespace flotilla::runtime {
namespace {

constexpr std::string_view id_context = "flotilla master key";
constexpr std::string_view form = " must be 64 hexadecimal digits, or the base64 of 32 bytes.";
constexpr auto base64_variants = {sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
                                  sodium_base64_VARIANT_URLSAFE, sodium_base64_VARIANT_URLSAFE_NO_PADDING};
constexpr mode_t others_may = 077;

using key_bytes = std::array<std::uint8_t, master_key_bytes>;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

bool decode(std::string_view text, key_bytes& into) {
  std::size_t size = 0;
  const char* end = nullptr;
  const auto whole = [&] { return size == into.size() && end == text.data() + text.size(); };
  if (text.size() == 2 * into.size()) {
    return sodium_hex2bin(into.data(), into.size(), text.data(), text.size(), nullptr, &size, &end) == 0 && whole();
  }
  return std::any_of(base64_variants.begin(), base64_variants.end(), [&](int variant) {
    return sodium_base642bin(into.data(), into.size(), text.data(), text.size(), nullptr, &size, &end, variant) ==
               0 &&
           whole();
  });
}

result<std::optional<master_key>> parse_variable(const std::optional<std::string>& text, const char* name) {
  if (!text) return std::nullopt;
  auto key = master_key::parse(*text);
  if (!key) return fail(errc::invalid, std::string(name).append(form));
  return key;
}

/// Mode 0600 or less: a key that others can read is none.
result<void> check_private(const std::filesystem::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0 || (status.st_mode & others_may) == 0) return {};
  const auto name = file.filename().string();
  return fail(errc::unavailable, "The file " + name + " can be read by others than its owner: chmod 600 it, and " +
                                     "think about who has seen the key (flotilla keys rotate makes a new one).");
}

result<std::optional<master_key>> read_key(const std::filesystem::path& file) {
  if (auto kept = check_private(file); !kept) return fail(std::move(kept.error()));
  auto text = read_private_file(file, max_master_key_file_bytes);
  if (!text) return fail(std::move(text.error()));
  if (!*text) return std::nullopt;
  auto key = master_key::parse(**text);
  wipe(**text);
  if (!key) return fail(errc::invalid, "The file " + file.filename().string().append(form));
  return key;
}

}  // namespace

master_key::master_key(const std::array<std::uint8_t, master_key_bytes>& bytes) : bytes_(bytes) {
  std::array<std::uint8_t, crypto_generichash_BYTES> hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const std::uint8_t*>(id_context.data()),
                     id_context.size(), bytes_.data(), bytes_.size());
  std::copy_n(hash.begin(), id_.size(), id_.begin());
}

master_key::~master_key() {
  sodium_memzero(bytes_.data(), bytes_.size());
}

std::optional<master_key> master_key::parse(std::string_view text) {
  key_bytes bytes{};
  std::optional<master_key> key;
  if (decode(trimmed(text), bytes)) key = master_key(bytes);
  sodium_memzero(bytes.data(), bytes.size());
  return key;
}

master_key master_key::random() {
  key_bytes bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  master_key key(bytes);
  sodium_memzero(bytes.data(), bytes.size());
  return key;
}

std::string master_key::text() const {
  std::string text(2 * bytes_.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes_.data(), bytes_.size());
  text.pop_back();  // the terminating zero
  return text;
}

const master_key* key_ring::find(const master_key_id& id) const noexcept {
  if (sealing_.id() == id) return &sealing_;
  const auto found =
      std::find_if(others_.begin(), others_.end(), [&id](const master_key& key) { return key.id() == id; });
  return found == others_.end() ? nullptr : &*found;
}

std::optional<key_ring> found_keys::ring() const {
  const auto& sealing = variable ? variable : file;
  if (!sealing) return std::nullopt;
  std::vector<master_key> others;
  for (const auto* each : {&file, &new_variable, &next_file}) {
    if (*each) others.push_back(**each);
  }
  return key_ring(*sealing, std::move(others));
}

result<found_keys> find_master_keys(const fleet_options& options) {
  found_keys found;
  auto variable = parse_variable(options.master_key, "FLOTILLA_MASTER_KEY");
  if (!variable) return fail(std::move(variable.error()));
  found.variable = std::move(*variable);
  auto new_variable = parse_variable(options.new_master_key, "FLOTILLA_NEW_MASTER_KEY");
  if (!new_variable) return fail(std::move(new_variable.error()));
  found.new_variable = std::move(*new_variable);
  if (options.data_directory.empty()) return found;
  auto file = read_key(options.data_directory / master_key_file);
  if (!file) return fail(std::move(file.error()));
  found.file = std::move(*file);
  auto next = read_key(options.data_directory / next_master_key_file);
  if (!next) return fail(std::move(next.error()));
  found.next_file = std::move(*next);
  return found;
}

result<key_ring> open_key_ring(const fleet_options& options, bool has_secrets) {
  auto found = find_master_keys(options);
  if (!found) return fail(std::move(found.error()));
  if (auto ring = found->ring()) return std::move(*ring);
  if (has_secrets) {
    return fail(errc::invalid,
                "The store holds secrets, and there is no master key: neither FLOTILLA_MASTER_KEY nor "
                "the file master-key in the data directory. Without it they cannot be opened.");
  }
  found->file = master_key::random();
  if (!options.data_directory.empty()) {
    auto written = write_master_key(options.data_directory / master_key_file, *found->file);
    if (!written) return fail(std::move(written.error()));
  }
  return *found->ring();
}

result<void> write_master_key(const std::filesystem::path& file, const master_key& key) {
  auto text = key.text() + "\n";
  auto written = write_private_file(file, text);
  wipe(text);
  return written;
}

}  // namespace flotilla::runtime
