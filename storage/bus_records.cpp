// The bus as records: appending, and reading it forward or at one place.
#include <algorithm>

#include "core/bus_types.hpp"
#include "core/json_decode.hpp"
#include "flotilla/json.hpp"
#include "storage/codec.hpp"
#include "storage/index_keys.hpp"
#include "storage/paging.hpp"
#include "storage/records.hpp"

namespace flotilla::storage {
namespace {

/// Rows that one call of `read_messages` looks at: the bound of its time where nothing passes the filter.
constexpr std::size_t max_rows_looked_at = 16'384;

message place(message_draft draft, message_seq seq, timestamp at) {
  message value;
  value.id = message_id::make(at);
  value.seq = seq;
  value.type = std::move(draft.type);
  value.from = draft.from;
  value.to = draft.to;
  value.task_id = draft.task_id;
  value.epic_id = draft.epic_id;
  value.text = std::move(draft.text);
  value.data = std::move(draft.data);
  value.created_at = at;
  return value;
}

void put_rows(appender& out, org_id org, const message& value, const std::string& json) {
  out.put(keys::message(org, value.seq), json);
  for (auto& row : index_keys(org, value)) out.put(std::move(row), {});
  if (is_mail(value)) out.put(keys::mail(org, value.to.agent, value.seq), {});
}

/// Adds a row for each agent that says it or is told it: one who writes to himself is found once.
void add_agents(std::vector<std::string>& to, org_id org, const message& of, const std::string& position,
                std::string (*index)(org_id, agent_id)) {
  if (of.from.is == party::kind::agent) to.push_back(index(org, of.from.agent) + position);
  if (of.to.is == party::kind::agent && of.to != of.from) to.push_back(index(org, of.to.agent) + position);
}

}  // namespace

std::vector<std::string> index_keys(org_id org, const message& of) {
  const auto position = keys::seq_bytes(of.seq);
  std::vector<std::string> found{keys::messages_by_type(org, of.type) + position};
  add_agents(found, org, of, position, &keys::messages_by_agent);
  if (of.type == bus::agent_message) add_agents(found, org, of, position, &keys::said_by_agent);
  if (of.task_id) found.push_back(keys::messages_by_task(org, *of.task_id) + position);
  if (of.epic_id) found.push_back(keys::messages_by_epic(org, *of.epic_id) + position);
  return found;
}

timestamp bus_stamp::next() {
  last_ = std::max(last_, clock_.now());
  return last_;
}

void append_message(batch& into, org_id org, message_draft draft, std::shared_ptr<bus_stamp> stamp,
                    std::function<void(bus_entry, appender&)> placed) {
  into.append(keys::bus_head(org), [org, draft = std::move(draft), stamp = std::move(stamp),
                                    placed = std::move(placed)](std::uint64_t position, appender& out) mutable {
    auto value = std::make_shared<const message>(place(std::move(draft), position, stamp->next()));
    auto json = std::make_shared<const std::string>(to_json(*value));
    put_rows(out, org, *value, *json);
    if (placed) placed({std::move(value), {position, std::move(json)}}, out);
  });
}

result<bus_slice> read_messages(const snapshot& from, org_id org, const message_filter& filter, message_seq after,
                                std::size_t max_bytes) {
  bus_slice slice;
  slice.scanned_to = after;
  if (after == UINT64_MAX) return slice;
  const auto prefix = keys::all(keys::table::messages, org);
  std::size_t bytes = 0;
  std::size_t looked_at = 0;
  bool good = true;
  const auto scanned = from.scan({keys::message(org, after + 1), keys_with_prefix(prefix).to}, direction::forward,
                                 [&](std::string_view key, std::string_view json) {
                                   auto value = message_from_json(json);
                                   good = value.has_value();
                                   if (!good) return false;
                                   const auto seq = keys::seq_from(key.substr(prefix.size()));
                                   if (matches(filter, *value)) {
                                     if (!slice.entries.empty() && bytes + json.size() > max_bytes) return false;
                                     slice.entries.push_back({std::make_shared<const message>(std::move(*value)),
                                                              {seq, std::make_shared<const std::string>(json)}});
                                     bytes += json.size();
                                   }
                                   slice.scanned_to = seq;
                                   return bytes < max_bytes && ++looked_at < max_rows_looked_at;
                                 });
  if (!scanned) return fail(scanned.error());
  if (!good) return fail(damaged("message", std::to_string(slice.scanned_to + 1)));
  return slice;
}

result<message> read_message(const snapshot& from, org_id org, message_seq seq) {
  const auto bytes = from.get(keys::message(org, seq));
  if (!bytes) return fail(bytes.error());
  auto value = *bytes ? message_from_json(**bytes) : fail(errc::internal, {});
  if (!value) return fail(damaged("message", std::to_string(seq)));
  return value;
}

result<message_seq> last_message_seq(const snapshot& from, org_id org) {
  const auto head = from.get(keys::bus_head(org));
  if (!head) return fail(head.error());
  return decode_log_head(*head);
}

result<timestamp> newest_message_time(const snapshot& from) {
  timestamp newest{};
  auto rest = keys_with_prefix(keys::all(keys::table::bus_heads));
  for (;;) {
    const auto head = first_of(from, rest, direction::forward);
    if (!head) return fail(head.error());
    if (!*head) return newest;
    const org_id org{keys::ulid_from((*head)->first.substr(1))};
    const auto row = first_of(from, keys_with_prefix(keys::all(keys::table::messages, org)), direction::backward);
    if (!row) return fail(row.error());
    if (*row) {
      const auto value = message_from_json((*row)->second);
      if (!value) return fail(damaged("the newest message", {}));
      newest = std::max(newest, value->created_at);
    }
    rest.from = (*head)->first + '\0';
  }
}

}  // namespace flotilla::storage
