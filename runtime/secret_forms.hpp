// The forms in which a secret's value can stand in a text. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "core/secret_text.hpp"

namespace flotilla::runtime {

/// The value without the white space around it, and as it stands within a JSON string, escaped once or twice: in the
/// shortest way (as we write JSON), with everything beyond ASCII as \uXXXX, with "/" as "\/", and with both. Each
/// form once; none where the value is shorter than `min_redacted_bytes`. Precondition: the value is UTF-8.
[[nodiscard]] std::vector<secret_text> secret_forms(std::string_view value);

}  // namespace flotilla::runtime
