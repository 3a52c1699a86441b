// A task's journal as records.
#include "core/json_decode.hpp"
#include "flotilla/json.hpp"
#include "storage/codec.hpp"
#include "storage/paging.hpp"
#include "storage/records.hpp"

namespace flotilla::storage {

std::shared_ptr<const std::string> write_event(batch& into, org_id org, task_id task, const event& value) {
  auto json = std::make_shared<const std::string>(to_json(value));
  into.put(keys::event(org, task, value.seq), *json);
  return json;
}

result<std::vector<log_entry>> read_events(const snapshot& from, org_id org, task_id task, event_seq after,
                                           std::size_t max_bytes) {
  std::vector<log_entry> found;
  if (after == UINT64_MAX) return found;
  const auto prefix = keys::events(org, task);
  std::size_t bytes = 0;
  const auto scanned = from.scan(
      {keys::event(org, task, after + 1), keys_with_prefix(prefix).to}, direction::forward,
      [&](std::string_view key, std::string_view json) {
        if (!found.empty() && bytes + json.size() > max_bytes) return false;
        found.push_back({keys::seq_from(key.substr(prefix.size())), std::make_shared<const std::string>(json)});
        bytes += json.size();
        return bytes < max_bytes;
      });
  if (!scanned) return fail(scanned.error());
  return found;
}

result<event> decode_event(std::string_view json) {
  auto value = event_from_json(json);
  if (!value) return fail(damaged("an event", {}));
  return value;
}

result<std::optional<event>> read_last_event(const snapshot& from, org_id org, task_id task) {
  const auto row = first_of(from, keys_with_prefix(keys::events(org, task)), direction::backward);
  if (!row) return fail(row.error());
  if (!*row) return std::nullopt;
  auto value = decode_event((*row)->second);
  if (!value) return fail(damaged("an event of task", task.to_string()));
  return std::move(*value);
}

}  // namespace flotilla::storage
