// The rules for texts. A check answers with the first thing that is wrong.
#include "core/text_rules.hpp"

#include <unicode/uchar.h>

#include "core/utf8.hpp"

namespace flotilla {
namespace {

bool is_forbidden(std::int32_t c, text_kind kind) {
  return kind == text_kind::line ? u_isISOControl(c) != 0 : c == 0;
}

}  // namespace

tl::unexpected<error> wrong(std::string_view field, std::string_view what) {
  return fail(errc::invalid, std::string(field) + ": " + std::string(what));
}

result<void> check_text(std::string_view text, const text_rule& rule) {
  if (text.size() > rule.max_bytes) {
    return wrong(rule.field, "must not be longer than " + std::to_string(rule.max_bytes) + " bytes");
  }
  bool blank = true;
  for (std::size_t at = 0; at < text.size();) {
    const auto c = next_code_point(text, at);
    if (c == ill_formed) return wrong(rule.field, "must be valid UTF-8");
    if (is_forbidden(c, rule.kind)) return wrong(rule.field, "must not hold control characters");
    blank = blank && u_isUWhiteSpace(c) != 0;
  }
  if (blank && rule.blank == blank_text::refused) return wrong(rule.field, "must not be empty");
  return {};
}

result<void> check_texts(const std::vector<std::string>& texts, const text_rule& rule) {
  if (texts.size() > max_list_items) {
    return wrong(rule.field, "must not have more than " + std::to_string(max_list_items) + " items");
  }
  for (const auto& text : texts) {
    if (auto checked = check_text(text, rule); !checked) return checked;
  }
  return {};
}

}  // namespace flotilla
