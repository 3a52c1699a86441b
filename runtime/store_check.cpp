// The check of a data directory that nobody has open.
#include <filesystem>
#include <utility>

#include "flotilla/maintenance.hpp"
#include "runtime/bootstrap.hpp"
#include "storage/check.hpp"
#include "storage/rocksdb/rocksdb_store.hpp"

namespace flotilla {

result<store_check> check_store(const std::filesystem::path& directory, std::size_t most_named) {
  if (auto whole = runtime::check_restored(directory); !whole) return fail(std::move(whole.error()));
  storage::rocksdb_options where;
  where.directory = directory / runtime::store_directory;
  std::error_code unknown;
  if (!std::filesystem::is_directory(where.directory, unknown)) {
    return fail(errc::not_found, "There is no store in the directory.");
  }
  const auto opened = storage::open_rocksdb_read_only(where);
  if (!opened) return fail(opened.error());
  const auto seen = (*opened)->snapshot();
  if (!seen) return fail(seen.error());
  return storage::check(**seen, most_named);
}

}  // namespace flotilla
