// The file system that loses what was not synced (tests/support/lossy_file_system.hpp), and a store on it.
#include "tests/support/lossy_file_system.hpp"

#include <fstream>
#include <iterator>
#include <random>

#include "tests/storage/support.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;
using flotilla::testing::lossy_file_system;

namespace {

const ::rocksdb::IOOptions plain;

/// A file system on a directory, and what a kill would leave there.
struct disk {
  temporary_directory where;
  lossy_file_system files;

  [[nodiscard]] std::string at(const std::string& name) const { return (where.path() / name).string(); }

  std::unique_ptr<::rocksdb::FSWritableFile> make(const std::string& name) {
    std::unique_ptr<::rocksdb::FSWritableFile> file;
    BOOST_REQUIRE(files.NewWritableFile(at(name), {}, &file, nullptr).ok());
    return file;
  }
  void write(const std::string& name, const std::string& text, bool synced) {
    const auto file = make(name);
    BOOST_REQUIRE(file->Append(text, plain, nullptr).ok());
    if (synced) BOOST_REQUIRE(file->Sync(plain, nullptr).ok());
    BOOST_REQUIRE(file->Close(plain, nullptr).ok());
  }
  void sync_directory() {
    std::unique_ptr<::rocksdb::FSDirectory> directory;
    BOOST_REQUIRE(files.NewDirectory(where.path().string(), plain, &directory, nullptr).ok());
    BOOST_REQUIRE(directory->Fsync(plain, nullptr).ok());
  }

  /// What this process reads.
  std::string seen(const std::string& name) {
    std::unique_ptr<::rocksdb::FSSequentialFile> file;
    if (!files.NewSequentialFile(at(name), {}, &file, nullptr).ok()) return "(none)";
    std::string room(1000, '\0');
    ::rocksdb::Slice found;
    BOOST_REQUIRE(file->Read(room.size(), plain, &found, room.data(), nullptr).ok());
    return found.ToString();
  }
  /// What lies on the disk.
  [[nodiscard]] std::string kept(const std::string& name) const {
    std::ifstream from(at(name), std::ios::binary);
    if (!from) return "(none)";
    return {std::istreambuf_iterator<char>(from), {}};
  }
  std::vector<std::string> children() {
    std::vector<std::string> found;
    BOOST_REQUIRE(files.GetChildren(where.path().string(), plain, &found, nullptr).ok());
    std::sort(found.begin(), found.end());
    return found;
  }
};

/// Commits `key` -> `key`.
void put(store& in, int number, durability level) {
  const auto key = std::to_string(number);
  must_commit(in, putting(key, key + std::string(500, 'v')), level);
}

/// How many of the keys 0, 1, … are there, without a gap; -1: there is a gap.
int prefix(const store& of) {
  const auto all = scan(*view(of), {}).size();
  for (std::size_t i = 0; i < all; ++i) {
    if (!get(of, std::to_string(i))) return -1;
  }
  return static_cast<int>(all);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lossy_files)

BOOST_FIXTURE_TEST_CASE(bytes_are_safe_when_they_and_their_name_are_synced, disk) {
  const auto file = make("a");
  BOOST_REQUIRE(file->Append("one", plain, nullptr).ok());
  BOOST_TEST(kept("a") == "(none)");
  BOOST_REQUIRE(file->Sync(plain, nullptr).ok());
  BOOST_TEST(kept("a") == "(none)");
  sync_directory();
  BOOST_TEST(kept("a") == "one");
  BOOST_REQUIRE(file->Append(" two", plain, nullptr).ok());
  BOOST_REQUIRE(file->Flush(plain, nullptr).ok());
  BOOST_REQUIRE(file->RangeSync(0, 7, plain, nullptr).ok());
  BOOST_TEST(kept("a") == "one");
  BOOST_REQUIRE(file->Fsync(plain, nullptr).ok());
  BOOST_TEST(kept("a") == "one two");
  BOOST_REQUIRE(file->Append(" three", plain, nullptr).ok());
  BOOST_REQUIRE(file->Close(plain, nullptr).ok());
  sync_directory();
  BOOST_TEST(kept("a") == "one two");
  BOOST_TEST(seen("a") == "one two three");
}

BOOST_FIXTURE_TEST_CASE(the_process_sees_what_it_wrote, disk) {
  write("a", "0123456789", false);
  BOOST_TEST(seen("a") == "0123456789");
  std::unique_ptr<::rocksdb::FSRandomAccessFile> file;
  BOOST_REQUIRE(files.NewRandomAccessFile(at("a"), {}, &file, nullptr).ok());
  std::string room(8, '\0');
  ::rocksdb::Slice found;
  BOOST_REQUIRE(file->Read(6, 8, plain, &found, room.data(), nullptr).ok());
  BOOST_TEST(found.ToString() == "6789");
  std::uint64_t size = 0;
  BOOST_REQUIRE(files.GetFileSize(at("a"), plain, &size, nullptr).ok());
  BOOST_TEST(size == 10U);
  BOOST_TEST(files.FileExists(at("a"), plain, nullptr).ok());
  BOOST_TEST(files.FileExists(at("b"), plain, nullptr).IsNotFound());
  BOOST_TEST(children() == std::vector<std::string>{"a"}, boost::test_tools::per_element());
  // A reader goes on over the file's end in its directory, as with an open file.
  sync_directory();
  BOOST_REQUIRE(files.DeleteFile(at("a"), plain, nullptr).ok());
  sync_directory();
  BOOST_REQUIRE(file->Read(0, 4, plain, &found, room.data(), nullptr).ok());
  BOOST_TEST(found.ToString() == "0123");
}

BOOST_FIXTURE_TEST_CASE(a_rename_is_undone_unless_the_directory_was_synced, disk) {
  write("current", "old", true);
  sync_directory();
  write("new", "new", true);
  BOOST_REQUIRE(files.RenameFile(at("new"), at("current"), plain, nullptr).ok());
  BOOST_TEST(seen("current") == "new");
  BOOST_TEST(seen("new") == "(none)");
  BOOST_TEST(kept("current") == "old");
  BOOST_TEST(kept("new") == "(none)");
  sync_directory();
  BOOST_TEST(kept("current") == "new");
  BOOST_TEST(children() == std::vector<std::string>{"current"}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_rename_keeps_only_what_was_synced, disk) {
  write("new", "not synced", false);
  BOOST_REQUIRE(files.RenameFile(at("new"), at("current"), plain, nullptr).ok());
  sync_directory();
  BOOST_TEST(seen("current") == "not synced");
  BOOST_TEST(kept("current") == "");
}

BOOST_FIXTURE_TEST_CASE(a_removal_is_undone_unless_the_directory_was_synced, disk) {
  write("a", "here", true);
  sync_directory();
  BOOST_REQUIRE(files.DeleteFile(at("a"), plain, nullptr).ok());
  BOOST_TEST(seen("a") == "(none)");
  BOOST_TEST(children().empty());
  BOOST_TEST(files.DeleteFile(at("a"), plain, nullptr).IsPathNotFound());
  BOOST_TEST(kept("a") == "here");
  sync_directory();
  BOOST_TEST(kept("a") == "(none)");
}

BOOST_FIXTURE_TEST_CASE(what_another_process_left_is_there, disk) {
  std::ofstream(at("a")) << "left";
  BOOST_TEST(seen("a") == "left");
  BOOST_REQUIRE(files.RenameFile(at("a"), at("b"), plain, nullptr).ok());
  BOOST_TEST(seen("b") == "left");
  BOOST_TEST(kept("a") == "left");
  sync_directory();
  BOOST_TEST(kept("b") == "left");
}

BOOST_FIXTURE_TEST_CASE(a_file_is_cut_and_goes_on, disk) {
  const auto file = make("a");
  BOOST_REQUIRE(file->Append("0123456789", plain, nullptr).ok());
  BOOST_REQUIRE(file->Sync(plain, nullptr).ok());
  sync_directory();
  BOOST_REQUIRE(file->Truncate(4, plain, nullptr).ok());
  BOOST_REQUIRE(file->Append("xy", plain, nullptr).ok());
  BOOST_TEST(kept("a") == "0123456789");
  BOOST_REQUIRE(file->Sync(plain, nullptr).ok());
  BOOST_TEST(kept("a") == "0123xy");
}

BOOST_FIXTURE_TEST_CASE(nothing_passes_the_cut, disk) {
  write("a", "one", true);
  sync_directory();
  const auto file = make("b");
  BOOST_REQUIRE(file->Append("two", plain, nullptr).ok());
  files.cut();
  BOOST_REQUIRE(file->Sync(plain, nullptr).ok());
  sync_directory();
  BOOST_TEST(kept("a") == "one");
  BOOST_TEST(kept("b") == "(none)");
}

BOOST_AUTO_TEST_CASE(a_store_loses_what_is_buffered_and_keeps_what_is_synced) {
  const temporary_directory where;
  auto options = options_in(where);
  const auto files = std::make_shared<lossy_file_system>();
  options.file_system = files;
  auto kept = open_or_fail(options);
  for (int i = 0; i < 20; ++i) put(*kept, i, i == 14 ? durability::synced : durability::buffered);
  BOOST_TEST(prefix(*kept) == 20);
  files->cut();
  kept.reset();
  BOOST_TEST(prefix(*open_or_fail(options_in(where))) == 15);
}

// With tables written, logs changed and tables merged in between: of what was written, a prefix stands that holds all
// that was synced.
BOOST_AUTO_TEST_CASE(a_store_comes_back_from_every_cut) {
  const temporary_directory where;
  std::mt19937 random(1);
  int written = 0;
  for (int round = 0; round < 12; ++round) {
    auto options = options_in(where);
    options.write_buffer_bytes = 64U << 10U;
    const auto files = std::make_shared<lossy_file_system>();
    options.file_system = files;
    auto kept = open_or_fail(options);
    const int found = prefix(*kept);
    BOOST_TEST(found >= written);
    int next = found;
    for (int i = 0; i < 400; ++i, ++next) {
      const bool synced = random() % 10 == 0;
      put(*kept, next, synced ? durability::synced : durability::buffered);
      if (synced) written = next + 1;
    }
    files->cut();
    kept.reset();
  }
  BOOST_TEST(prefix(*open_or_fail(options_in(where))) >= written);
}

// A read shows no more than a stream does (ADR 8).
BOOST_AUTO_TEST_CASE(a_snapshot_shows_nothing_that_is_still_being_synced) {
  const temporary_directory where;
  auto options = options_in(where);
  const auto files = std::make_shared<lossy_file_system>();
  options.file_system = files;
  const auto kept = open_or_fail(options);
  put(*kept, 0, durability::synced);
  std::promise<void> syncing;
  std::promise<void> go_on;
  files->before_sync([&, waits = go_on.get_future().share(), told = false]() mutable {
    if (!std::exchange(told, true)) syncing.set_value();
    waits.wait();
  });
  std::promise<void> done;
  kept->commit(putting("1", "v"), durability::synced, [&](const result<void>&) { done.set_value(); });
  syncing.get_future().wait();
  BOOST_TEST(!get(*kept, "1"));
  go_on.set_value();
  done.get_future().wait();
  BOOST_TEST(get(*kept, "1").has_value());
  files->before_sync({});
}

BOOST_AUTO_TEST_SUITE_END()
