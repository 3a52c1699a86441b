// What the storage tests share: a directory that goes away, stores of both kinds, and commits that are waited for.
#pragma once

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/memory/memory_store.hpp"
#include "storage/rocksdb/rocksdb_store.hpp"
#include "storage/store.hpp"

namespace flotilla::storage::testing {

/// A fresh directory, removed at the end.
class temporary_directory {
 public:
  temporary_directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "flotilla-storage-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~temporary_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::unique_ptr<store> open_or_fail(rocksdb_options options) {
  auto opened = open_rocksdb_store(std::move(options));
  if (!opened) BOOST_FAIL("cannot open the store: " << opened.error().message);
  return std::move(*opened);
}

inline rocksdb_options options_in(const temporary_directory& where) {
  rocksdb_options options;
  options.directory = where.path() / "store";
  return options;
}

struct memory_fixture {
  std::unique_ptr<store> kept = make_memory_store();
};

struct rocksdb_fixture {
  temporary_directory where;
  std::unique_ptr<store> kept = open_or_fail(options_in(where));
};

/// Commits and waits for the answer.
inline result<void> commit(store& in, batch changes, durability level = durability::buffered) {
  std::promise<result<void>> answer;
  auto outcome = answer.get_future();
  in.commit(std::move(changes), level, [&answer](result<void> done) { answer.set_value(std::move(done)); });
  return outcome.get();
}

inline batch putting(std::string key, std::string value) {
  batch changes;
  changes.put(std::move(key), std::move(value));
  return changes;
}

/// Commits and requires that it succeeds.
inline void must_commit(store& in, batch changes, durability level = durability::buffered) {
  const auto done = commit(in, std::move(changes), level);
  BOOST_REQUIRE_MESSAGE(done, (done ? std::string() : done.error().message));
}

inline std::unique_ptr<snapshot> view(const store& of) {
  auto taken = of.snapshot();
  BOOST_REQUIRE(taken);
  return std::move(*taken);
}

inline std::optional<std::string> get(const snapshot& from, std::string_view key) {
  auto found = from.get(key);
  BOOST_REQUIRE(found);
  return *found;
}

inline std::optional<std::string> get(const store& from, std::string_view key) {
  return get(*view(from), key);
}

using pairs = std::vector<std::pair<std::string, std::string>>;

/// What a scan finds, `limit` pairs at most.
inline pairs scan(const snapshot& from, const key_range& range, direction way = direction::forward,
                  std::size_t limit = SIZE_MAX) {
  pairs found;
  const auto done = from.scan(range, way, [&](std::string_view key, std::string_view value) {
    found.emplace_back(key, value);
    return found.size() < limit;
  });
  BOOST_REQUIRE(done);
  return found;
}

}  // namespace flotilla::storage::testing
