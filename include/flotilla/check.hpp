// What a check of a store has found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace flotilla {

inline constexpr std::size_t default_named_faults = 100;  ///< faults that a check tells one by one

/// Something in a store that is not as it must be.
struct store_fault {
  std::string rule;  ///< which rule is broken; stable, for programs; docs/operating.md lists them
  std::string text;  ///< for people: which object, and what is wrong with it; nothing of what users wrote, no secret
};

/// What was looked at, and what is wrong with it.
struct store_check {
  /// How many rows a kind of record has.
  struct counted {
    std::string what;  ///< e.g. "tasks", "tasks by status"
    std::uint64_t rows = 0;
  };
  std::uint32_t format = 0;        ///< of the store
  std::vector<counted> counts;     ///< in the order of the store's keys; kinds without rows are left out
  std::uint64_t faults = 0;        ///< all of them
  std::vector<store_fault> named;  ///< the first of them
};

}  // namespace flotilla
