// Decisions that change secrets, and their list.
#include "runtime/secret_changes.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/text_rules.hpp"
#include "core/validation.hpp"
#include "storage/cursor.hpp"
#include "storage/key_schema.hpp"
#include "storage/records.hpp"

namespace flotilla::runtime {
namespace {

constexpr text_rule value_rule{"value", max_secret_value_bytes, text_kind::body};

// --- the list -----------------------------------------------------------------------------------------------------
//
// There are at most `max_secrets_per_org`, so a page is cut from all of them. The position of a row is the time of
// its last change and a hash of its key: one that is changed between two pages is new, and the others stay in place.

constexpr std::size_t hash_size = 16;
constexpr std::size_t position_size = storage::keys::seq_size + hash_size;

struct row {
  std::string position;
  secret shown;
};

std::string position_of(org_id org, const storage::sealed_secret& of) {
  const auto key = storage::keys::secret(org, of.name);
  std::array<unsigned char, hash_size> hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(key.data()), key.size(),
                     nullptr, 0);
  auto position = storage::keys::seq_bytes(static_cast<std::uint64_t>(of.updated_at.time_since_epoch().count()));
  return position.append(hash.begin(), hash.end());
}

bool is_wanted(const secret_name& name, const secret_query& query) {
  return name.scope == query.scope && (!query.agent || name.agent == query.agent);
}

}  // namespace

result<void> validate_secret_name(const secret_name& name) {
  if (name.key.empty()) return wrong("key", "must not be empty");
  if (!is_secret_key(name.key)) {
    return wrong("key", "must hold A-Z, 0-9 and _ only, and not be longer than " +
                            std::to_string(max_secret_key_bytes) + " bytes");
  }
  if (name.scope == secret_scope::agent && !name.agent) return wrong("agentId", "is required with the scope agent");
  if (name.scope == secret_scope::org && name.agent) return wrong("agentId", "belongs to the scope agent");
  return {};
}

result<void> validate_secret_value(std::string_view value) {
  return check_text(value, value_rule);
}

result<decision<std::monostate>> decide_put(const storage::snapshot& from, org_id org,
                                            const storage::sealed_secret& made) {
  if (made.name.agent) {
    const auto owner = storage::read_agent(from, org, *made.name.agent);
    if (!owner) return fail(owner.error());
    if (!*owner) return wrong("agentId", "no such agent");
  }
  const auto secrets = storage::read_secrets(from, org);
  if (!secrets) return fail(secrets.error());
  const auto before =
      std::find_if(secrets->begin(), secrets->end(), [&](const auto& each) { return each.value.name == made.name; });
  if (before == secrets->end() && secrets->size() >= max_secrets_per_org) {
    return fail(errc::forbidden, "The limit of " + std::to_string(max_secrets_per_org) + " secrets is reached.");
  }
  decision<std::monostate> put;
  storage::write_secret(put.changes, org, before == secrets->end() ? nullptr : &*before, made);
  return put;
}

result<decision<std::monostate>> decide_delete(const storage::snapshot& from, org_id org, const secret_name& which) {
  const auto before = storage::read_secret(from, org, which);
  if (!before) return fail(before.error());
  if (!*before) return fail(errc::not_found, "No such secret.");
  decision<std::monostate> deleted;
  storage::erase_secret(deleted.changes, org, **before);
  return deleted;
}

result<page<secret>> list_secrets(const storage::snapshot& from, org_id org, const secret_query& query) {
  if (auto valid = validate(query.page); !valid) return fail(std::move(valid.error()));
  if (query.agent && query.scope != secret_scope::agent) return wrong("agent", "belongs to the scope agent");
  const auto before = storage::read_cursor(query.page.cursor, storage::keys::table::secrets, position_size);
  if (!before) return fail(before.error());
  const auto secrets = storage::read_secrets(from, org);
  if (!secrets) return fail(secrets.error());
  std::vector<row> rows;
  for (const auto& each : *secrets) {
    if (!is_wanted(each.value.name, query)) continue;
    auto position = position_of(org, each.value);
    if (*before && position >= **before) continue;
    rows.push_back({std::move(position), {each.value.name, each.value.updated_at}});
  }
  std::sort(rows.begin(), rows.end(), [](const row& a, const row& b) { return a.position > b.position; });
  page<secret> found;
  if (rows.size() > query.page.limit) {
    rows.resize(query.page.limit);
    found.next = storage::make_cursor(storage::keys::table::secrets, rows.back().position);
  }
  for (auto& each : rows) found.items.push_back(std::move(each.shown));
  return found;
}

}  // namespace flotilla::runtime
