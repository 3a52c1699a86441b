// Orgs, users and API tokens as records, and the store's format version.
#include <future>
#include <utility>

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
  if (*version == format_version) return {};
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
}

result<void> ensure_format(store& in) {
  const auto now = in.snapshot();
  if (!now) return fail(now.error());
  const auto version = (*now)->get(keys::format());
  if (!version) return fail(version.error());
  if (*version) return check_version(**version);
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
