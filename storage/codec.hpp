// The values of the store.
//
//   agent     = the Agent object of the API, as to_json writes it
//   task      = flags:u8 before_attempt:u64 input_before:u64 output_before:u64 [input_mark:u64] [size:u32 extras]
//   json
//               flags: bit 0 queued, bit 1 the input stands aside (table 'I') and is empty here, bit 2 counted, bit 3
//               extras, the others 0; the two counts: task_record::usage_before; input_mark: with bit 1 only, a
//               digest of the input, so that records of different inputs differ; extras: with bit 3 only, a JSON
//               object of what only some tasks have:
//               {"from":{"agent","call","attempt","depth","wait","above":[task…]},
//               "parkedAt":ms,"reserved":{"tokens","rows":[[period,bucket,agent]…]},"wakes"}, each where it is there
//               ("above": since format 4); json: the Task object
//   event     = the Event object
//   message   = the Message object
//   org       = {"id","name","createdAt"}
//   user      = {"id","name","role"}
//   api token = {"id","org","user","name","role","createdAt"}
//   epic      = the Epic object, its progress 0
//   MCP server = the MCP server object
//   secret    = updated_at:u64 (ms) sealed
//   answer    = created_at:u64 (ms) request (32 bytes) finished:u8 answer
//   counters  = u64 … (counters.hpp)
//   log head  = u64, the last position taken
//   format    = u32
//
// Integers are most significant byte first; JSON is UTF-8 without white space. Events and messages are kept as the
// very bytes that SSE shows, so that reading one for a watcher decodes nothing.
//
// All functions are pure. Errors of decoding: internal, naming the kind of the record.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/access.hpp"
#include "flotilla/result.hpp"
#include "storage/records.hpp"

namespace flotilla::storage {

/// Inputs longer than this are kept aside, so that a step of a run does not write them again.
inline constexpr std::size_t max_inline_input_bytes = 1024;

/// A task's record without its index rows.
struct coded_task {
  task_record record;
  std::optional<std::uint64_t> input_mark;  ///< set: the input is to be read from its own row
};
/// `input_mark`: set for an input that is kept aside. It is then not written.
[[nodiscard]] std::string encode(const task_record& value, std::optional<std::uint64_t> input_mark);
[[nodiscard]] result<coded_task> decode_task(std::string_view bytes);
/// That of an encoded task; nothing where its input is not kept aside.
[[nodiscard]] std::optional<std::uint64_t> input_mark_of(std::string_view encoded_task) noexcept;
/// FNV-1a with 64 bits: the same on every machine.
[[nodiscard]] std::uint64_t input_mark_for(std::string_view input) noexcept;

[[nodiscard]] std::string encode(const org& value);
[[nodiscard]] result<org> decode_org(std::string_view bytes);

[[nodiscard]] std::string encode(const user& value);
[[nodiscard]] result<user> decode_user(std::string_view bytes);

[[nodiscard]] std::string encode(const api_token& value);
[[nodiscard]] result<api_token> decode_token(std::string_view bytes);

[[nodiscard]] std::string encode_log_head(std::uint64_t last);
/// Nothing is an empty log: 0.
[[nodiscard]] result<std::uint64_t> decode_log_head(const std::optional<std::string>& bytes);

[[nodiscard]] std::string encode_format(std::uint32_t version);
[[nodiscard]] result<std::uint32_t> decode_format(std::string_view bytes);

/// The error of a record that cannot be decoded.
[[nodiscard]] error damaged(std::string_view kind, std::string_view which);

}  // namespace flotilla::storage
