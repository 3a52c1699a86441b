// A field of a patch, applied.
#pragma once

#include <optional>

namespace flotilla::runtime {

/// Takes a value over where the patch has one; "nothing" within a nested optional clears the field.
template <class Field, class Value>
void take(Field& field, const std::optional<Value>& value) {
  if (value) field = *value;
}

}  // namespace flotilla::runtime
