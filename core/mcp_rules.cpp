// The rules for MCP servers.
#include "core/mcp_rules.hpp"

#include <algorithm>

#include "core/secret_references.hpp"
#include "core/text_rules.hpp"

namespace flotilla {
namespace {

using check = result<void>;

constexpr text_rule command_rule{"command", max_argument_bytes};
constexpr text_rule argument_rule{"args", max_argument_bytes, text_kind::body, blank_text::allowed};
constexpr text_rule url_rule{"url", max_url_bytes};
constexpr text_rule variable_rule{"env", max_argument_bytes, text_kind::body, blank_text::allowed};
constexpr text_rule header_rule{"headers", max_argument_bytes, text_kind::line, blank_text::allowed};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_name_character(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || c == '-';
}
bool is_variable_character(char c) {
  return is_letter(c) || is_digit(c) || c == '_';
}
/// RFC 9110 section 5.6.2.
bool is_token_character(char c) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return is_letter(c) || is_digit(c) || others.find(c) != std::string_view::npos;
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && !is_digit(name.front()) && std::all_of(name.begin(), name.end(), is_variable_character);
}
bool is_header_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), is_token_character);
}

check check_name(std::string_view name) {
  if (auto checked = check_text(name, {"name", max_mcp_name_bytes}); !checked) return checked;
  const bool begins_well = is_letter(name.front()) || is_digit(name.front());
  if (begins_well && std::all_of(name.begin(), name.end(), is_name_character)) return {};
  return wrong("name", "must hold letters, digits, _ and - only, and begin with a letter or a digit");
}

/// A text that may name secrets.
check check_value(std::string_view text, const text_rule& rule) {
  if (auto checked = check_text(text, rule); !checked) return checked;
  if (const auto pieces = split_references(text); !pieces) return wrong(rule.field, pieces.error().message);
  return {};
}

/// A text that is needed, and may name none.
check check_plain(const std::optional<std::string>& text, const text_rule& rule) {
  if (!text) return wrong(rule.field, "is required with this transport");
  if (begins_reference(*text)) return wrong(rule.field, "secrets can be named in args, env and headers only");
  return check_text(*text, rule);
}

check check_absent(bool absent, std::string_view field) {
  if (absent) return {};
  return wrong(field, "belongs to the other transport");
}

check check_arguments(const std::vector<std::string>& args) {
  if (auto checked = check_texts(args, argument_rule); !checked) return checked;
  for (const auto& each : args) {
    if (auto checked = check_value(each, argument_rule); !checked) return checked;
  }
  return {};
}

struct variables_rule {
  text_rule value;
  bool (*is_name)(std::string_view);
  std::string_view name_form;
};
constexpr variables_rule env_rule{variable_rule, is_variable_name,
                                  "letters, digits and _, not beginning with a digit"};
constexpr variables_rule headers_rule{header_rule, is_header_name, "the characters of an HTTP header's name"};

check check_variables(const mcp_variables& variables, const variables_rule& rule) {
  const auto field = rule.value.field;
  if (variables.size() > max_variables) {
    return wrong(field, "must not have more than " + std::to_string(max_variables) + " items");
  }
  for (const auto& [name, value] : variables) {
    if (name.size() > max_argument_bytes || !rule.is_name(name)) {
      return wrong(field, "a name must hold " + std::string(rule.name_form));
    }
    if (auto checked = check_value(value, rule.value); !checked) return checked;
  }
  return {};
}

/// Header names that differ in case only are one name.
check check_distinct_headers(const mcp_variables& headers) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  std::vector<std::string> names;
  for (const auto& [name, value] : headers) {
    auto& added = names.emplace_back(name);
    std::transform(added.begin(), added.end(), added.begin(), lower);
  }
  std::sort(names.begin(), names.end());
  if (std::adjacent_find(names.begin(), names.end()) == names.end()) return {};
  return wrong("headers", "two names differ in upper and lower case only");
}

check check_stdio(const mcp_server& whole) {
  if (auto none = check_absent(!whole.url, "url"); !none) return none;
  if (auto none = check_absent(whole.headers.empty(), "headers"); !none) return none;
  if (auto checked = check_plain(whole.command, command_rule); !checked) return checked;
  if (auto checked = check_arguments(whole.args); !checked) return checked;
  return check_variables(whole.env, env_rule);
}

check check_http(const mcp_server& whole) {
  if (auto none = check_absent(!whole.command, "command"); !none) return none;
  if (auto none = check_absent(whole.args.empty(), "args"); !none) return none;
  if (auto none = check_absent(whole.env.empty(), "env"); !none) return none;
  if (auto checked = check_plain(whole.url, url_rule); !checked) return checked;
  if (auto checked = check_variables(whole.headers, headers_rule); !checked) return checked;
  return check_distinct_headers(whole.headers);
}

void add_names(std::vector<named_secret>& to, std::string_view field, std::string_view text) {
  const auto pieces = split_references(text);
  if (!pieces) return;
  for (const auto& piece : *pieces) {
    if (piece.is_secret) to.push_back({field, std::string(piece.text)});
  }
}

}  // namespace

result<void> validate(const mcp_server& whole) {
  if (auto checked = check_name(whole.name); !checked) return checked;
  return whole.transport == mcp_transport::stdio ? check_stdio(whole) : check_http(whole);
}

std::vector<named_secret> named_secrets(const mcp_server& of) {
  std::vector<named_secret> found;
  for (const auto& text : of.args) add_names(found, "args", text);
  for (const auto& [name, text] : of.env) add_names(found, "env", text);
  for (const auto& [name, text] : of.headers) add_names(found, "headers", text);
  return found;
}

}  // namespace flotilla
