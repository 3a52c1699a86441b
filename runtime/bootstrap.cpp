// The first start of a store.
#include "runtime/bootstrap.hpp"

#include <sodium.h>

#include <filesystem>
#include <future>
#include <utility>

#include "core/secret_text.hpp"
#include "runtime/private_file.hpp"
#include "runtime/provider_keys.hpp"
#include "runtime/token_changes.hpp"
#include "storage/memory/memory_store.hpp"
#include "storage/records.hpp"
#include "storage/rocksdb/rocksdb_store.hpp"

namespace flotilla::runtime {
namespace {

result<bool> is_empty(storage::store& in) {
  auto seen = in.snapshot();
  if (!seen) return fail(std::move(seen.error()));
  auto orgs = storage::list_orgs(**seen);
  if (!orgs) return fail(std::move(orgs.error()));
  return orgs->empty();
}

}  // namespace

result<void> check_restored(const std::filesystem::path& data_directory) {
  std::error_code unknown;
  if (!std::filesystem::exists(data_directory / restore_directory, unknown)) return {};
  return fail(errc::invalid, "A restore into the data directory was cut off: run flotilla restore again.");
}

result<void> commit_and_wait(storage::store& in, storage::batch changes) {
  auto done = std::make_shared<std::promise<result<void>>>();
  auto answer = done->get_future();
  in.commit(std::move(changes), storage::durability::synced,
            [done](result<void> outcome) { done->set_value(std::move(outcome)); });
  return answer.get();
}

result<std::unique_ptr<storage::store>> open_existing_store(const fleet_options& options) {
  if (sodium_init() < 0) return fail(errc::internal, "libsodium cannot be used on this machine.");
  if (options.data_directory.empty()) return fail(errc::invalid, "The data directory is not named.");
  std::error_code unknown;
  if (!std::filesystem::exists(options.data_directory / store_directory, unknown)) {
    return fail(errc::not_found, "There is no store in the data directory; a server makes it on its first start.");
  }
  return open_store(options);
}

result<std::unique_ptr<storage::store>> open_store(const fleet_options& options,
                                                   std::shared_ptr<storage::store_observer> observer) {
  std::unique_ptr<storage::store> opened;
  if (options.data_directory.empty()) {
    opened = storage::make_memory_store();
  } else {
    if (auto whole = check_restored(options.data_directory); !whole) return fail(std::move(whole.error()));
    storage::rocksdb_options where;
    where.directory = options.data_directory / store_directory;
    where.observer = std::move(observer);
    auto found = storage::open_rocksdb_store(std::move(where));
    if (!found) return fail(std::move(found.error()));
    opened = std::move(*found);
  }
  if (auto known = storage::ensure_format(*opened); !known) return fail(std::move(known.error()));
  return opened;
}

result<std::unique_ptr<secret_vault>> open_vault(fleet_options& options, const storage::store& in) {
  auto seen = in.snapshot();
  if (!seen) return fail(std::move(seen.error()));
  const auto filled = holds_secrets(**seen);
  if (!filled) return fail(filled.error());
  auto keys = open_key_ring(options, *filled);
  if (!keys) return fail(std::move(keys.error()));
  auto vault = std::make_unique<secret_vault>(std::move(*keys), patterns_of(options));
  for (auto* text : {&options.master_key, &options.new_master_key}) {
    if (*text) wipe(**text);
    text->reset();
  }
  if (auto loaded = vault->load(**seen); !loaded) return fail(std::move(loaded.error()));
  return vault;
}

result<new_org> add_org(storage::store& in, const token_key& key, std::string name, std::string owner_name,
                        std::string token_text, timestamp now) {
  new_org made{{org_id::make(now), std::move(name), now}, std::move(token_text)};
  const user owner{user_id::make(now), std::move(owner_name), role::admin};
  storage::batch changes;
  storage::write_org(changes, made.org);
  storage::write_user(changes, made.org.id, owner);
  add_token(changes, hash_token(key, made.admin_token),
            {token_id::make(now), made.org.id, owner.id, "bootstrap", role::admin, now, {}});
  if (auto done = commit_and_wait(in, std::move(changes)); !done) return fail(std::move(done.error()));
  return made;
}

result<std::optional<std::string>> bootstrap(storage::store& in, const token_key& key, const fleet_options& options,
                                             timestamp now) {
  if (options.bootstrap_token && !is_token_text(*options.bootstrap_token)) {
    return fail(errc::invalid,
                "The bootstrap token has not the form of a token (fr_live_ and 43 base64url characters).");
  }
  auto empty = is_empty(in);
  if (!empty) return fail(std::move(empty.error()));
  if (!*empty) return std::optional<std::string>();
  const auto text = options.bootstrap_token ? *options.bootstrap_token : make_token();
  if (!options.bootstrap_token && !options.data_directory.empty()) {
    auto kept = write_private_file(options.data_directory / admin_token_file, text + "\n");
    if (!kept) return fail(std::move(kept.error()));
  }
  if (auto made = add_org(in, key, options.org_name, options.user_name, text, now); !made) {
    return fail(std::move(made.error()));
  }
  if (options.bootstrap_token) return std::optional<std::string>();
  return std::optional<std::string>(text);
}

}  // namespace flotilla::runtime
