// Redaction of what actors store and tell.
#include "actors/redaction.hpp"

#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

#include "core/bus_types.hpp"

namespace flotilla::actors {
namespace {

using json = nlohmann::ordered_json;

constexpr std::string_view vendors_part = "arguments";
constexpr std::string_view unrecognisable = "{}";

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// `free`: the value may become one of another type.
json redacted_value(const json& value, const redactor& with,
                    bool free) {  // NOLINT(misc-no-recursion): JSON is a tree
  if (value.is_string()) return with.redact(value.get_ref<const std::string&>());
  if (value.is_array()) {
    auto items = json::array();
    for (const auto& item : value) items.push_back(redacted_value(item, with, free));
    return items;
  }
  if (value.is_object()) {
    auto members = json::object();
    for (const auto& [name, member] : value.items()) {
      members[with.redact(name)] = redacted_value(member, with, free || name == vendors_part);
    }
    return members;
  }
  if (!free) return value;
  const auto text = dump(value);
  auto shown = with.redact(text);
  return shown == text ? value : json(std::move(shown));
}

/// A piece of what a model says: it is redacted before it becomes an event.
bool is_draft(const event& what) {
  return what.type == event_type::status && what.text == run_status::draft;
}

}  // namespace

std::string redacted_json(std::string text, const redactor& with) {
  if (with.redact(text) == text) return text;
  const auto value = json::parse(text, nullptr, false);
  return dump(redacted_value(value, with, false));
}

void redact(event& what, const redactor& with) {
  if (is_draft(what)) return;
  const bool is_redacted =
      what.type == event_type::output || what.type == event_type::thinking || what.type == event_type::tool_result;
  if (!is_redacted) what.text = with.redact(what.text);
  if (what.tool) what.tool = with.redact(*what.tool);
  if (what.call_id) what.call_id = with.redact(*what.call_id);
  if (what.data) what.data = redacted_json(std::move(*what.data), with);
}

void redact(storage::message_draft& what, const redactor& with) {
  what.text = with.redact(what.text);
  if (what.data) what.data = redacted_json(std::move(*what.data), with);
}

run_redaction::run_redaction(const environment_ptr& env, org_id org, std::string_view output) : org_(org) {
  if (!env->redactor_of) return;
  env_ = env;
  said_ = stream_redactor(now(), output);
}

redactor_ptr run_redaction::now() const {
  return env_ ? env_->redactor_of(org_) : nullptr;
}

std::vector<model_delta> run_redaction::pass(model_delta piece) {
  if (!env_) return {std::move(piece)};
  std::vector<model_delta> told;
  if (auto* text = std::get_if<text_delta>(&piece)) {
    said_.use(now());
    auto shown = said_.pass(std::move(text->text));
    if (!shown.empty()) told.emplace_back(text_delta{std::move(shown)});
    return told;
  }
  thought_.use(now());
  auto* thought = std::get_if<thinking_delta>(&piece);
  auto shown = thought ? thought_.pass(std::move(thought->text)) : thought_.flush();
  if (!shown.empty()) told.emplace_back(thinking_delta{std::move(shown)});
  thought_altered_ = thought_.altered() || thought_altered_;
  if (thought) return told;
  auto& end = std::get<thinking_end>(piece);
  if (std::exchange(thought_altered_, false) && !end.opaque.empty()) end.opaque = unrecognisable;
  told.emplace_back(std::move(end));
  return told;
}

std::vector<model_delta> run_redaction::rest() {
  std::vector<model_delta> told;
  if (auto thought = thought_.flush(); !thought.empty()) told.emplace_back(thinking_delta{std::move(thought)});
  if (auto said = said_.flush(); !said.empty()) told.emplace_back(text_delta{std::move(said)});
  return told;
}

void run_redaction::drop() {
  said_.drop();
  thought_.drop();
  thought_altered_ = false;
}

void run_redaction::redact(event& what) const {
  if (const auto with = now()) actors::redact(what, *with);
}

std::string run_redaction::redacted(std::string text) const {
  const auto with = now();
  return with ? with->redact(text) : text;
}

}  // namespace flotilla::actors
