// What each keyword asks of a value, in the order of JSON Schema Validation 2020-12 and of the Core's section 10.
#include "core/schema_keywords.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/strict_json.hpp"
#include "core/utf8.hpp"

namespace flotilla {
namespace {

using nlohmann::json;

// --- types and values -------------------------------------------------------------------------------------------

bool is_whole(const json& value) {
  if (value.is_number_integer()) return true;
  return value.is_number_float() && std::trunc(value.get<double>()) == value.get<double>();
}

bool is_of_type(const json& value, std::string_view type) {
  if (type == "integer") return is_whole(value);
  // nlohmann's names of types are JSON's.
  return type == value.type_name();
}

bool test_type(schema_check& with, const json& own, const json&, const json& value) {
  if (own.is_string()) {
    const auto& type = own.get_ref<const std::string&>();
    return is_of_type(value, type) ||
           with.tell([&] { return "must be of the type " + type + ", not " + value.type_name(); });
  }
  const bool any = std::any_of(own.begin(), own.end(), [&](const json& type) {
    return is_of_type(value, type.get_ref<const std::string&>());
  });
  return any || with.tell([&] { return "must be of one of the types " + own.dump() + ", not " + value.type_name(); });
}

bool test_enum(schema_check& with, const json& own, const json&, const json& value) {
  if (!with.spend(own.size())) return false;
  const bool any =
      std::any_of(own.begin(), own.end(), [&](const json& allowed) { return compare_json(allowed, value) == 0; });
  return any || with.tell([&] { return "must be one of " + shown(own); });
}

bool test_const(schema_check& with, const json& own, const json&, const json& value) {
  return compare_json(own, value) == 0 || with.tell([&] { return "must be " + shown(own); });
}

// --- numbers ----------------------------------------------------------------------------------------------------

bool test_minimum(schema_check& with, const json& own, const json&, const json& value) {
  return !value.is_number() || compare_json(value, own) >= 0 ||
         with.tell([&] { return "must be at least " + shown(own); });
}
bool test_maximum(schema_check& with, const json& own, const json&, const json& value) {
  return !value.is_number() || compare_json(value, own) <= 0 ||
         with.tell([&] { return "must be at most " + shown(own); });
}
bool test_exclusive_minimum(schema_check& with, const json& own, const json&, const json& value) {
  return !value.is_number() || compare_json(value, own) > 0 ||
         with.tell([&] { return "must be greater than " + shown(own); });
}
bool test_exclusive_maximum(schema_check& with, const json& own, const json&, const json& value) {
  return !value.is_number() || compare_json(value, own) < 0 ||
         with.tell([&] { return "must be less than " + shown(own); });
}

/// Exactly where the divisor is whole; of a fraction as far as doubles can tell, for 19.99 is meant to be a multiple
/// of 0.01.
bool is_multiple(const json& value, const json& of) {
  if (value.is_number_unsigned() && of.is_number_unsigned()) {
    return value.get<std::uint64_t>() % of.get<std::uint64_t>() == 0;
  }
  if (value.is_number_integer() && of.is_number_unsigned()) {  // a negative one
    return (std::uint64_t{0} - value.get<std::uint64_t>()) % of.get<std::uint64_t>() == 0;
  }
  constexpr double slack = 4 * std::numeric_limits<double>::epsilon();
  const auto quotient = value.get<double>() / of.get<double>();
  if (is_whole(of) || !std::isfinite(quotient)) return std::fmod(value.get<double>(), of.get<double>()) == 0;
  return std::abs(quotient - std::round(quotient)) <= slack * std::abs(quotient);
}

bool test_multiple_of(schema_check& with, const json& own, const json&, const json& value) {
  return !value.is_number() || is_multiple(value, own) ||
         with.tell([&] { return "must be a multiple of " + shown(own); });
}

// --- sizes ------------------------------------------------------------------------------------------------------

/// A bound that no value reaches stands for those that are beyond all numbers of a size.
std::size_t size_of(const json& own) {
  constexpr double beyond_all = 1e15;
  return own.is_number_unsigned() ? own.get<std::size_t>()
                                  : static_cast<std::size_t>(std::min(own.get<double>(), beyond_all));
}

/// Code points.
std::size_t length_of(schema_check& with, const json& value) {
  constexpr std::size_t characters_a_step = 64;
  const std::string_view text = value.get_ref<const std::string&>();
  std::size_t count = 0;
  if (!with.spend(text.size() / characters_a_step)) return count;
  for (std::size_t at = 0; at < text.size(); ++count) (void)next_code_point(text, at);
  return count;
}

bool at_least(schema_check& with, const json& own, std::size_t count, const char* what) {
  return count >= size_of(own) ||
         with.tell([&] { return "must have at least " + own.dump() + what + ", not " + std::to_string(count); });
}
bool at_most(schema_check& with, const json& own, std::size_t count, const char* what) {
  return count <= size_of(own) ||
         with.tell([&] { return "must have at most " + own.dump() + what + ", not " + std::to_string(count); });
}

bool test_min_length(schema_check& with, const json& own, const json&, const json& value) {
  return !value.is_string() || at_least(with, own, length_of(with, value), " characters");
}
bool test_max_length(schema_check& with, const json& own, const json&, const json& value) {
  return !value.is_string() || at_most(with, own, length_of(with, value), " characters");
}
bool test_min_items(schema_check& with, const json& own, const json&, const json& value) {
  return !value.is_array() || at_least(with, own, value.size(), " items");
}
bool test_max_items(schema_check& with, const json& own, const json&, const json& value) {
  return !value.is_array() || at_most(with, own, value.size(), " items");
}
bool test_min_properties(schema_check& with, const json& own, const json&, const json& value) {
  return !value.is_object() || at_least(with, own, value.size(), " properties");
}
bool test_max_properties(schema_check& with, const json& own, const json&, const json& value) {
  return !value.is_object() || at_most(with, own, value.size(), " properties");
}

// --- lists ------------------------------------------------------------------------------------------------------

bool test_prefix_items(schema_check& with, const json& own, const json&, const json& value) {
  if (!value.is_array()) return true;
  bool good = true;
  for (std::size_t i = 0; i < std::min(own.size(), value.size()) && (good || !with.enough()); ++i) {
    good = with.part_fits(own[i], std::to_string(i), value[i]) && good;
  }
  return good;
}

bool test_items(schema_check& with, const json& own, const json& schema, const json& value) {
  if (!value.is_array()) return true;
  const auto prefix = schema.find("prefixItems");
  bool good = true;
  for (std::size_t i = prefix == schema.end() ? 0 : prefix->size(); i < value.size() && (good || !with.enough());
       ++i) {
    good = with.part_fits(own, std::to_string(i), value[i]) && good;
  }
  return good;
}

bool test_contains(schema_check& with, const json& own, const json& schema, const json& value) {
  if (!value.is_array()) return true;
  std::size_t count = 0;
  for (const auto& item : value) {
    if (with.quietly_fits(own, item)) ++count;
    if (with.given_up()) return false;
  }
  const auto least = schema.find("minContains");
  const auto most = schema.find("maxContains");
  const auto needed = least == schema.end() ? json(1U) : *least;
  return at_least(with, needed, count, " items that fit contains") &&
         (most == schema.end() || at_most(with, *most, count, " items that fit contains"));
}

bool test_unique_items(schema_check& with, const json& own, const json&, const json& value) {
  if (!value.is_array() || !own.get<bool>()) return true;
  if (!with.spend(value.size() * std::bit_width(value.size()))) return false;
  std::vector<const json*> sorted;
  for (const auto& item : value) sorted.push_back(&item);
  std::sort(sorted.begin(), sorted.end(), [](const json* a, const json* b) { return compare_json(*a, *b) < 0; });
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end(),
                                        [](const json* a, const json* b) { return compare_json(*a, *b) == 0; });
  return twice == sorted.end() || with.tell([&] { return "must not have an item twice, such as " + shown(**twice); });
}

// --- objects ----------------------------------------------------------------------------------------------------

bool has_all(schema_check& with, const json& names, const json& value, const std::string& why) {
  bool good = true;
  for (const auto& name : names) {
    if (value.contains(name.get_ref<const std::string&>())) continue;
    good = with.tell([&] { return "must have the property " + shown(name) + why; });
  }
  return good;
}

bool test_required(schema_check& with, const json& own, const json&, const json& value) {
  return !value.is_object() || !with.spend(own.size()) || has_all(with, own, value, "");
}

bool test_dependent_required(schema_check& with, const json& own, const json&, const json& value) {
  if (!value.is_object()) return true;
  bool good = true;
  for (const auto& [name, needed] : own.items()) {
    if (!with.spend(1 + needed.size())) return false;
    if (value.contains(name)) good = has_all(with, needed, value, ", for it has " + shown(json(name))) && good;
  }
  return good;
}

bool test_properties(schema_check& with, const json& own, const json&, const json& value) {
  if (!value.is_object()) return true;
  bool good = true;
  for (const auto& [name, schema] : own.items()) {
    if (!with.spend(1)) return false;
    const auto found = value.find(name);
    if (found != value.end()) good = with.part_fits(schema, name, *found) && good;
    if (!good && with.enough()) break;
  }
  return good;
}

bool test_additional_properties(schema_check& with, const json& own, const json& schema, const json& value) {
  if (!value.is_object()) return true;
  const auto known = schema.find("properties");
  bool good = true;
  for (const auto& [name, part] : value.items()) {
    if (!with.spend(1)) return false;
    if (known != schema.end() && known->contains(name)) continue;
    good = with.part_fits(own, name, part) && good;
    if (!good && with.enough()) break;
  }
  return good;
}

bool test_property_names(schema_check& with, const json& own, const json&, const json& value) {
  if (!value.is_object()) return true;
  bool good = true;
  for (const auto& [name, part] : value.items()) {
    const json as_text(name);
    if (!with.quietly_fits(own, as_text))
      good = with.tell([&] { return "must not have the property name " + shown(as_text); });
    if (!good && with.enough()) break;
  }
  return good;
}

bool test_dependent_schemas(schema_check& with, const json& own, const json&, const json& value) {
  if (!value.is_object()) return true;
  bool good = true;
  for (const auto& [name, schema] : own.items()) {
    if (!with.spend(1)) return false;
    if (value.contains(name)) good = with.fits(schema, value) && good;
  }
  return good;
}

// --- schemas for the same value -----------------------------------------------------------------------------------

bool test_ref(schema_check& with, const json& own, const json&, const json& value) {
  return with.fits(with.referred(own), value);
}

bool test_all_of(schema_check& with, const json& own, const json&, const json& value) {
  bool good = true;
  for (const auto& schema : own) {
    good = with.fits(schema, value) && good;
    if (!good && with.enough()) break;
  }
  return good;
}

/// Of several schemas that a value should have fitted one of: the errors of the one that it got furthest into.
std::vector<std::string> nearest_errors(schema_check& with, const json& schemas, const json& value) {
  std::vector<std::string> nearest;
  const auto reached = [](const std::vector<std::string>& errors) {
    return errors.empty() ? 0 : errors.front().find(": ");
  };
  for (const auto& schema : schemas) {
    auto errors = with.errors_of(schema, value);
    if (nearest.empty() || reached(errors) > reached(nearest)) nearest = std::move(errors);
  }
  return nearest;
}

bool test_any_of(schema_check& with, const json& own, const json&, const json& value) {
  for (const auto& schema : own) {
    if (with.quietly_fits(schema, value)) return true;
    if (with.given_up()) return false;
  }
  if (with.enough()) return false;
  with.tell([&] {
    return "must fit at least one of the " + std::to_string(own.size()) + " schemas of anyOf; of the nearest:";
  });
  return with.tell_all(nearest_errors(with, own, value));
}

bool test_one_of(schema_check& with, const json& own, const json&, const json& value) {
  std::size_t fitting = 0;
  for (const auto& schema : own) {
    if (with.quietly_fits(schema, value)) ++fitting;
    if (with.given_up()) return false;
  }
  if (fitting == 1) return true;
  const auto what = "must fit exactly one of the " + std::to_string(own.size()) + " schemas of oneOf";
  if (fitting > 1) return with.tell([&] { return what + ", not " + std::to_string(fitting); });
  if (with.enough()) return false;
  with.tell([&] { return what + "; of the nearest:"; });
  return with.tell_all(nearest_errors(with, own, value));
}

bool test_not(schema_check& with, const json& own, const json&, const json& value) {
  return !with.quietly_fits(own, value) ||
         with.tell([&] { return "must not fit the schema of not, which is " + shown(own); });
}

bool test_if(schema_check& with, const json& own, const json& schema, const json& value) {
  const auto branch = schema.find(with.quietly_fits(own, value) ? "then" : "else");
  return branch == schema.end() || with.fits(*branch, value);
}

using form = keyword_form;

constexpr bool in_place = true;
constexpr bool within = false;

constexpr std::array keywords{
    schema_keyword{"$schema", form::dialect, nullptr, within},
    schema_keyword{"$defs", form::definitions, nullptr, within},
    schema_keyword{"$ref", form::reference, test_ref, in_place},
    schema_keyword{"$comment", form::text, nullptr, within},
    schema_keyword{"title", form::text, nullptr, within},
    schema_keyword{"description", form::text, nullptr, within},
    schema_keyword{"default", form::anything, nullptr, within},
    schema_keyword{"examples", form::list, nullptr, within},
    schema_keyword{"deprecated", form::flag, nullptr, within},
    schema_keyword{"readOnly", form::flag, nullptr, within},
    schema_keyword{"writeOnly", form::flag, nullptr, within},
    schema_keyword{"type", form::type_names, test_type, within},
    schema_keyword{"enum", form::values, test_enum, within},
    schema_keyword{"const", form::anything, test_const, within},
    schema_keyword{"multipleOf", form::positive_number, test_multiple_of, within},
    schema_keyword{"minimum", form::number, test_minimum, within},
    schema_keyword{"maximum", form::number, test_maximum, within},
    schema_keyword{"exclusiveMinimum", form::number, test_exclusive_minimum, within},
    schema_keyword{"exclusiveMaximum", form::number, test_exclusive_maximum, within},
    schema_keyword{"minLength", form::size, test_min_length, within},
    schema_keyword{"maxLength", form::size, test_max_length, within},
    schema_keyword{"prefixItems", form::schemas, test_prefix_items, within},
    schema_keyword{"items", form::schema, test_items, within},
    schema_keyword{"contains", form::schema, test_contains, within},
    schema_keyword{"minContains", form::size, nullptr, within},
    schema_keyword{"maxContains", form::size, nullptr, within},
    schema_keyword{"minItems", form::size, test_min_items, within},
    schema_keyword{"maxItems", form::size, test_max_items, within},
    schema_keyword{"uniqueItems", form::flag, test_unique_items, within},
    schema_keyword{"properties", form::named_schemas, test_properties, within},
    schema_keyword{"additionalProperties", form::schema, test_additional_properties, within},
    schema_keyword{"propertyNames", form::schema, test_property_names, within},
    schema_keyword{"required", form::names, test_required, within},
    schema_keyword{"dependentRequired", form::named_names, test_dependent_required, within},
    schema_keyword{"dependentSchemas", form::named_schemas, test_dependent_schemas, in_place},
    schema_keyword{"minProperties", form::size, test_min_properties, within},
    schema_keyword{"maxProperties", form::size, test_max_properties, within},
    schema_keyword{"allOf", form::schemas, test_all_of, in_place},
    schema_keyword{"anyOf", form::schemas, test_any_of, in_place},
    schema_keyword{"oneOf", form::schemas, test_one_of, in_place},
    schema_keyword{"not", form::schema, test_not, in_place},
    schema_keyword{"if", form::schema, test_if, in_place},
    schema_keyword{"then", form::schema, nullptr, in_place},
    schema_keyword{"else", form::schema, nullptr, in_place},
};

}  // namespace

const schema_keyword* find_schema_keyword(std::string_view name) {
  static const auto by_name = [] {
    std::unordered_map<std::string_view, const schema_keyword*> index;
    for (const auto& each : keywords) index.emplace(each.name, &each);
    return index;
  }();
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : found->second;
}

}  // namespace flotilla
