// The rotation of the master key.
//
// With a key file: the new key is written into "master-key.next" first, then every secret is sealed with it, then it
// becomes "master-key". Each sealed value names its key, so whatever a cut leaves behind is read with both keys, and
// made again it goes on from there. With FLOTILLA_MASTER_KEY the new key is FLOTILLA_NEW_MASTER_KEY, and who runs
// this puts it in the old one's place.
#include "runtime/key_rotation.hpp"

#include <filesystem>
#include <memory>
#include <utility>

#include "core/secret_text.hpp"
#include "flotilla/maintenance.hpp"
#include "runtime/bootstrap.hpp"
#include "runtime/sealing.hpp"
#include "storage/records.hpp"
#include "storage/secret_records.hpp"

namespace flotilla::runtime {
namespace {

/// Seals what of an org is not sealed with the new key yet, one batch of it. Gives how many; 0: all are.
result<std::size_t> reseal_some(storage::store& in, org_id org, const key_ring& keys) {
  auto seen = in.snapshot();
  if (!seen) return fail(std::move(seen.error()));
  auto secrets = storage::read_secrets(**seen, org);
  if (!secrets) return fail(std::move(secrets.error()));
  storage::batch changes;
  std::size_t count = 0;
  for (const auto& each : *secrets) {
    if (count == max_resealed_at_once) break;
    if (sealed_with(each.value.sealed) == keys.sealing().id()) continue;
    const auto binding = secret_binding(org, each.value.name);
    const auto value = unseal(keys, binding, each.value.sealed);
    if (!value) return fail(value.error().code, "The secret " + each.value.name.key + ": " + value.error().message);
    auto after = each.value;
    after.sealed = seal(keys.sealing(), binding, value->view());
    storage::write_secret(changes, org, &each, after);
    ++count;
  }
  if (count == 0) return count;
  if (auto done = commit_and_wait(in, std::move(changes)); !done) return fail(std::move(done.error()));
  return count;
}

/// The new key, and the ring that has it in front.
struct rotation_keys {
  key_ring ring;
  bool in_file = false;
};

result<rotation_keys> keys_in_variables(const found_keys& found) {
  if (!found.new_variable) {
    return fail(
        errc::invalid,
        "FLOTILLA_MASTER_KEY names the key: put the new one into FLOTILLA_NEW_MASTER_KEY, and run this again.");
  }
  if (found.new_variable->id() == found.variable->id()) {
    return fail(errc::invalid, "FLOTILLA_NEW_MASTER_KEY is the key that is in use already.");
  }
  std::vector<master_key> others{*found.variable};
  for (const auto* each : {&found.file, &found.next_file}) {
    if (*each) others.push_back(**each);
  }
  return rotation_keys{{*found.new_variable, std::move(others)}, false};
}

result<rotation_keys> keys_in_files(const found_keys& found, const std::filesystem::path& directory) {
  if (!found.file) {
    return fail(errc::not_found,
                "There is no master key in the data directory; a server makes it on its first start.");
  }
  // One that became the key just before the end was cut off is no new one any more.
  auto next = found.next_file;
  if (next && next->id() == found.file->id()) next.reset();
  if (!next) {
    next = master_key::random();
    if (auto written = write_master_key(directory / next_master_key_file, *next); !written) {
      return fail(std::move(written.error()));
    }
  }
  return rotation_keys{{*next, {*found.file}}, true};
}

}  // namespace

result<std::size_t> reseal_all(storage::store& in, const key_ring& keys, std::optional<std::size_t> most_batches) {
  auto seen = in.snapshot();
  if (!seen) return fail(std::move(seen.error()));
  const auto orgs = storage::list_orgs(**seen);
  if (!orgs) return fail(orgs.error());
  std::size_t total = 0;
  std::size_t batches = 0;
  for (const auto& org : *orgs) {
    for (;;) {
      if (most_batches && batches == *most_batches) return total;
      const auto some = reseal_some(in, org.id, keys);
      if (!some) return some;
      if (*some == 0) break;
      total += *some;
      ++batches;
    }
  }
  return total;
}

}  // namespace flotilla::runtime

namespace flotilla {

result<key_rotation> rotate_master_key(const fleet_options& options) {
  auto opened = runtime::open_existing_store(options);
  if (!opened) return fail(std::move(opened.error()));
  const auto found = runtime::find_master_keys(options);
  if (!found) return fail(found.error());
  auto keys =
      found->variable ? runtime::keys_in_variables(*found) : runtime::keys_in_files(*found, options.data_directory);
  if (!keys) return fail(std::move(keys.error()));
  const auto count = runtime::reseal_all(**opened, keys->ring);
  if (!count) return fail(count.error());
  if (keys->in_file) {
    const auto key = options.data_directory / master_key_file;
    if (auto kept = runtime::write_master_key(key, keys->ring.sealing()); !kept) return fail(std::move(kept.error()));
    std::error_code ignored;  // what is left would be recognised the next time
    std::filesystem::remove(options.data_directory / runtime::next_master_key_file, ignored);
  }
  return key_rotation{*count, keys->in_file};
}

}  // namespace flotilla
