// A period of usage or of a budget, as keys name it: which period, and the Unix day on which it begins.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/agent.hpp"
#include "storage/key_schema.hpp"

namespace flotilla::storage {

struct bucket {
  budget_period period = budget_period::day;
  std::uint64_t day = 0;
};
inline constexpr std::size_t bucket_size = 1 + keys::seq_size;  ///< bytes, in a key

/// Nothing where these bytes are no period and no first day of one. Precondition: there are `bucket_size` of them.
[[nodiscard]] std::optional<bucket> bucket_from(std::string_view bytes);
/// The first day behind a month that begins on a day.
[[nodiscard]] std::uint64_t end_of_month(std::uint64_t first);
/// For people.
[[nodiscard]] std::string name_of(const bucket& which);

}  // namespace flotilla::storage
