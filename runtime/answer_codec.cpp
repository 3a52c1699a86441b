// Answers as text: objects in the form that the API shows, the others in one of their own.
#include "runtime/answer_codec.hpp"

#include <charconv>
#include <utility>

#include "core/json_decode.hpp"
#include "flotilla/json.hpp"
#include "storage/codec.hpp"

namespace flotilla::runtime {
namespace {

tl::unexpected<error> unreadable() {
  return fail(errc::internal, "A kept answer cannot be read.");
}

/// The parts of a text on both sides of its first `mark`; nothing where it has none.
std::optional<std::pair<std::string_view, std::string_view>> split(std::string_view text, char mark) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  return std::pair(text.substr(0, at), text.substr(at + 1));
}

}  // namespace

std::string answer_codec<agent>::encode(const agent& value) {
  return to_json(value);
}
result<agent> answer_codec<agent>::decode(std::string_view text) {
  return agent_from_json(text);
}

std::string answer_codec<task>::encode(const task& value) {
  return to_json(value);
}
result<task> answer_codec<task>::decode(std::string_view text) {
  return task_from_json(text);
}

std::string answer_codec<epic>::encode(const epic& value) {
  return to_json(value);
}
result<epic> answer_codec<epic>::decode(std::string_view text) {
  return epic_from_json(text);
}

std::string answer_codec<mcp_server>::encode(const mcp_server& value) {
  return to_json(value);
}
result<mcp_server> answer_codec<mcp_server>::decode(std::string_view text) {
  return mcp_server_from_json(text);
}

std::string answer_codec<message>::encode(const message& value) {
  return to_json(value);
}
result<message> answer_codec<message>::decode(std::string_view text) {
  return message_from_json(text);
}

// One a line: a message's JSON holds no line break.
std::string answer_codec<std::vector<message>>::encode(const std::vector<message>& value) {
  std::string text;
  for (const auto& each : value) text += to_json(each) + '\n';
  return text;
}
result<std::vector<message>> answer_codec<std::vector<message>>::decode(std::string_view text) {
  std::vector<message> value;
  while (!text.empty()) {
    const auto parts = split(text, '\n');
    if (!parts) return unreadable();
    auto read = message_from_json(parts->first);
    if (!read) return fail(std::move(read.error()));
    value.push_back(std::move(*read));
    text = parts->second;
  }
  return value;
}

std::string answer_codec<backup_report>::encode(const backup_report& value) {
  return to_json(value);
}
result<backup_report> answer_codec<backup_report>::decode(std::string_view text) {
  return backup_report_from_json(text);
}

// "tsk_… 17"
std::string answer_codec<run_ticket>::encode(const run_ticket& value) {
  return value.task.to_string() + ' ' + std::to_string(value.before_first);
}
result<run_ticket> answer_codec<run_ticket>::decode(std::string_view text) {
  const auto parts = split(text, ' ');
  if (!parts) return unreadable();
  const auto which = task_id::parse(parts->first);
  run_ticket ticket;
  const auto* end = parts->second.data() + parts->second.size();
  const auto read = std::from_chars(parts->second.data(), end, ticket.before_first);
  if (!which || read.ec != std::errc{} || read.ptr != end) return unreadable();
  ticket.task = *which;
  return ticket;
}

// The record of the token, which holds no line break, and the token's text on a line of its own.
std::string answer_codec<new_token>::encode(const new_token& value) {
  return storage::encode(value.token) + '\n' + value.text;
}
result<new_token> answer_codec<new_token>::decode(std::string_view text) {
  const auto parts = split(text, '\n');
  if (!parts || !is_token_text(parts->second)) return unreadable();
  auto token = storage::decode_token(parts->first);
  if (!token) return fail(std::move(token.error()));
  return new_token{std::move(*token), std::string(parts->second)};
}

}  // namespace flotilla::runtime
