// Which texts of which draft are free.
#include "runtime/redaction.hpp"

#include <optional>
#include <utility>

#include "actors/redaction.hpp"
#include "core/output_schema.hpp"

namespace flotilla::runtime {
namespace {

void apply(std::string& text, const redactor& with) {
  text = with.redact(text);
}
template <class T>
void apply(std::optional<T>& field, const redactor& with) {
  if (field) apply(*field, with);
}

/// A schema stays JSON; what is none is left alone, and refused where it is validated.
void apply_json(std::optional<std::string>& field, const redactor_ptr& with) {
  if (!with || !field) return;
  if (auto read = output_schema::parse(*field)) field = actors::redacted_json(std::move(*field), *with);
}

/// The value with these fields redacted.
template <class T, class... Fields>
T with_fields(T value, const redactor_ptr& with, Fields T::*... fields) {
  if (with) (apply(value.*fields, *with), ...);
  return value;
}

}  // namespace

std::string redacted(std::string text, const redactor_ptr& with) {
  if (with) apply(text, *with);
  return text;
}

agent_draft redacted(agent_draft draft, const redactor_ptr& with) {
  return with_fields(std::move(draft), with, &agent_draft::name, &agent_draft::role, &agent_draft::team);
}
agent_patch redacted(agent_patch patch, const redactor_ptr& with) {
  return with_fields(std::move(patch), with, &agent_patch::name, &agent_patch::role, &agent_patch::team);
}
task_draft redacted(task_draft draft, const redactor_ptr& with) {
  apply_json(draft.output_schema, with);
  return with_fields(std::move(draft), with, &task_draft::title, &task_draft::input);
}
task_patch redacted(task_patch patch, const redactor_ptr& with) {
  if (patch.output_schema) apply_json(*patch.output_schema, with);
  return with_fields(std::move(patch), with, &task_patch::title, &task_patch::input);
}
approval_decision redacted(approval_decision word, const redactor_ptr& with) {
  return with_fields(std::move(word), with, &approval_decision::comment);
}
epic_draft redacted(epic_draft draft, const redactor_ptr& with) {
  return with_fields(std::move(draft), with, &epic_draft::name);
}
epic_patch redacted(epic_patch patch, const redactor_ptr& with) {
  return with_fields(std::move(patch), with, &epic_patch::name);
}

}  // namespace flotilla::runtime
