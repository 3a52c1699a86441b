// JSON Schemas (2020-12): of what routes take, from their contract, and of what they answer. All pure.
#pragma once

#include <span>
#include <string_view>

#include <nlohmann/json.hpp>

#include "http/contract.hpp"

namespace flotilla::http {

/// Of a query parameter or a field of a body.
[[nodiscard]] nlohmann::ordered_json schema_of(const field& wanted);
/// Of a body with these fields. What it does not name is allowed: the server passes it over.
[[nodiscard]] nlohmann::ordered_json schema_of_body(std::span<const field> fields);
/// Of an id in a path.
[[nodiscard]] nlohmann::ordered_json schema_of_id(id_kind kind);
/// Of everything that is answered, by the names of components. Each is exact: every field that may be there, and no
/// other.
[[nodiscard]] nlohmann::ordered_json answer_schemas();
/// A reference to a component.
[[nodiscard]] nlohmann::ordered_json reference_to(std::string_view section, std::string_view name);

}  // namespace flotilla::http
