// The keywords of JSON Schema 2020-12 that an output schema may have: the form that each must have, and what it asks
// of a value. Pure.
//
// Left out are those that need regular expressions (`pattern`, `patternProperties`, `format`), whose cost cannot be
// bounded here, those that reach out of the schema (`$id`, anchors, dynamic references), and those whose meaning
// depends on what other keywords have seen (`unevaluatedItems`, `unevaluatedProperties`).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/schema_check.hpp"
#include "flotilla/result.hpp"

namespace flotilla {

/// The form that a keyword's value must have.
enum class keyword_form : std::uint8_t {
  anything,
  text,
  flag,
  list,           ///< of whatever
  schema,         ///< an object or a boolean
  schemas,        ///< a list of at least one schema
  named_schemas,  ///< an object of schemas
  definitions,    ///< the same, at the top only
  size,           ///< a whole number that is not negative
  number,
  positive_number,
  names,        ///< a list of different texts
  named_names,  ///< an object of such lists
  type_names,   ///< one of the seven types of JSON, or a list of different ones
  values,       ///< a list of at least one value
  dialect,      ///< the URI of 2020-12, at the top only
  reference,    ///< "#" or "#/$defs/NAME"
};

/// Holds a value against a keyword. `own`: what the keyword has in `schema`. A false answer has been told.
using keyword_test = bool (*)(schema_check& with, const nlohmann::json& own, const nlohmann::json& schema,
                              const nlohmann::json& value);

struct schema_keyword {
  std::string_view name;
  keyword_form form;
  keyword_test test;  ///< null: it asks nothing by itself
  bool in_place;      ///< its schemas are applied to the very value that the keyword's own schema is applied to
};

/// Null: there is no such keyword, or not here.
[[nodiscard]] const schema_keyword* find_schema_keyword(std::string_view name);

/// The schema that "#" or "#/$defs/NAME" names; nothing where there is none.
[[nodiscard]] std::optional<std::reference_wrapper<const nlohmann::json>> resolve_reference(
    const nlohmann::json& root, std::string_view reference);

/// Is it a schema that a `schema_check` can apply: known keywords of the right forms, references that lead
/// somewhere and do not go in a circle without entering the value? Precondition: parsed by `parse_strict`. Errors:
/// invalid; the message names the keyword and the place.
[[nodiscard]] result<void> check_schema(const nlohmann::json& root);

}  // namespace flotilla
