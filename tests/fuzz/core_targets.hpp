// What the fuzz targets of core check; tests/core replays their corpora through the same functions.
#pragma once

#include <string>
#include <string_view>

#include "core/builtin_tools.hpp"
#include "core/glob.hpp"
#include "core/json_decode.hpp"
#include "core/metadata_hosts.hpp"
#include "core/output_schema.hpp"
#include "core/run_machine.hpp"
#include "core/schema_check.hpp"
#include "core/secret_references.hpp"
#include "core/validation.hpp"
#include "flotilla/id.hpp"
#include "flotilla/json.hpp"
#include "flotilla/secret.hpp"
#include "flotilla/time.hpp"
#include "tests/fuzz/must.hpp"

namespace flotilla::testing {

/// The part of a text before its first line end, and the part behind it.
inline std::pair<std::string_view, std::string_view> first_line(std::string_view text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return {text, {}};
  return {text.substr(0, end), text.substr(end + 1)};
}

/// What is read is written as it was read, and a prefix of a pattern with a star behind it still matches.
inline void fuzz_texts(std::string_view text) {
  if (const auto when = parse_timestamp(text)) must(parse_timestamp(to_string(*when)) == when);
  if (const auto read = ulid::parse(text)) must(read->to_string() == text);
  if (const auto read = agent_id::parse(text)) must(read->to_string() == text);
  if (is_single_emoji(text)) must(is_utf8(text) && !text.empty());
  const auto [pattern, subject] = first_line(text);
  if (glob_matches(pattern, subject)) must(glob_matches(std::string(pattern) + "*", subject));
  must(glob_matches("*", subject));
}

/// The pieces of a text, written as it writes them, are the text; none is empty, and only well-formed references are
/// taken for such.
inline void fuzz_references(std::string_view text) {
  (void)is_metadata_host(text);
  const auto pieces = split_references(text);
  if (!pieces) return must(begins_reference(text));
  std::string joined;
  bool any = false;
  for (const auto& piece : *pieces) {
    must(!piece.text.empty());
    must(piece.is_secret ? is_secret_key(piece.text) : !begins_reference(piece.text));
    any = any || piece.is_secret;
    joined += piece.is_secret ? "${secret:" + std::string(piece.text) + "}" : std::string(piece.text);
  }
  must(joined == text && any == begins_reference(text));
}

/// A schema on the first line, an answer behind it: the schema's text is that of the same schema, and what is told of
/// the answer has its bounds.
inline void fuzz_output_schema(std::string_view text) {
  const auto [first, answer] = first_line(text);
  const auto schema = output_schema::parse(first);
  if (!schema) return must(is_utf8(schema.error().message));
  const auto errors = schema->errors_of(answer);
  must(errors.size() <= max_schema_errors);
  for (const auto& each : errors) must(!each.empty() && each.size() <= max_schema_error_bytes + 3);
  const auto again = output_schema::parse(schema->text());
  must(again.has_value() && again->text() == schema->text() && again->errors_of(answer) == errors);
}

/// A record that can be read is written and read again to the same, byte for byte.
template <class Read>
void fuzz_record(std::string_view json, Read read) {
  const auto once = read(json);
  if (!once) return;
  const auto written = to_json(*once);
  const auto again = read(written);
  must(again.has_value() && to_json(*again) == written);
}

inline void fuzz_records(std::string_view json) {
  fuzz_record(json, agent_from_json);
  fuzz_record(json, task_from_json);
  fuzz_record(json, event_from_json);
  fuzz_record(json, message_from_json);
}

/// A journal, a line an event: what the machine refuses leaves it as it was; what it takes leaves it able to say what
/// is next.
inline void fuzz_journal_of(std::string_view lines, std::optional<output_schema> schema) {
  run_spec spec;
  spec.output_schema = std::move(schema);
  spec.input = "work";
  spec.approvals = {"ask_*"};
  spec.tools = {{"read", "", "{}", true, false},
                {"ask_first", "", "{}", false, false},
                builtin::delegate_tool({}),
                builtin::ask_approval_tool(),
                builtin::send_message_tool()};
  spec.memory = "remembered";
  spec.max_context_bytes = 1'000;
  run_machine machine(spec);
  while (!lines.empty()) {
    const auto [line, rest] = first_line(lines);
    lines = rest;
    const auto happened = event_from_json(line);
    if (!happened) continue;
    const auto before = machine.next();
    const auto output = machine.output();
    if (!machine.apply(*happened)) must(machine.next() == before && machine.output() == output);
    // Mail is taken exactly before a model call that no other of its turn has gone before.
    const auto next = machine.next();
    const auto* call = next.empty() ? nullptr : std::get_if<call_model>(&next.front());
    if (machine.takes_mail()) must(call != nullptr && call->attempt == 1 && machine.partial().empty());
    for (const auto& action : next) {
      if (std::holds_alternative<call_model>(action)) must(!machine.request().turns.empty());
    }
    if (machine.ended()) must(machine.next().empty());
  }
}

/// The same without an output schema and with one.
inline void fuzz_journal(std::string_view lines) {
  fuzz_journal_of(lines, std::nullopt);
  fuzz_journal_of(lines, *output_schema::parse(R"({"type":"object"})"));
}

}  // namespace flotilla::testing
