// Orgs of a store that nobody serves.
#include <sodium.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include "core/clock.hpp"
#include "core/validation.hpp"
#include "flotilla/maintenance.hpp"
#include "runtime/bootstrap.hpp"
#include "storage/records.hpp"

namespace flotilla {
namespace {

/// Opens a store that is there; a mistyped directory must not become a new one.
result<std::unique_ptr<storage::store>> open_existing(const fleet_options& options) {
  if (sodium_init() < 0) return fail(errc::internal, "libsodium cannot be used on this machine.");
  if (options.data_directory.empty()) return fail(errc::invalid, "The data directory is not named.");
  std::error_code unknown;
  if (!std::filesystem::exists(options.data_directory / runtime::store_directory, unknown)) {
    return fail(errc::not_found, "There is no store in the data directory; a server makes it on its first start.");
  }
  return runtime::open_store(options);
}

result<std::vector<org>> orgs_in(storage::store& in) {
  auto seen = in.snapshot();
  if (!seen) return fail(std::move(seen.error()));
  return storage::list_orgs(**seen);
}

}  // namespace

result<new_org> create_org(const fleet_options& options, std::string name) {
  if (auto valid = validate_org_name(name); !valid) return fail(std::move(valid.error()));
  auto opened = open_existing(options);
  if (!opened) return fail(std::move(opened.error()));
  auto orgs = orgs_in(**opened);
  if (!orgs) return fail(std::move(orgs.error()));
  if (std::any_of(orgs->begin(), orgs->end(), [&name](const org& each) { return each.name == name; })) {
    return fail(errc::invalid, "name: another org has it already");
  }
  const auto key = runtime::load_token_key(options.data_directory / runtime::token_key_file);
  if (!key) return fail(key.error());
  return runtime::add_org(**opened, *key, std::move(name), options.user_name, runtime::make_token(),
                          system_wall_clock().now());
}

result<std::vector<org>> list_orgs(const fleet_options& options) {
  auto opened = open_existing(options);
  if (!opened) return fail(std::move(opened.error()));
  return orgs_in(**opened);
}

}  // namespace flotilla
