// Enumerations and their names: a table from which both directions are read.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace flotilla {

/// The names of an enumeration's values, which count from 0 without gaps, in their order.
template <class Enum, std::size_t Count>
struct name_table {
  std::array<std::string_view, Count> names;

  /// "unknown" for a value that is none of the enumeration's.
  [[nodiscard]] constexpr std::string_view name(Enum value) const noexcept {
    const auto index = static_cast<std::size_t>(value);
    return index < Count ? names[index] : std::string_view("unknown");
  }
  [[nodiscard]] constexpr std::optional<Enum> parse(std::string_view text) const noexcept {
    for (std::size_t index = 0; index < Count; ++index) {
      if (names[index] == text) return static_cast<Enum>(index);
    }
    return std::nullopt;
  }
};

}  // namespace flotilla
