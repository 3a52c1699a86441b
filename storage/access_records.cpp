// Orgs, users and API tokens as records, and the store's format version.
#include <algorithm>
#include <future>
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

result<void> check_version(std::string_view bytes) {
  const auto version = decode_format(bytes);
  if (!version) return fail(version.error());
  if (*version >= oldest_format_version && *version <= format_version) return {};
  const auto theirs = std::to_string(*version);
  const auto ours = std::to_string(format_version);
  if (*version < format_version) {
    return fail(errc::internal,
                "The store has format " + theirs + ", which this program (format " + ours + ") does not read.");
  }
  return fail(errc::internal, "The store was written by a newer version of Flotilla (format " + theirs +
                                  "; this program reads up to " + ours + "). Start that version, or use another " +
                                  "data directory. Nothing was changed.");
}

result<void> commit_and_wait(store& in, batch changes) {
  auto answer = std::make_shared<std::promise<result<void>>>();
  auto outcome = answer->get_future();
  in.commit(std::move(changes), durability::synced,
            [answer](result<void> done) { answer->set_value(std::move(done)); });
  return outcome.get();
}

/// An older format that can be taken over becomes ours; its data is good as it stands.
result<void> raise_version(store& in, const std::string& theirs) {
  auto ours = encode_format(format_version);
  if (theirs == ours) return {};
  batch raised;
  raised.require(keys::format(), theirs);
  raised.put(keys::format(), std::move(ours));
  return commit_and_wait(in, std::move(raised));
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

result<std::uint32_t> read_format(const snapshot& from) {
  const auto bytes = from.get(keys::format());
  if (!bytes) return fail(bytes.error());
  if (!*bytes)
    return fail(errc::internal, "The store holds no format version. It was not made by Flotilla, or is damaged.");
  if (auto known = check_version(**bytes); !known) return fail(std::move(known.error()));
  return decode_format(**bytes);
}

result<void> ensure_format(store& in) {
  const auto now = in.snapshot();
  if (!now) return fail(now.error());
  const auto version = (*now)->get(keys::format());
  if (!version) return fail(version.error());
  if (*version) {
    if (auto known = check_version(**version); !known) return known;
    return raise_version(in, **version);
  }
  const auto row = first_of(**now, {}, direction::forward);
  if (!row) return fail(row.error());
  if (*row) {
    return fail(errc::internal, "The store holds data but no format version (this program writes format " +
                                    std::to_string(format_version) +
                                    "). It was not made by Flotilla, or is damaged.");
  }
  batch first;
  first.require(keys::format(), std::nullopt);
  first.put(keys::format(), encode_format(format_version));
  return commit_and_wait(in, std::move(first));
}

}  // namespace flotilla::storage
