// Is a schema one that can be applied? Forms of keywords, references, and circles of references.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "core/schema_keywords.hpp"
#include "core/strict_json.hpp"

namespace flotilla {
namespace {

using nlohmann::json;

constexpr std::string_view dialect = "https://json-schema.org/draft/2020-12/schema";
constexpr std::string_view definitions_place = "#/$defs/";
constexpr std::array<std::string_view, 7> types{"null", "boolean", "object", "array", "number", "string", "integer"};

bool is_type_name(const json& value) {
  return value.is_string() &&
         std::find(types.begin(), types.end(), value.get_ref<const std::string&>()) != types.end();
}

bool are_different(const json& list) {
  std::set<json> seen(list.begin(), list.end());
  return seen.size() == list.size();
}

bool are_names(const json& value) {
  return value.is_array() &&
         std::all_of(value.begin(), value.end(), [](const json& each) { return each.is_string(); }) &&
         are_different(value);
}

bool are_type_names(const json& value) {
  if (!value.is_array()) return is_type_name(value);
  return !value.empty() && std::all_of(value.begin(), value.end(), is_type_name) && are_different(value);
}

bool is_size(const json& value) {
  if (value.is_number_unsigned()) return true;
  return value.is_number_float() && value.get<double>() >= 0 &&
         std::trunc(value.get<double>()) == value.get<double>();
}

bool is_positive(const json& value) {
  return value.is_number() && compare_json(value, json(0U)) > 0;
}

/// What the value of a keyword must be; empty: it is that. Schemas within it are looked at by the walk.
std::string_view fault_of_form(keyword_form form, const json& own) {
  const auto unless = [](bool good, std::string_view words) { return good ? std::string_view() : words; };
  switch (form) {
    case keyword_form::anything:
    case keyword_form::schema:
      return {};
    case keyword_form::text:
      return unless(own.is_string(), "must be a string");
    case keyword_form::flag:
      return unless(own.is_boolean(), "must be true or false");
    case keyword_form::list:
      return unless(own.is_array(), "must be a list");
    case keyword_form::values:
    case keyword_form::schemas:
      return unless(own.is_array() && !own.empty(), "must be a list that is not empty");
    case keyword_form::definitions:
    case keyword_form::named_schemas:
      return unless(own.is_object(), "must be an object of schemas");
    case keyword_form::size:
      return unless(is_size(own), "must be a whole number that is not negative");
    case keyword_form::number:
      return unless(own.is_number(), "must be a number");
    case keyword_form::positive_number:
      return unless(is_positive(own), "must be a number greater than 0");
    case keyword_form::names:
      return unless(are_names(own), "must be a list of different strings");
    case keyword_form::named_names:
      return unless(own.is_object() && std::all_of(own.begin(), own.end(), are_names),
                    "must be an object of lists of different strings");
    case keyword_form::type_names:
      return unless(are_type_names(own), "must be a type of JSON, or a list of different ones");
    case keyword_form::dialect:
      return unless(own == dialect, "must be https://json-schema.org/draft/2020-12/schema");
    case keyword_form::reference:
      return unless(own.is_string(), "must be a string");
  }
  return {};
}

tl::unexpected<error> bad(std::string_view place, std::string_view keyword, std::string_view what) {
  const auto where = place.empty() ? std::string("at the top") : "at " + std::string(place);
  return fail(errc::invalid, where + ": " + std::string(keyword) + " " + std::string(what));
}

bool holds_schemas(keyword_form form) {
  return form == keyword_form::schemas || form == keyword_form::named_schemas || form == keyword_form::definitions;
}

/// Goes through a schema and all that are in it.
class form_walk {
 public:
  explicit form_walk(const json& root) : root_(root) {}

  result<void> visit(const json& schema, const std::string& place) {  // NOLINT(misc-no-recursion): a tree
    if (schema.is_boolean()) return {};
    if (!schema.is_object()) return bad(place, "the schema", "must be an object, true or false");
    for (const auto& [name, own] : schema.items()) {
      if (auto good = visit_keyword(name, own, place); !good) return good;
    }
    return {};
  }

 private:
  result<void> visit_keyword(const std::string& name, const json& own,  // NOLINT(misc-no-recursion)
                             const std::string& place) {
    const auto* keyword = find_schema_keyword(name);
    if (keyword == nullptr) return bad(place, json(name).dump(), "is not a keyword that is supported here");
    const bool at_top = place.empty();
    const bool only_at_top = keyword->form == keyword_form::dialect || keyword->form == keyword_form::definitions;
    if (only_at_top && !at_top) return bad(place, name, "may stand only at the top of the schema");
    if (const auto fault = fault_of_form(keyword->form, own); !fault.empty()) return bad(place, name, fault);
    if (keyword->form == keyword_form::reference && !resolve_reference(root_, own.get_ref<const std::string&>())) {
      return bad(place, name, "must be \"#\" or \"#/$defs/NAME\" with a NAME that the schema's $defs have");
    }
    if (keyword->form == keyword_form::schema) return visit(own, pointer_to(place, name));
    if (!holds_schemas(keyword->form)) return {};
    std::size_t index = 0;
    for (const auto& [key, inner] : own.items()) {
      const auto step = own.is_array() ? std::to_string(index++) : key;
      if (auto good = visit(inner, pointer_to(pointer_to(place, name), step)); !good) return good;
    }
    return {};
  }

  const json& root_;
};

/// Looks for a schema that would be applied to a value because it is being applied to that very value.
class circle_search {
 public:
  explicit circle_search(const json& root) : root_(root) {}

  bool finds(const json& schema) {  // NOLINT(misc-no-recursion): each schema is entered once
    if (!schema.is_object()) return false;
    const auto [entry, is_new] = states_.try_emplace(&schema, true);
    if (!is_new) return entry->second;
    for (const auto& [name, own] : schema.items()) {
      const auto* keyword = find_schema_keyword(name);
      if (finds_by(*keyword, own)) return true;
    }
    states_[&schema] = false;
    return false;
  }

  /// The same for all schemas: a circle need not pass the top.
  bool finds_anywhere(const json& schema) {  // NOLINT(misc-no-recursion): a tree
    if (finds(schema)) return true;
    if (!schema.is_object()) return false;
    for (const auto& [name, own] : schema.items()) {
      const auto form = find_schema_keyword(name)->form;
      if (form == keyword_form::schema && finds_anywhere(own)) return true;
      if (!holds_schemas(form)) continue;
      if (std::any_of(own.begin(), own.end(), [this](const json& each) { return finds_anywhere(each); })) return true;
    }
    return false;
  }

 private:
  bool finds_by(const schema_keyword& keyword, const json& own) {  // NOLINT(misc-no-recursion)
    if (!keyword.in_place) return false;
    if (keyword.form == keyword_form::reference) {
      return finds(*resolve_reference(root_, own.get_ref<const std::string&>()));
    }
    if (keyword.form == keyword_form::schema) return finds(own);
    return std::any_of(own.begin(), own.end(), [this](const json& each) { return finds(each); });
  }

  const json& root_;
  std::map<const json*, bool> states_;  ///< of each schema that was entered: is it still open?
};

/// A step of a JSON pointer as it was before it was written there; nothing where it is none.
std::optional<std::string> unescaped(std::string_view step) {
  std::string name;
  for (std::size_t i = 0; i < step.size(); ++i) {
    if (step[i] == '/' || step[i] == '%') return std::nullopt;
    if (step[i] != '~') {
      name += step[i];
      continue;
    }
    if (++i == step.size() || (step[i] != '0' && step[i] != '1')) return std::nullopt;
    name += step[i] == '0' ? '~' : '/';
  }
  return name;
}

}  // namespace

std::optional<std::reference_wrapper<const json>> resolve_reference(const json& root, std::string_view reference) {
  if (reference == "#") return root;
  if (!reference.starts_with(definitions_place)) return std::nullopt;
  const auto name = unescaped(reference.substr(definitions_place.size()));
  const auto definitions = root.find("$defs");
  if (!name || definitions == root.end() || !definitions->is_object()) return std::nullopt;
  const auto found = definitions->find(*name);
  if (found == definitions->end()) return std::nullopt;
  return *found;
}

result<void> check_schema(const json& root) {
  if (!root.is_object()) return fail(errc::invalid, "must be a JSON object");
  if (auto good = form_walk(root).visit(root, {}); !good) return good;
  if (circle_search(root).finds_anywhere(root)) {
    return fail(errc::invalid, "$ref goes in a circle that never enters the value");
  }
  return {};
}

}  // namespace flotilla
