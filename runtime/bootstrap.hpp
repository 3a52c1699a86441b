// What a store needs before anybody can use it: its format, an org, an owner and an admin token.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/clock.hpp"
#include "flotilla/fleet.hpp"
#include "flotilla/result.hpp"
#include "runtime/tokens.hpp"
#include "storage/store.hpp"

namespace flotilla::runtime {

/// Opens the store that the options name. One on a disk tells the observer of its commits. Blocks. Errors: those of
/// the store's own open.
[[nodiscard]] result<std::unique_ptr<storage::store>> open_store(const fleet_options& options,
                                                                 std::shared_ptr<storage::store_observer> observer);

/// In an empty store, makes org, owner and admin token in one batch; in another one, nothing. Gives the token where
/// it is new and was not named by the options. Blocks. Errors: invalid (the named token's form), those of the store.
[[nodiscard]] result<std::optional<std::string>> bootstrap(storage::store& in, const token_key& key,
                                                           const fleet_options& options, timestamp now);

}  // namespace flotilla::runtime
