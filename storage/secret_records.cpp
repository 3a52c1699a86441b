// Sealed secrets as records.
#include "storage/secret_records.hpp"

#include <utility>

#include "storage/codec.hpp"
#include "storage/key_schema.hpp"

namespace flotilla::storage {
namespace {

std::string encode(const sealed_secret& value) {
  return keys::seq_bytes(static_cast<std::uint64_t>(value.updated_at.time_since_epoch().count())) + value.sealed;
}

result<sealed_secret> decode(secret_name name, std::string_view bytes) {
  if (bytes.size() < keys::seq_size) return fail(damaged("secret", name.key));
  const std::chrono::milliseconds since_epoch{keys::seq_from(bytes.substr(0, keys::seq_size))};
  return sealed_secret{std::move(name), timestamp{since_epoch}, std::string(bytes.substr(keys::seq_size))};
}

/// What names the secret of a key. `rest`: the key behind the org.
result<secret_name> name_from(std::string_view rest) {
  constexpr std::size_t text_at = 1 + ulid::size;
  if (rest.size() <= text_at || static_cast<unsigned char>(rest.front()) > 1) return fail(damaged("a secret", {}));
  secret_name name;
  name.scope = static_cast<secret_scope>(rest.front());
  if (name.scope == secret_scope::agent) name.agent = agent_id{keys::ulid_from(rest.substr(1))};
  name.key = rest.substr(text_at);
  return name;
}

}  // namespace

result<sealed_secret> decode_secret(std::string_view rest, std::string_view bytes) {
  auto name = name_from(rest);
  if (!name) return fail(std::move(name.error()));
  return decode(std::move(*name), bytes);
}

result<std::optional<stored<sealed_secret>>> read_secret(const snapshot& from, org_id org, const secret_name& name) {
  auto bytes = from.get(keys::secret(org, name));
  if (!bytes) return fail(std::move(bytes.error()));
  if (!*bytes) return std::nullopt;
  auto value = decode(name, **bytes);
  if (!value) return fail(std::move(value.error()));
  return stored<sealed_secret>{std::move(*value), std::move(**bytes)};
}

result<std::vector<stored<sealed_secret>>> read_secrets(const snapshot& from, org_id org) {
  const auto prefix = keys::all(keys::table::secrets, org);
  std::vector<stored<sealed_secret>> found;
  std::optional<error> broken;
  const auto scanned =
      from.scan(keys_with_prefix(prefix), direction::forward, [&](std::string_view key, std::string_view bytes) {
        auto value = decode_secret(key.substr(prefix.size()), bytes);
        if (value) {
          found.push_back({std::move(*value), std::string(bytes)});
        } else {
          broken = std::move(value.error());
        }
        return !broken;
      });
  if (!scanned) return fail(scanned.error());
  if (broken) return fail(std::move(*broken));
  return found;
}

void write_secret(batch& into, org_id org, const stored<sealed_secret>* before, const sealed_secret& after) {
  auto key = keys::secret(org, after.name);
  into.require(key, before != nullptr ? std::optional(before->bytes) : std::nullopt);
  into.put(std::move(key), encode(after));
}

void erase_secret(batch& into, org_id org, const stored<sealed_secret>& before) {
  auto key = keys::secret(org, before.value.name);
  into.require(key, before.bytes);
  into.erase(std::move(key));
}

}  // namespace flotilla::storage
