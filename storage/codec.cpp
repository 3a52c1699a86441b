#include "storage/codec.hpp"

#include <chrono>
#include <exception>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/json_decode.hpp"
#include "flotilla/json.hpp"
#include "storage/key_schema.hpp"

namespace flotilla::storage {
namespace {

using nlohmann::json;

constexpr std::size_t task_header_size = 1 + 3 * keys::seq_size;
constexpr unsigned char queued_flag = 1;
constexpr unsigned char aside_flag = 2;
constexpr unsigned char counted_flag = 4;
constexpr unsigned char extras_flag = 8;
constexpr unsigned char all_flags = queued_flag | aside_flag | counted_flag | extras_flag;
constexpr std::size_t format_size = 4;
constexpr std::size_t extras_size_bytes = format_size;

/// Reads the fields of a flat record; remembers whether one was missing or wrong.
class field_reader {
 public:
  explicit field_reader(std::string_view bytes) : object_(json::parse(bytes, nullptr, false)) {
    good_ = object_.is_object();
  }

  std::string text(const char* name) {
    if (!good_) return {};
    const auto found = object_.find(name);
    good_ = found != object_.end() && found->is_string();
    return good_ ? found->get<std::string>() : std::string();
  }
  template <class Id>
  Id id(const char* name) {
    return value_or_fail(Id::parse(text(name)));
  }
  timestamp time(const char* name) { return value_or_fail(parse_timestamp(text(name))); }
  flotilla::role role(const char* name) { return value_or_fail(parse_role(text(name))); }

  [[nodiscard]] bool good() const noexcept { return good_; }

 private:
  template <class T>
  T value_or_fail(std::optional<T> parsed) {
    good_ = good_ && parsed.has_value();
    return parsed.value_or(T{});
  }

  json object_;
  bool good_ = false;
};

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string u32_bytes(std::uint64_t value) {
  return keys::seq_bytes(value).substr(keys::seq_size - extras_size_bytes);
}

// --- extras -------------------------------------------------------------------------------------------------

json json_of(const delegation& from) {
  json made{{"agent", from.agent.to_string()},
            {"call", from.call_id},
            {"attempt", from.attempt},
            {"depth", from.depth},
            {"wait", from.wait}};
  if (from.ancestors.empty()) return made;
  auto& above = made["above"] = json::array();
  for (const auto& each : from.ancestors) above.push_back(each.to_string());
  return made;
}

json json_of(const reservation& reserved) {
  auto rows = json::array();
  for (const auto& row : reserved.rows) {
    rows.push_back({static_cast<unsigned>(row.period), row.bucket, row.agent.to_string()});
  }
  return {{"tokens", reserved.tokens}, {"rows", std::move(rows)}};
}

/// Empty where the task has none.
std::string extras_of(const task_record& value) {
  auto extras = json::object();
  if (value.from) extras["from"] = json_of(*value.from);
  if (value.parked_at) extras["parkedAt"] = value.parked_at->time_since_epoch().count();
  if (value.reserved) extras["reserved"] = json_of(*value.reserved);
  if (value.wakes > 0) extras["wakes"] = value.wakes;
  return extras.empty() ? std::string() : dump(extras);
}

template <class Id>
Id id_of(const json& text) {
  const auto parsed = Id::parse(text.get<std::string>());
  if (!parsed) throw std::invalid_argument("an id");
  return *parsed;
}

delegation delegation_of(const json& from) {
  delegation made{id_of<agent_id>(from.at("agent")), from.at("call").get<std::string>(),
                  from.at("attempt").get<std::uint32_t>(), from.at("depth").get<std::uint32_t>(),
                  from.at("wait").get<bool>()};
  if (const auto found = from.find("above"); found != from.end()) {
    for (const auto& each : *found) made.ancestors.push_back(id_of<task_id>(each));
  }
  return made;
}

reservation reservation_of(const json& from) {
  reservation made{from.at("tokens").get<std::uint64_t>(), {}};
  for (const auto& row : from.at("rows")) {
    const auto period = row.at(0).get<unsigned>();
    if (period > static_cast<unsigned>(budget_period::month)) throw std::invalid_argument("a period");
    made.rows.push_back(
        {static_cast<budget_period>(period), row.at(1).get<std::uint64_t>(), id_of<agent_id>(row.at(2))});
  }
  return made;
}

/// False where the text is not what `extras_of` writes.
bool read_extras(std::string_view text, task_record& into) {
  try {
    const auto extras = json::parse(text);
    if (const auto found = extras.find("from"); found != extras.end()) into.from = delegation_of(*found);
    if (const auto found = extras.find("parkedAt"); found != extras.end()) {
      into.parked_at = timestamp{std::chrono::milliseconds{found->get<std::int64_t>()}};
    }
    if (const auto found = extras.find("reserved"); found != extras.end()) into.reserved = reservation_of(*found);
    if (const auto found = extras.find("wakes"); found != extras.end()) into.wakes = found->get<std::uint32_t>();
    return into.from.has_value() == into.task.parent.has_value();
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

error damaged(std::string_view kind, std::string_view which) {
  std::string text = "The store is damaged: the record of ";
  text.append(kind);
  if (!which.empty()) text.append(" ").append(which);
  return {errc::internal, text.append(" cannot be read."), std::nullopt};
}

std::string encode(const task_record& value, std::optional<std::uint64_t> input_mark) {
  const auto extras = extras_of(value);
  unsigned char flags = value.queued ? queued_flag : 0;
  if (input_mark) flags |= aside_flag;
  if (value.counted) flags |= counted_flag;
  if (!extras.empty()) flags |= extras_flag;
  std::string bytes(1, static_cast<char>(flags));
  bytes.append(keys::seq_bytes(value.before_attempt));
  bytes.append(keys::seq_bytes(value.usage_before.input_tokens));
  bytes.append(keys::seq_bytes(value.usage_before.output_tokens));
  if (input_mark) bytes.append(keys::seq_bytes(*input_mark));
  if (!extras.empty()) bytes.append(u32_bytes(extras.size())).append(extras);
  if (!input_mark) return bytes.append(to_json(value.task));
  auto without = value.task;
  without.input.clear();
  return bytes.append(to_json(without));
}

result<coded_task> decode_task(std::string_view bytes) {
  const auto mark = input_mark_of(bytes);
  auto header = task_header_size + (mark ? keys::seq_size : 0);
  if (bytes.size() < header) return fail(damaged("a task", {}));
  const auto flags = static_cast<unsigned char>(bytes.front());
  std::string_view extras;
  if ((flags & extras_flag) != 0) {
    if (bytes.size() < header + extras_size_bytes) return fail(damaged("a task", {}));
    const auto size = keys::seq_from(bytes.substr(header, extras_size_bytes));
    header += extras_size_bytes;
    if (bytes.size() - header < size) return fail(damaged("a task", {}));
    extras = bytes.substr(header, size);
    header += size;
  }
  auto decoded = task_from_json(bytes.substr(header));
  if (!decoded || flags > all_flags) return fail(damaged("a task", {}));
  const auto number = [bytes](std::size_t index) {
    return keys::seq_from(bytes.substr(1 + index * keys::seq_size, keys::seq_size));
  };
  coded_task found;
  found.input_mark = mark;
  auto& record = found.record;
  record.task = std::move(*decoded);
  record.queued = (flags & queued_flag) != 0;
  record.before_attempt = number(0);
  record.usage_before = {number(1), number(2)};
  record.counted = (flags & counted_flag) != 0;
  const bool good = extras.empty() ? !record.task.parent.has_value() : read_extras(extras, record);
  if (!good) return fail(damaged("a task", {}));
  return found;
}

std::optional<std::uint64_t> input_mark_of(std::string_view encoded_task) noexcept {
  if (encoded_task.size() < task_header_size + keys::seq_size) return std::nullopt;
  if ((static_cast<unsigned char>(encoded_task.front()) & aside_flag) == 0) return std::nullopt;
  return keys::seq_from(encoded_task.substr(task_header_size, keys::seq_size));
}

std::uint64_t input_mark_for(std::string_view input) noexcept {
  constexpr std::uint64_t fnv_offset = 0xCBF29CE484222325;
  constexpr std::uint64_t fnv_prime = 0x100000001B3;
  auto mark = fnv_offset;
  for (const char byte : input) mark = (mark ^ static_cast<unsigned char>(byte)) * fnv_prime;
  return mark;
}

std::string encode(const org& value) {
  return dump({{"id", value.id.to_string()}, {"name", value.name}, {"createdAt", to_string(value.created_at)}});
}

result<org> decode_org(std::string_view bytes) {
  field_reader fields(bytes);
  org value{fields.id<org_id>("id"), fields.text("name"), fields.time("createdAt")};
  if (!fields.good()) return fail(damaged("an org", {}));
  return value;
}

std::string encode(const user& value) {
  return dump({{"id", value.id.to_string()}, {"name", value.name}, {"role", to_string(value.role)}});
}

result<user> decode_user(std::string_view bytes) {
  field_reader fields(bytes);
  user value{fields.id<user_id>("id"), fields.text("name"), fields.role("role")};
  if (!fields.good()) return fail(damaged("a user", {}));
  return value;
}

std::string encode(const api_token& value) {
  return dump({{"id", value.id.to_string()},
               {"org", value.org.to_string()},
               {"user", value.user.to_string()},
               {"name", value.name},
               {"role", to_string(value.role)},
               {"createdAt", to_string(value.created_at)}});
}

result<api_token> decode_token(std::string_view bytes) {
  field_reader fields(bytes);
  api_token value{fields.id<token_id>("id"),
                  fields.id<org_id>("org"),
                  fields.id<user_id>("user"),
                  fields.text("name"),
                  fields.role("role"),
                  fields.time("createdAt"),
                  std::nullopt};
  if (!fields.good()) return fail(damaged("an API token", {}));
  return value;
}

std::string encode_log_head(std::uint64_t last) {
  return keys::seq_bytes(last);
}

result<std::uint64_t> decode_log_head(const std::optional<std::string>& bytes) {
  if (!bytes) return 0;
  if (bytes->size() != keys::seq_size) return fail(damaged("a log head", {}));
  return keys::seq_from(*bytes);
}

std::string encode_format(std::uint32_t version) {
  return u32_bytes(version);
}

result<std::uint32_t> decode_format(std::string_view bytes) {
  if (bytes.size() != format_size) return fail(damaged("the format version", {}));
  return static_cast<std::uint32_t>(keys::seq_from(bytes));
}

}  // namespace flotilla::storage
