// The rotation of the master key.
#include "runtime/key_rotation.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "flotilla/maintenance.hpp"
#include "runtime/bootstrap.hpp"
#include "runtime/private_file.hpp"
#include "runtime/sealing.hpp"
#include "storage/records.hpp"
#include "storage/secret_records.hpp"

namespace flotilla::runtime {
namespace {

using sealed_secrets = std::vector<storage::stored<storage::sealed_secret>>;

/// The secrets of an org that are not sealed with this key.
result<sealed_secrets> read_others(const storage::store& in, org_id org, const master_key& than) {
  auto seen = in.snapshot();
  if (!seen) return fail(std::move(seen.error()));
  auto secrets = storage::read_secrets(**seen, org);
  if (!secrets) return secrets;
  std::erase_if(*secrets, [&than](const auto& each) { return sealed_with(each.value.sealed) == than.id(); });
  return secrets;
}

/// Adds a secret to a batch as the new key seals it; the time of its last change stays.
result<void> reseal(storage::batch& into, org_id org, const storage::stored<storage::sealed_secret>& before,
                    const key_ring& with, const master_key& to) {
  const auto binding = secret_binding(org, before.value.name);
  const auto value = unseal(with, binding, before.value.sealed);
  if (!value) {
    return fail(value.error().code,
                "The secret " + before.value.name.key + " cannot be opened: " + value.error().message + ".");
  }
  auto after = before.value;
  after.sealed = seal(to, binding, value->view());
  storage::write_secret(into, org, &before, after);
  return {};
}

result<std::size_t> reseal_org(storage::store& in, org_id org, const key_ring& with, const master_key& to) {
  const auto secrets = read_others(in, org, to);
  if (!secrets) return fail(secrets.error());
  for (std::size_t from = 0; from < secrets->size(); from += max_resealed_at_once) {
    storage::batch changes;
    const auto end = std::min(from + max_resealed_at_once, secrets->size());
    for (auto at = from; at < end; ++at) {
      if (auto added = reseal(changes, org, (*secrets)[at], with, to); !added) return fail(std::move(added.error()));
    }
    if (auto done = commit_and_wait(in, std::move(changes)); !done) return fail(std::move(done.error()));
  }
  return secrets->size();
}

}  // namespace

result<master_key> begin_rotation(const fleet_options& options) {
  auto found = find_master_keys(options);
  if (!found) return fail(std::move(found.error()));
  if (found->variable && !found->new_variable) {
    return fail(
        errc::invalid,
        "FLOTILLA_NEW_MASTER_KEY is not set: it names the key to change to, where FLOTILLA_MASTER_KEY names the "
        "one in use.");
  }
  if (found->new_variable && !found->variable) {
    return fail(errc::invalid,
                "FLOTILLA_NEW_MASTER_KEY is set and FLOTILLA_MASTER_KEY is not: the master key is in a file, and its "
                "successor is made by itself. (To go over to variables, set both to the new key.)");
  }
  if (found->new_variable) return *found->new_variable;
  if (found->next_file) return *found->next_file;
  auto next = master_key::random();
  auto written = write_master_key(options.data_directory / next_master_key_file, next);
  if (!written) return fail(std::move(written.error()));
  return next;
}

result<std::size_t> reseal_secrets(storage::store& in, const key_ring& with, const master_key& to) {
  auto seen = in.snapshot();
  if (!seen) return fail(std::move(seen.error()));
  const auto orgs = storage::list_orgs(**seen);
  if (!orgs) return fail(orgs.error());
  std::size_t count = 0;
  for (const auto& org : *orgs) {
    auto resealed = reseal_org(in, org.id, with, to);
    if (!resealed) return resealed;
    count += *resealed;
  }
  return count;
}

result<void> end_rotation(const std::filesystem::path& data_directory) {
  return replace_private_file(data_directory / next_master_key_file, data_directory / master_key_file);
}

}  // namespace flotilla::runtime

namespace flotilla {
namespace {

/// The keys that the store's secrets can be opened with; on a store without any the first one is made.
result<runtime::key_ring> keys_of(const fleet_options& options, const storage::store& in) {
  auto seen = in.snapshot();
  if (!seen) return fail(std::move(seen.error()));
  const auto filled = runtime::holds_secrets(**seen);
  if (!filled) return fail(filled.error());
  return runtime::open_key_ring(options, *filled);
}

}  // namespace

result<key_rotation> rotate_master_key(const fleet_options& options) {
  const auto store = runtime::open_existing_store(options);
  if (!store) return fail(store.error());
  const auto keys = keys_of(options, **store);
  if (!keys) return fail(keys.error());
  const auto next = runtime::begin_rotation(options);
  if (!next) return fail(next.error());
  const auto resealed = runtime::reseal_secrets(**store, *keys, *next);
  if (!resealed) return fail(resealed.error());
  const bool in_file = !options.master_key;
  if (in_file) {
    if (auto ended = runtime::end_rotation(options.data_directory); !ended) return fail(std::move(ended.error()));
  }
  return key_rotation{*resealed, in_file};
}

}  // namespace flotilla
