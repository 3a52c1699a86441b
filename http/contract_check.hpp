// Holds a request against what its route takes. All pure.
//
// Every error is `errc::invalid` and its message names the field: "limit: must be a whole number from 1 to 500".
// Fields that the route does not know are passed over.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "flotilla/result.hpp"
#include "http/contract.hpp"
#include "http/fields.hpp"
#include "http/uri.hpp"

namespace flotilla::http {

/// What is wrong with a parameter's text, as the rest of the sentence "name: …"; empty where nothing is.
[[nodiscard]] complaint fault_of(const field& wanted, std::string_view text);
/// The same for a value of a JSON body.
[[nodiscard]] complaint fault_of(const field& wanted, const nlohmann::json& value);

/// Checks parameters: each is taken from the query or, where that does not have it, from an object that was sent as
/// a body. Errors: invalid.
[[nodiscard]] result<void> check_parameters(std::span<const field> wanted, const query_parameters& query,
                                            const nlohmann::json& body);
/// Checks the fields of a body, which is an object. Errors: invalid.
[[nodiscard]] result<void> check_fields(std::span<const field> wanted, const nlohmann::json& body);
/// Checks that a body, which is an object, has exactly one of these fields. Errors: invalid.
[[nodiscard]] result<void> check_exactly_one(std::span<const std::string_view> names, const nlohmann::json& body);

}  // namespace flotilla::http
