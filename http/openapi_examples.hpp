// Examples of everything that is answered: real objects, written by the code that writes the answers.
#pragma once

#include <nlohmann/json.hpp>

namespace flotilla::http {

/// By the names of the components. Pure.
[[nodiscard]] nlohmann::ordered_json answer_examples();

}  // namespace flotilla::http
