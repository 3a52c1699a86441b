// Escaping as JSON writers do it.
#include "runtime/secret_forms.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "core/utf8.hpp"
#include "flotilla/limits.hpp"

namespace flotilla::runtime {
namespace {

/// What a JSON writer escapes beyond what it must.
struct json_style {
  bool beyond_ascii = false;  ///< as Python's does
  bool slash = false;         ///< as PHP's does
};
constexpr std::array<json_style, 4> styles{{{false, false}, {true, false}, {false, true}, {true, true}}};

void append_unit(std::string& to, std::uint32_t unit) {
  constexpr std::string_view hex = "0123456789abcdef";
  to += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) to += hex[(unit >> shift) & 0xFU];
}

/// UTF-16, in \uXXXX each.
void append_code_point(std::string& to, std::uint32_t code_point) {
  constexpr std::uint32_t first_beyond_bmp = 0x10000;
  if (code_point < first_beyond_bmp) return append_unit(to, code_point);
  const auto rest = code_point - first_beyond_bmp;
  append_unit(to, 0xD800U + (rest >> 10U));
  append_unit(to, 0xDC00U + (rest & 0x3FFU));
}

void append_ascii(std::string& to, char c, bool slash) {
  constexpr std::string_view short_forms = "\"\"\\\\\bb\ff\nn\rr\tt";  // pairs
  for (std::size_t at = 0; at < short_forms.size(); at += 2) {
    if (short_forms[at] != c) continue;
    to += '\\';
    to += short_forms[at + 1];
    return;
  }
  if (static_cast<unsigned char>(c) < ' ') return append_unit(to, static_cast<unsigned char>(c));
  if (slash && c == '/') to += '\\';
  to += c;
}

secret_text escaped(std::string_view text, json_style style) {
  std::string made;
  made.reserve(8 * text.size());  // so that it never moves and leaves a copy behind
  for (std::size_t at = 0; at < text.size();) {
    const auto begin = at;
    const auto code_point = next_code_point(text, at);
    const bool ascii = at == begin + 1 && code_point != ill_formed;
    if (ascii) {
      append_ascii(made, text[begin], style.slash);
    } else if (style.beyond_ascii && code_point != ill_formed) {
      append_code_point(made, static_cast<std::uint32_t>(code_point));
    } else {
      made.append(text, begin, at - begin);
    }
  }
  secret_text result(made);
  wipe(made);
  return result;
}

void add(std::vector<secret_text>& to, secret_text form) {
  const bool known =
      std::any_of(to.begin(), to.end(), [&form](const secret_text& each) { return each.view() == form.view(); });
  if (!known) to.push_back(std::move(form));
}

}  // namespace

std::vector<secret_text> secret_forms(std::string_view value) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto begin = std::min(value.find_first_not_of(blanks), value.size());
  value = value.substr(begin, value.find_last_not_of(blanks) + 1 - begin);
  std::vector<secret_text> forms;
  if (value.size() < min_redacted_bytes) return forms;
  add(forms, secret_text(value));
  for (const auto& style : styles) {
    const auto once = escaped(value, style);
    add(forms, escaped(once.view(), style));
    add(forms, escaped(once.view(), json_style{}));
    add(forms, secret_text(once.view()));
  }
  return forms;
}

}  // namespace flotilla::runtime
