// One check for each kind of field; the first thing that is wrong is the answer.
#include "http/contract_check.hpp"

#include <algorithm>

#include "flotilla/secret.hpp"
#include "flotilla/text.hpp"
#include "flotilla/time.hpp"
#include "http/contract_fields.hpp"

namespace flotilla::http {
namespace {

using nlohmann::json;

bool is_control(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == '\x7f';
}

/// Control characters of the upper half (U+0080 to U+009F) are two bytes in UTF-8.
bool holds_upper_control(std::string_view text) noexcept {
  for (auto at = text.find('\xC2'); at != std::string_view::npos; at = text.find('\xC2', at + 1)) {
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xA0) return true;
  }
  return false;
}

bool holds_forbidden(std::string_view text, field_kind kind) noexcept {
  const auto one_line = kind == field_kind::line || kind == field_kind::lines;
  if (!one_line) return text.find('\0') != std::string_view::npos;
  return std::ranges::any_of(text, is_control) || holds_upper_control(text);
}

complaint fault_of_text(const field& wanted, std::string_view text) {
  if (text.empty() && wanted.least > 0) return "must not be empty";
  if (text.size() > wanted.most) return "must not be longer than " + std::to_string(wanted.most) + " bytes";
  if (!is_utf8(text)) return "must be valid UTF-8";
  if (holds_forbidden(text, wanted.kind)) return "must not hold control characters";
  if (wanted.form != nullptr && !wanted.form->fits(text)) return std::string(wanted.form->complaint);
  return {};
}

complaint fault_of_word(const field& wanted, std::string_view text) {
  if (std::ranges::find(wanted.words, text) != wanted.words.end()) return {};
  std::string complaint = "must be one of ";
  for (const auto word : wanted.words) {
    if (word != wanted.words.front()) complaint += ", ";
    complaint += word;
  }
  return complaint;
}

complaint fault_of_id(const field& wanted, std::string_view text) {
  const auto prefix = prefix_of(wanted.names);
  if (text.starts_with(prefix) && ulid::parse(text.substr(prefix.size()))) return {};
  return "must be an id that begins with " + std::string(prefix);
}

complaint fault_of_time(std::string_view text) {
  timestamp read;
  return read_text(text, read);
}

complaint fault_of_number(const field& wanted, std::string_view digits) {
  std::uint64_t read = 0;
  const auto is_number = read_text(digits, read).empty();
  if (is_number && read >= wanted.least && read <= wanted.most) return {};
  return "must be a whole number from " + std::to_string(wanted.least) + " to " + std::to_string(wanted.most);
}

complaint fault_of_flag(std::string_view text) {
  return text == "true" || text == "false" ? complaint() : "must be true or false";
}

complaint fault_of_list(const field& wanted, const json& value) {
  if (!value.is_array()) return "must be a list of strings";
  if (value.size() > wanted.max_items) {
    return "must not have more than " + std::to_string(wanted.max_items) + " items";
  }
  for (const auto& item : value) {
    if (!item.is_string()) return "must be a list of strings";
    const auto problem = fault_of_text(wanted, item.get_ref<const std::string&>());
    if (!problem.empty()) return "each of its items " + problem;
  }
  return {};
}

complaint fault_of_variables(const field& wanted, const json& value) {
  if (!value.is_object()) return "must be an object of strings";
  if (value.size() > wanted.max_items) {
    return "must not have more than " + std::to_string(wanted.max_items) + " entries";
  }
  const auto name_rule = a_line("name", wanted.most, {});
  for (const auto& [name, text] : value.items()) {
    if (const auto problem = fault_of_text(name_rule, name); !problem.empty()) return "each of its names " + problem;
    if (!text.is_string()) return "must be an object of strings";
    const auto problem = fault_of_text(wanted, text.get_ref<const std::string&>());
    if (!problem.empty()) return "each of its values " + problem;
  }
  return {};
}

complaint fault_of_object(const field& wanted, const json& value) {
  if (!value.is_object()) {
    std::string complaint = "must be an object with ";
    for (const auto& one : fields_of(wanted)) {
      if (&one != wanted.fields) complaint += " and ";
      complaint += one.name;
    }
    return complaint;
  }
  const auto checked = check_fields(fields_of(wanted), value);
  return checked ? complaint() : "." + checked.error().message;
}

complaint fault_of_json(const field& wanted, const json& value) {
  if (!value.is_object()) return "must be a JSON object";
  if (value.dump().size() <= wanted.most) return {};
  return "must not be longer than " + std::to_string(wanted.most) + " bytes";
}

/// Is it a field whose JSON is a string?
bool is_textual(field_kind kind) noexcept {
  return kind == field_kind::line || kind == field_kind::text || kind == field_kind::word || kind == field_kind::id ||
         kind == field_kind::time;
}

}  // namespace

complaint fault_of(const field& wanted, std::string_view text) {
  const auto may_be_empty = wanted.kind == field_kind::text && wanted.least == 0;
  if (text.empty() && is_textual(wanted.kind) && !may_be_empty) return "must not be empty";
  switch (wanted.kind) {
    case field_kind::line:
    case field_kind::text:
      return fault_of_text(wanted, text);
    case field_kind::word:
      return fault_of_word(wanted, text);
    case field_kind::id:
      return fault_of_id(wanted, text);
    case field_kind::time:
      return fault_of_time(text);
    case field_kind::whole:
      return fault_of_number(wanted, text);
    case field_kind::flag:
      return fault_of_flag(text);
    case field_kind::lines:
    case field_kind::texts:
    case field_kind::variables:
    case field_kind::object:
    case field_kind::json:
      break;
  }
  return "cannot be given in a query";
}

complaint fault_of(const field& wanted, const json& value) {
  if (value.is_null() && wanted.nullable) return {};
  if (is_textual(wanted.kind)) {
    if (!value.is_string()) return "must be a string";
    return fault_of(wanted, std::string_view(value.get_ref<const std::string&>()));
  }
  switch (wanted.kind) {
    case field_kind::whole:
      return fault_of_number(wanted, digits_of(value));
    case field_kind::flag:
      return value.is_boolean() ? complaint() : "must be true or false";
    case field_kind::variables:
      return fault_of_variables(wanted, value);
    case field_kind::object:
      return fault_of_object(wanted, value);
    case field_kind::json:
      return fault_of_json(wanted, value);
    default:
      return fault_of_list(wanted, value);
  }
}

result<void> check_parameters(std::span<const field> wanted, const query_parameters& query, const json& body) {
  field_errors errors;
  for (const auto& one : wanted) {
    if (const auto given = query.find(one.name); given != query.end()) {
      errors.note(one.name, fault_of(one, std::string_view(given->second)));
    } else if (const auto found = body.find(one.name); found != body.end()) {
      errors.note(one.name, fault_of(one, *found));
    } else if (one.required) {
      errors.note(one.name, "is required");
    }
  }
  return std::move(errors).check();
}

result<void> check_fields(std::span<const field> wanted, const json& body) {
  return check_parameters(wanted, {}, body);
}

result<void> check_exactly_one(std::span<const std::string_view> names, const json& body) {
  std::string_view found;
  field_errors errors;
  for (const auto name : names) {
    if (!body.contains(name)) continue;
    if (!found.empty()) errors.note(name, "cannot be given together with " + std::string(found));
    found = name;
  }
  if (found.empty()) {
    std::string others;
    for (const auto name : names.subspan(1)) (others += others.empty() ? "" : " or ") += name;
    errors.note(names.front(), "is required where there is no " + others);
  }
  return std::move(errors).check();
}

// --- forms ------------------------------------------------------------------------------------------------------

namespace {

bool is_letter_or_digit(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/// A name, or an absolute path that ends in one.
/// File systems take 255 bytes, and the directory has a longer name while it is not finished.
constexpr std::size_t max_backup_name_bytes = 200;

bool is_backup_place(std::string_view text) {
  const auto slash = text.rfind('/');
  const bool is_path = slash != std::string_view::npos;
  if (is_path && (text.front() != '/' || text.find("//") != std::string_view::npos)) return false;
  const auto name = text.substr(is_path ? slash + 1 : 0);
  return !name.empty() && name.size() <= max_backup_name_bytes && is_letter_or_digit(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_'; });
}

bool is_mcp_name(std::string_view text) {
  return !text.empty() && is_letter_or_digit(text.front()) &&
         std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_'; });
}

}  // namespace

namespace takes {

const text_form secret_key_form{[](std::string_view text) { return is_secret_key(text); }, "^[A-Z0-9_]+$",
                                "must be made of uppercase letters, digits and underscores"};
const text_form mcp_name_form{is_mcp_name, "^[A-Za-z0-9][A-Za-z0-9_-]*$",
                              "must begin with a letter or a digit and hold only letters, digits, - and _"};

const text_form backup_place_form{
    is_backup_place, "^(/([^/]+/)*)?[A-Za-z0-9][A-Za-z0-9._-]{0,199}$",
    "must be a name of at most 200 characters that begins with a letter or a digit and holds only letters, digits, "
    "., - and _, or an absolute path that ends in one"};

}  // namespace takes
}  // namespace flotilla::http
