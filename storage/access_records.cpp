// Orgs, users and API tokens as records.
#include <algorithm>
#include <utility>

#include "core/validation.hpp"
#include "storage/codec.hpp"
#include "storage/paging.hpp"
#include "storage/records.hpp"

namespace flotilla::storage {
namespace {

template <class T>
result<std::optional<T>> read_one(const snapshot& from, const std::string& key,
                                  result<T> (*decode)(std::string_view)) {
  const auto bytes = from.get(key);
  if (!bytes) return fail(bytes.error());
  if (!*bytes) return std::nullopt;
  auto value = decode(**bytes);
  if (!value) return fail(std::move(value.error()));
  return std::move(*value);
}

}  // namespace

result<std::vector<org>> list_orgs(const snapshot& from) {
  std::vector<org> found;
  std::optional<error> broken;
  const auto scanned = from.scan(keys_with_prefix(keys::all(keys::table::orgs)), direction::forward,
                                 [&](std::string_view, std::string_view bytes) {
                                   auto value = decode_org(bytes);
                                   if (!value) broken = std::move(value.error());
                                   if (value) found.push_back(std::move(*value));
                                   return !broken;
                                 });
  if (!scanned) return fail(scanned.error());
  if (broken) return fail(std::move(*broken));
  return found;
}

result<std::optional<org>> read_org(const snapshot& from, org_id which) {
  return read_one<org>(from, keys::org(which), &decode_org);
}

void write_org(batch& into, const org& value) {
  into.put(keys::org(value.id), encode(value));
}

result<std::optional<user>> read_user(const snapshot& from, org_id org, user_id which) {
  return read_one<user>(from, keys::user(org, which), &decode_user);
}

void write_user(batch& into, org_id org, const user& value) {
  into.put(keys::user(org, value.id), encode(value));
}

result<std::optional<api_token>> read_token(const snapshot& from, const token_hash& hash) {
  return read_one<api_token>(from, keys::token(hash), &decode_token);
}

void write_token(batch& into, const token_hash& hash, const api_token& value) {
  into.put(keys::token(hash), encode(value));
  into.put(keys::org_token(value.org, value.id), std::string(hash.begin(), hash.end()));
}

namespace {

result<std::optional<timestamp>> read_token_use(const snapshot& from, org_id org, token_id which) {
  const auto bytes = from.get(keys::token_use(org, which));
  if (!bytes) return fail(bytes.error());
  if (!*bytes) return std::nullopt;
  if ((*bytes)->size() != keys::seq_size) return fail(damaged("the last use of an API token", {}));
  return timestamp{std::chrono::milliseconds{keys::seq_from(**bytes)}};
}

/// The token that an org's row leads to.
result<hashed_token> follow(const snapshot& from, org_id org, token_id which, std::string_view row) {
  hashed_token found;
  if (row.size() != found.hash.size()) return fail(damaged("API token", which.to_string()));
  std::transform(row.begin(), row.end(), found.hash.begin(),
                 [](char byte) { return static_cast<std::uint8_t>(byte); });
  auto bytes = from.get(keys::token(found.hash));
  if (!bytes) return fail(std::move(bytes.error()));
  auto value = *bytes ? decode_token(**bytes) : fail(errc::internal, {});
  if (!value) return fail(damaged("API token", which.to_string()));
  auto used = read_token_use(from, org, which);
  if (!used) return fail(std::move(used.error()));
  found.token = {std::move(*value), std::move(**bytes)};
  found.token.value.last_used_at = *used;
  return found;
}

}  // namespace

result<page<api_token>> list_tokens(const snapshot& from, org_id org, const page_request& wanted) {
  if (auto good = validate(wanted); !good) return fail(std::move(good.error()));
  auto before = read_cursor(wanted.cursor, keys::table::tokens_by_org, ulid::size);
  if (!before) return fail(std::move(before.error()));
  const row_range rows{keys::all(keys::table::tokens_by_org, org), {}, *before};
  return list_rows<api_token>(
      from, rows, keys::table::tokens_by_org, wanted.limit,
      [&](std::string_view position, std::string_view row) -> result<std::optional<api_token>> {
        auto found = follow(from, org, {keys::ulid_from(position)}, row);
        if (!found) return fail(std::move(found.error()));
        return std::move(found->token.value);
      });
}

result<std::optional<hashed_token>> find_token(const snapshot& from, org_id org, token_id which) {
  const auto row = from.get(keys::org_token(org, which));
  if (!row) return fail(row.error());
  if (!*row) return std::nullopt;
  auto found = follow(from, org, which, **row);
  if (!found) return fail(std::move(found.error()));
  return std::move(*found);
}

void require_token(batch& into, const hashed_token& seen) {
  into.require(keys::token(seen.hash), seen.token.bytes);
}

void erase_token(batch& into, org_id org, const hashed_token& before) {
  require_token(into, before);
  into.erase(keys::token(before.hash));
  into.erase(keys::org_token(org, before.token.value.id));
  into.erase(keys::token_use(org, before.token.value.id));
}

void write_token_use(batch& into, org_id org, token_id which, timestamp when) {
  into.put(keys::token_use(org, which), keys::seq_bytes(static_cast<std::uint64_t>(when.time_since_epoch().count())));
}

}  // namespace flotilla::storage
