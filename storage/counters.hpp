// Counters that stand together under one key, and how they are written: u64s one after another, most significant
// byte first. One that is not there (the value is missing, or shorter) is 0.
//
// All functions are pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/result.hpp"
#include "storage/store.hpp"

namespace flotilla::storage {

[[nodiscard]] std::string encode_counters(const std::vector<std::uint64_t>& values);
/// Errors: internal (a length that is no multiple of 8).
[[nodiscard]] result<std::vector<std::uint64_t>> decode_counters(std::string_view bytes);

/// The value of an increment's key after it. Errors: forbidden (its bound), internal (the value cannot be read, or a
/// counter would fall below 0).
[[nodiscard]] result<std::string> incremented(const std::optional<std::string>& before, const batch::increment& what);

/// The counters under a key; at least `size` of them. Errors: those of `snapshot::get`, internal.
[[nodiscard]] result<std::vector<std::uint64_t>> read_counters(const snapshot& from, const std::string& key,
                                                               std::size_t size);

}  // namespace flotilla::storage
