// What a store needs before anybody can use it: its format, an org, an owner and an admin token.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "flotilla/fleet.hpp"
#include "flotilla/maintenance.hpp"
#include "flotilla/result.hpp"
#include "runtime/secret_vault.hpp"
#include "runtime/tokens.hpp"
#include "storage/store.hpp"

namespace flotilla::runtime {

// What lies in a data directory.
inline constexpr std::string_view store_directory = "store";
inline constexpr std::string_view token_key_file = "token-key";
inline constexpr std::string_view restore_directory =
    "restore.part";  ///< while a backup is restored: nothing else counts

/// Errors: invalid (a restore into the directory was cut off).
[[nodiscard]] result<void> check_restored(const std::filesystem::path& data_directory);

/// Opens the store that the options name. One on a disk tells the observer of its commits, where there is one.
/// Blocks. Errors: those of the store's own open.
[[nodiscard]] result<std::unique_ptr<storage::store>> open_store(
    const fleet_options& options, std::shared_ptr<storage::store_observer> observer = nullptr);

/// As `open_store`, where there is a store: a mistyped directory must not become a new one. libsodium is initialised.
/// Errors also: invalid (no data directory), not_found (there is no store in it).
[[nodiscard]] result<std::unique_ptr<storage::store>> open_existing_store(const fleet_options& options);

/// Commits a batch and waits until it is durable. Must not be called in the store's writer lane.
[[nodiscard]] result<void> commit_and_wait(storage::store& in, storage::batch changes);

/// Makes an org with an owner and an admin token of the given text in one batch. Blocks. Errors: those of the store.
[[nodiscard]] result<new_org> add_org(storage::store& in, const token_key& key, std::string name,
                                      std::string owner_name, std::string token_text, timestamp now);

/// The secrets of a store, and the keys to them; where there are none yet the master key is made. The texts of keys
/// in the options are wiped. Blocks. Errors: those of `open_key_ring` and `secret_vault::load`.
[[nodiscard]] result<std::unique_ptr<secret_vault>> open_vault(fleet_options& options, const storage::store& in);

/// In an empty store, makes org, owner and admin token in one batch; in another one, nothing. Gives the token where
/// it is new and was not named by the options. Blocks. Errors: invalid (the named token's form), those of the store.
[[nodiscard]] result<std::optional<std::string>> bootstrap(storage::store& in, const token_key& key,
                                                           const fleet_options& options, timestamp now);

}  // namespace flotilla::runtime
