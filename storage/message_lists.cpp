// Lists of messages. The scan goes over the index of the narrowest filter: task, then epic, agent, type; a type
// filter that ends in '*' alone merges the indexes of the types that it means (there are few types, see
// core/bus_types.hpp), so that it looks at no message that it does not give. The times of messages never decrease
// along the bus, so `since` and `until` are bounds of positions, found by halving.
#include <algorithm>
#include <iterator>

#include "core/validation.hpp"
#include "storage/codec.hpp"
#include "storage/paging.hpp"
#include "storage/records.hpp"

namespace flotilla::storage {
namespace {

/// The first position in [low, high) whose message is not earlier than `when`; `high` where all are.
result<message_seq> first_not_before(const snapshot& from, org_id org, message_seq low, message_seq high,
                                     timestamp when) {
  while (low < high) {
    const auto middle = low + (high - low) / 2;
    const auto value = read_message(from, org, middle);
    if (!value) return fail(value.error());
    if (value->created_at < when) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/// Positions [first, second) that the cursor, `since` and `until` leave.
result<std::pair<message_seq, message_seq>> positions_for(const snapshot& from, org_id org,
                                                          const message_query& query) {
  auto cursor = read_cursor(query.page.cursor, keys::table::messages, keys::seq_size);
  if (!cursor) return fail(std::move(cursor.error()));
  const auto last = last_message_seq(from, org);
  if (!last) return fail(last.error());
  message_seq high = *cursor ? std::min(keys::seq_from(**cursor), *last + 1) : *last + 1;
  message_seq low = 1;
  if (query.filter.since) {
    const auto bound = first_not_before(from, org, low, high, *query.filter.since);
    if (!bound) return fail(bound.error());
    low = *bound;
  }
  if (query.filter.until) {
    const auto bound = first_not_before(from, org, low, high, *query.filter.until);
    if (!bound) return fail(bound.error());
    high = *bound;
  }
  return std::pair(low, high);
}

/// Is the filter one for which the indexes of several types are merged?
bool merges_types(const message_filter& filter) {
  return filter.type && filter.type->size() > 1 && filter.type->ends_with('*') && !filter.task && !filter.epic &&
         !filter.agent;
}

std::string index_for(org_id org, const message_filter& filter) {
  if (filter.task) return keys::messages_by_task(org, *filter.task);
  if (filter.epic) return keys::messages_by_epic(org, *filter.epic);
  if (filter.agent) return keys::messages_by_agent(org, *filter.agent);
  if (filter.type && !filter.type->ends_with('*')) return keys::messages_by_type(org, *filter.type);
  return keys::all(keys::table::messages, org);
}

/// The types on an org's bus that begin with a text: one seek each.
result<std::vector<std::string>> types_with_prefix(const snapshot& from, org_id org, std::string_view text) {
  const auto table = keys::all(keys::table::messages_by_type, org);
  std::vector<std::string> found;
  auto rest = keys_with_prefix(table + std::string(text));
  for (;;) {
    const auto row = first_of(from, rest, direction::forward);
    if (!row) return fail(row.error());
    if (!*row) return found;
    const auto& key = (*row)->first;
    found.push_back(key.substr(table.size(), key.find('\0', table.size()) - table.size()));
    rest.from = keys_with_prefix(keys::messages_by_type(org, found.back())).to;
  }
}

/// Adds the positions in an index, newest first, at most `limit` of them.
result<void> collect(const snapshot& from, const row_range& rows, std::size_t limit, std::vector<message_seq>& into) {
  std::size_t count = 0;
  return from.scan(keys_in(rows), direction::backward, [&](std::string_view key, std::string_view) {
    into.push_back(keys::seq_from(key.substr(rows.prefix.size())));
    return ++count < limit;
  });
}

result<page<message>> list_merged(const snapshot& from, org_id org, const message_query& query, message_seq low,
                                  message_seq high) {
  const auto text = std::string_view(*query.filter.type);
  const auto types = types_with_prefix(from, org, text.substr(0, text.size() - 1));
  if (!types) return fail(types.error());
  std::vector<message_seq> positions;
  for (const auto& type : *types) {
    const row_range rows{keys::messages_by_type(org, type), keys::seq_bytes(low), keys::seq_bytes(high)};
    if (auto done = collect(from, rows, query.page.limit + 1, positions); !done) return fail(done.error());
  }
  std::sort(positions.begin(), positions.end(), std::greater<>());
  page<message> found;
  for (const auto seq : positions) {
    if (found.items.size() == query.page.limit) {
      found.next = make_cursor(keys::table::messages, keys::seq_bytes(found.items.back().seq));
      break;
    }
    auto value = read_message(from, org, seq);
    if (!value) return fail(std::move(value.error()));
    found.items.push_back(std::move(*value));
  }
  return found;
}

}  // namespace

result<page<message>> list_messages(const snapshot& from, org_id org, const message_query& query) {
  if (auto good = validate(query.page); !good) return fail(std::move(good.error()));
  const auto bounds = positions_for(from, org, query);
  if (!bounds) return fail(bounds.error());
  const auto [low, high] = *bounds;
  if (low >= high) return page<message>{};
  if (merges_types(query.filter)) return list_merged(from, org, query, low, high);
  const row_range rows{index_for(org, query.filter), keys::seq_bytes(low), keys::seq_bytes(high)};
  return list_rows<message>(from, rows, keys::table::messages, query.page.limit,
                            [&](std::string_view position, std::string_view) -> result<std::optional<message>> {
                              auto value = read_message(from, org, keys::seq_from(position));
                              if (!value) return fail(std::move(value.error()));
                              if (!matches(query.filter, *value)) return std::nullopt;
                              return std::move(*value);
                            });
}

result<std::vector<message>> read_said(const snapshot& from, org_id org, agent_id agent,
                                       std::optional<message_seq> before, std::size_t most) {
  std::vector<message> found;
  if (most == 0) return found;
  row_range rows{keys::said_by_agent(org, agent), {}, {}};
  if (before) rows.to = keys::seq_bytes(*before);
  std::vector<message_seq> positions;
  if (auto done = collect(from, rows, most, positions); !done) return fail(done.error());
  for (const auto seq : positions) {
    auto value = read_message(from, org, seq);
    if (!value) return fail(std::move(value.error()));
    found.push_back(std::move(*value));
  }
  return found;
}

}  // namespace flotilla::storage
