// What is done to a data directory while no fleet has it open. Every call blocks until it is done.
#pragma once

#include <string>
#include <vector>

#include "flotilla/access.hpp"
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

}  // namespace flotilla
