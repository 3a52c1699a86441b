// What is done to a data directory while no fleet has it open. Every call blocks until it is done.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "flotilla/access.hpp"
#include "flotilla/check.hpp"
#include "flotilla/fleet.hpp"
#include "flotilla/result.hpp"

namespace flotilla {

/// An org that was just made.
struct new_org {
  flotilla::org org;
  std::string admin_token;  ///< a secret: this is the only place where its text is
};

/// Adds an org with an owner (`options.user_name`) and an admin token to the store in `options.data_directory`.
/// Errors: invalid (the name's form; a name that another org has; no data directory), not_found (there is no store in
/// it), unavailable (it is in use by another process), internal (a store written by a newer version, or damaged).
[[nodiscard]] result<new_org> create_org(const fleet_options& options, std::string name);

/// All orgs of the store, oldest first. Errors: as above.
[[nodiscard]] result<std::vector<org>> list_orgs(const fleet_options& options);

/// What a rotation of the master key has done.
struct key_rotation {
  std::size_t secrets = 0;  ///< that were encrypted anew
  bool in_file = true;      ///< the new key is in the data directory's `master_key_file`; else the options named it
};

/// Encrypts every secret of every org with a new master key. Where `options.master_key` is set,
/// `options.new_master_key` is the new one; else it is made, and takes the place of the `master_key_file` at the end.
/// It may be cut off at any moment: a fleet that is opened then reads every secret (with both keys, where the options
/// name them), and the next call goes on from there. Errors: as for `create_org`; invalid (a key's form, or one that
/// is missing).
[[nodiscard]] result<key_rotation> rotate_master_key(const fleet_options& options);

/// Verifies every invariant of the store in a data directory or a backup, and changes nothing. Faults are no error:
/// they are what is answered; `most_named` bounds how many of them have a text. Time grows with the store, memory
/// hardly (storage/check.hpp). No process may have the store open for writing. Errors: not_found (there is no store),
/// unavailable (it cannot be read), internal (it is damaged below the level of rows, or of a format that this program
/// does not read).
[[nodiscard]] result<store_check> check_store(const std::filesystem::path& directory,
                                              std::size_t most_named = default_named_faults);

}  // namespace flotilla
