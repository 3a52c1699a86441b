// Orgs of a store that nobody serves.
#include <algorithm>
#include <memory>
#include <utility>

#include "core/clock.hpp"
#include "core/validation.hpp"
#include "flotilla/maintenance.hpp"
#include "runtime/bootstrap.hpp"
#include "storage/records.hpp"

namespace flotilla {
namespace {

result<std::vector<org>> orgs_in(storage::store& in) {
  auto seen = in.snapshot();
  if (!seen) return fail(std::move(seen.error()));
  return storage::list_orgs(**seen);
}

}  // namespace

result<new_org> create_org(const fleet_options& options, std::string name) {
  if (auto valid = validate_org_name(name); !valid) return fail(std::move(valid.error()));
  auto opened = runtime::open_existing_store(options);
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
  auto opened = runtime::open_existing_store(options);
  if (!opened) return fail(std::move(opened.error()));
  return orgs_in(**opened);
}

}  // namespace flotilla
