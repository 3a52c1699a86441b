// The steps of a rotation of the master key (flotilla/maintenance.hpp). Each leaves a store that opens, and can be
// made again.
//
// The new key is in place before the first secret is sealed with it, and the old one until the last is: so at every
// moment each secret opens with a key that is there.
#pragma once

#include <cstddef>
#include <filesystem>

#include "flotilla/fleet.hpp"
#include "flotilla/result.hpp"
#include "runtime/master_key.hpp"
#include "storage/store.hpp"

namespace flotilla::runtime {

inline constexpr std::size_t max_resealed_at_once = 64;  ///< secrets in one batch

/// The key to change to. Where the keys come from files: that of a rotation which was cut off, else a new one, which
/// is durable as `next_master_key_file` when this returns. Blocks on the disk. Errors: those of `find_master_keys`;
/// invalid (one of the two variables is set without the other), unavailable (the file cannot be written).
[[nodiscard]] result<master_key> begin_rotation(const fleet_options& options);

/// Seals every secret that is sealed with another key anew, a batch at a time, and answers how many these were.
/// Blocks until that is durable. Errors: those of the store and of `unseal`.
[[nodiscard]] result<std::size_t> reseal_secrets(storage::store& in, const key_ring& with, const master_key& to);

/// Puts the new key's file in the place of the old one's. Blocks until that is durable.
[[nodiscard]] result<void> end_rotation(const std::filesystem::path& data_directory);

}  // namespace flotilla::runtime
