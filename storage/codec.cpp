#include "storage/codec.hpp"

#include <nlohmann/json.hpp>

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
constexpr unsigned char all_flags = queued_flag | aside_flag | counted_flag;
constexpr std::size_t format_size = 4;

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

}  // namespace

error damaged(std::string_view kind, std::string_view which) {
  std::string text = "The store is damaged: the record of ";
  text.append(kind);
  if (!which.empty()) text.append(" ").append(which);
  return {errc::internal, text.append(" cannot be read."), std::nullopt};
}

std::string encode(const task_record& value, std::optional<std::uint64_t> input_mark) {
  unsigned char flags = value.queued ? queued_flag : 0;
  if (input_mark) flags |= aside_flag;
  if (value.counted) flags |= counted_flag;
  std::string bytes(1, static_cast<char>(flags));
  bytes.append(keys::seq_bytes(value.before_attempt));
  bytes.append(keys::seq_bytes(value.usage_before.input_tokens));
  bytes.append(keys::seq_bytes(value.usage_before.output_tokens));
  if (!input_mark) return bytes.append(to_json(value.task));
  bytes.append(keys::seq_bytes(*input_mark));
  auto without = value.task;
  without.input.clear();
  return bytes.append(to_json(without));
}

result<coded_task> decode_task(std::string_view bytes) {
  const auto mark = input_mark_of(bytes);
  const auto header = task_header_size + (mark ? keys::seq_size : 0);
  if (bytes.size() < header) return fail(damaged("a task", {}));
  const auto flags = static_cast<unsigned char>(bytes.front());
  auto decoded = task_from_json(bytes.substr(header));
  if (!decoded || flags > all_flags) return fail(damaged("a task", {}));
  const auto number = [bytes](std::size_t index) {
    return keys::seq_from(bytes.substr(1 + index * keys::seq_size, keys::seq_size));
  };
  return coded_task{{std::move(*decoded),
                     (flags & queued_flag) != 0,
                     number(0),
                     {number(1), number(2)},
                     (flags & counted_flag) != 0},
                    mark};
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
  return keys::seq_bytes(version).substr(keys::seq_size - format_size);
}

result<std::uint32_t> decode_format(std::string_view bytes) {
  if (bytes.size() != format_size) return fail(damaged("the format version", {}));
  return static_cast<std::uint32_t>(keys::seq_from(bytes));
}

}  // namespace flotilla::storage
