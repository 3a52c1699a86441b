// Encrypts every secret of a store anew, with another master key: a step that can be cut off anywhere and made again.
#pragma once

#include <cstddef>
#include <optional>

#include "flotilla/result.hpp"
#include "runtime/master_key.hpp"
#include "storage/store.hpp"

namespace flotilla::runtime {

inline constexpr std::size_t max_resealed_at_once = 100;  ///< secrets, in one batch

/// Seals the secrets of all orgs with `keys.sealing()` that are not yet. Blocks. `most_batches`: stops behind so
/// many, as if it had been cut off there (for tests). Gives how many were sealed anew. Errors: those of the store;
/// invalid (one was sealed with a key that is not in the ring), internal (damaged).
[[nodiscard]] result<std::size_t> reseal_all(storage::store& in, const key_ring& keys,
                                             std::optional<std::size_t> most_batches = {});

}  // namespace flotilla::runtime
