// Epics and MCP servers as records.
#include "storage/catalog_records.hpp"

#include <utility>

#include "core/json_decode.hpp"
#include "core/validation.hpp"
#include "flotilla/json.hpp"
#include "storage/codec.hpp"
#include "storage/counters.hpp"
#include "storage/paging.hpp"

namespace flotilla::storage {
namespace {

constexpr std::size_t epic_counter_count = 2;  ///< tasks, done
constexpr std::uint64_t percent = 100;

result<std::uint32_t> progress_of(const snapshot& from, org_id org, epic_id which) {
  const auto counted = read_counters(from, keys::epic_counters(org, which), epic_counter_count);
  if (!counted) return fail(counted.error());
  const auto tasks = (*counted)[0];
  const auto done = (*counted)[1];
  return tasks == 0 ? 0 : static_cast<std::uint32_t>(done * percent / tasks);
}

result<epic> decode_epic(const snapshot& from, org_id org, std::string_view bytes, epic_id which) {
  auto value = epic_from_json(bytes);
  if (!value) return fail(damaged("epic", which.to_string()));
  const auto progress = progress_of(from, org, which);
  if (!progress) return fail(progress.error());
  value->progress = *progress;
  return value;
}

template <class T>
std::optional<std::string> bytes_before(const stored<T>* before) {
  return before != nullptr ? std::optional(before->bytes) : std::nullopt;
}

}  // namespace

// --- epics ------------------------------------------------------------------------------------------------

result<std::optional<stored<epic>>> read_epic(const snapshot& from, org_id org, epic_id which) {
  auto bytes = from.get(keys::epic(org, which));
  if (!bytes) return fail(std::move(bytes.error()));
  if (!*bytes) return std::nullopt;
  auto value = decode_epic(from, org, **bytes, which);
  if (!value) return fail(std::move(value.error()));
  return stored<epic>{std::move(*value), std::move(**bytes)};
}

result<page<epic>> list_epics(const snapshot& from, org_id org, const epic_query& query) {
  if (auto good = validate(query.page); !good) return fail(std::move(good.error()));
  auto before = read_cursor(query.page.cursor, keys::table::epics, ulid::size);
  if (!before) return fail(std::move(before.error()));
  return list_rows<epic>(from, {keys::all(keys::table::epics, org), {}, *before}, keys::table::epics,
                         query.page.limit,
                         [&](std::string_view position, std::string_view bytes) -> result<std::optional<epic>> {
                           auto value = decode_epic(from, org, bytes, {keys::ulid_from(position)});
                           if (!value) return fail(std::move(value.error()));
                           if (query.status && value->status != *query.status) return std::nullopt;
                           if (query.type && value->type != *query.type) return std::nullopt;
                           return std::move(*value);
                         });
}

void write_epic(batch& into, org_id org, const stored<epic>* before, const epic& after) {
  auto key = keys::epic(org, after.id);
  into.require(key, bytes_before(before));
  auto kept = after;
  kept.progress = 0;
  into.put(std::move(key), to_json(kept));
}

void require_epic(batch& into, org_id org, const stored<epic>& seen) {
  into.require(keys::epic(org, seen.value.id), seen.bytes);
}

// --- MCP servers --------------------------------------------------------------------------------------------

result<std::optional<stored<mcp_server>>> read_mcp(const snapshot& from, org_id org, mcp_id which) {
  auto bytes = from.get(keys::mcp(org, which));
  if (!bytes) return fail(std::move(bytes.error()));
  if (!*bytes) return std::nullopt;
  auto value = mcp_server_from_json(**bytes);
  if (!value) return fail(damaged("MCP server", which.to_string()));
  return stored<mcp_server>{std::move(*value), std::move(**bytes)};
}

result<std::optional<mcp_id>> find_mcp(const snapshot& from, org_id org, std::string_view name) {
  const auto bytes = from.get(keys::mcp_name(org, name));
  if (!bytes) return fail(bytes.error());
  if (!*bytes) return std::nullopt;
  if ((*bytes)->size() != ulid::size) return fail(damaged("the name of an MCP server", {}));
  return mcp_id{keys::ulid_from(**bytes)};
}

result<page<mcp_server>> list_mcps(const snapshot& from, org_id org, const page_request& wanted) {
  if (auto good = validate(wanted); !good) return fail(std::move(good.error()));
  auto before = read_cursor(wanted.cursor, keys::table::mcps, ulid::size);
  if (!before) return fail(std::move(before.error()));
  return list_rows<mcp_server>(
      from, {keys::all(keys::table::mcps, org), {}, *before}, keys::table::mcps, wanted.limit,
      [](std::string_view position, std::string_view bytes) -> result<std::optional<mcp_server>> {
        auto value = mcp_server_from_json(bytes);
        if (!value) return fail(damaged("MCP server", mcp_id{keys::ulid_from(position)}.to_string()));
        return std::move(*value);
      });
}

void write_mcp(batch& into, org_id org, const stored<mcp_server>* before, const mcp_server& after) {
  auto key = keys::mcp(org, after.id);
  into.require(key, bytes_before(before));
  into.put(std::move(key), to_json(after));
  if (before != nullptr && before->value.name == after.name) return;
  if (before != nullptr) into.erase(keys::mcp_name(org, before->value.name));
  into.require(keys::mcp_name(org, after.name), std::nullopt);
  into.put(keys::mcp_name(org, after.name), std::string(keys::bytes_of(after.id.value)));
}

void erase_mcp(batch& into, org_id org, const stored<mcp_server>& before) {
  auto key = keys::mcp(org, before.value.id);
  into.require(key, before.bytes);
  into.erase(std::move(key));
  into.erase(keys::mcp_name(org, before.value.name));
}

}  // namespace flotilla::storage
