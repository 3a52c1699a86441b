// The rules for the values of what callers make and change. A check answers with the first thing that is wrong.
#include "core/validation.hpp"

#include <array>
#include <string>

#include "core/output_schema.hpp"
#include "core/text_rules.hpp"
#include "core/utf8.hpp"

namespace flotilla {
namespace {

constexpr std::array<std::string_view, 4> providers{"anthropic", "openai", "openrouter", "rehearsal"};

using check = result<void>;

constexpr text_rule name_rule{"name", max_name_bytes};
constexpr text_rule role_rule{"role", max_role_bytes, text_kind::body};
constexpr text_rule model_rule{"model", max_model_bytes};
constexpr text_rule team_rule{"team", max_name_bytes};
constexpr text_rule mcp_rule{"mcps", max_name_bytes};
constexpr text_rule approval_rule{"approvals", max_pattern_bytes};
constexpr text_rule title_rule{"title", max_title_bytes};
constexpr text_rule input_rule{"input", max_input_bytes, text_kind::body};
constexpr text_rule message_rule{"text", max_message_bytes, text_kind::body};
constexpr text_rule call_rule{"callId", max_call_id_bytes, text_kind::body};
constexpr text_rule comment_rule{"comment", max_comment_bytes, text_kind::body, blank_text::allowed};

// --- other values -----------------------------------------------------------------------------------------------

check check_provider(std::string_view name) {
  if (is_known_provider(name)) return {};
  return wrong("provider", "must be one of " + std::string(known_providers()));
}

check check_glyph(std::string_view text) {
  if (is_single_emoji(text)) return {};
  return wrong("glyph", "must be a single emoji");
}

check check_max_turns(std::uint32_t turns) {
  if (turns >= 1 && turns <= highest_max_turns) return {};
  return wrong("maxTurns", "must be a number from 1 to " + std::to_string(highest_max_turns));
}

check check_memory_tokens(std::uint32_t tokens) {
  if (tokens <= highest_memory_tokens) return {};
  return wrong("memoryTokens", "must be a number from 0 to " + std::to_string(highest_memory_tokens));
}

check check_budget(const token_budget& budget) {
  if (budget.tokens > 0) return {};
  return wrong("budget.tokens", "must be greater than 0");
}

check check_output_schema(const std::string& text) {
  const auto read = output_schema::parse(text);
  return read ? check() : fail(read.error());
}

template <id_kind Kind>
check check_id(const id<Kind>& which, std::string_view field) {
  if (!which.empty()) return {};
  return wrong(field, "must be the id of an object");
}

// --- values that need not be there --------------------------------------------------------------------------------

/// Checks what is there; nested optionals, as patches have them, down to the value.
template <class T, class Check>
check if_any(const std::optional<T>& value, Check check_value) {
  if (!value) return {};
  return check_value(*value);
}
template <class T, class Check>
check if_any(const std::optional<std::optional<T>>& value, Check check_value) {
  if (!value) return {};
  return if_any(*value, check_value);
}

auto text_check(const text_rule& rule) {
  return [rule](const std::string& text) { return check_text(text, rule); };
}
auto list_check(const text_rule& rule) {
  return [rule](const std::vector<std::string>& texts) { return check_texts(texts, rule); };
}
auto id_check(std::string_view field) {
  return [field](const auto& which) { return check_id(which, field); };
}

/// The first of the checks that failed. They are cheap enough that all may be made before one is answered.
check first_wrong(std::initializer_list<check> checks) {
  for (const auto& checked : checks) {
    if (!checked) return checked;
  }
  return {};
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    if (next_code_point(text, at) == ill_formed) return false;
  }
  return true;
}

bool is_known_provider(std::string_view name) noexcept {
  for (const auto known : providers) {
    if (known == name) return true;
  }
  return false;
}

std::string_view known_providers() noexcept {
  return "anthropic, openai, openrouter, rehearsal";
}

result<void> validate(const agent_draft& draft) {
  return first_wrong({
      check_text(draft.name, name_rule),
      check_text(draft.role, role_rule),
      check_text(draft.model, model_rule),
      check_provider(draft.provider),
      check_glyph(draft.glyph),
      if_any(draft.manager, id_check("manager")),
      if_any(draft.team, text_check(team_rule)),
      check_texts(draft.mcps, mcp_rule),
      check_texts(draft.approvals, approval_rule),
      check_max_turns(draft.max_turns),
      if_any(draft.budget, check_budget),
      check_memory_tokens(draft.memory_tokens),
  });
}

result<void> validate(const agent_patch& patch) {
  return first_wrong({
      if_any(patch.name, text_check(name_rule)),
      if_any(patch.role, text_check(role_rule)),
      if_any(patch.model, text_check(model_rule)),
      if_any(patch.provider, check_provider),
      if_any(patch.glyph, check_glyph),
      if_any(patch.manager, id_check("manager")),
      if_any(patch.team, text_check(team_rule)),
      if_any(patch.mcps, list_check(mcp_rule)),
      if_any(patch.approvals, list_check(approval_rule)),
      if_any(patch.max_turns, check_max_turns),
      if_any(patch.budget, check_budget),
      if_any(patch.memory_tokens, check_memory_tokens),
  });
}

result<void> validate(const task_draft& draft) {
  return first_wrong({
      check_text(draft.title, title_rule),
      check_text(draft.input, input_rule),
      if_any(draft.output_schema, check_output_schema),
      check_id(draft.assignee, "assignee"),
      if_any(draft.requester, id_check("requester")),
      if_any(draft.epic_id, id_check("epic_id")),
  });
}

result<void> validate(const task_patch& patch) {
  return first_wrong({
      if_any(patch.title, text_check(title_rule)),
      if_any(patch.input, text_check(input_rule)),
      if_any(patch.output_schema, check_output_schema),
      if_any(patch.assignee, id_check("assignee")),
      if_any(patch.epic_id, id_check("epic_id")),
  });
}

result<void> validate(const epic_draft& draft) {
  return check_text(draft.name, name_rule);
}

result<void> validate(const epic_patch& patch) {
  return if_any(patch.name, text_check(name_rule));
}

result<void> validate(const outgoing_message& what) {
  return first_wrong({check_id(what.to, "to"), check_text(what.text, message_rule)});
}

result<void> validate(const team_message& what) {
  return first_wrong({check_text(what.team, team_rule), check_text(what.text, message_rule)});
}

result<void> validate(const approval_decision& word) {
  return first_wrong({
      if_any(word.call_id, text_check(call_rule)),
      if_any(word.comment, text_check(comment_rule)),
  });
}

result<void> validate(const token_draft& draft) {
  return check_text(draft.name, name_rule);
}

result<void> validate_org_name(std::string_view name) {
  return check_text(name, name_rule);
}

result<void> validate(const page_request& page) {
  if (page.limit >= 1 && page.limit <= max_page_limit) return {};
  return wrong("limit", "must be a number from 1 to " + std::to_string(max_page_limit));
}

}  // namespace flotilla
