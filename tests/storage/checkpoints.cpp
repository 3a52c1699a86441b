// Copies of a store that is in use, and stores that are only looked at.
#include <atomic>
#include <fstream>
#include <future>
#include <map>
#include <thread>

#include "storage/check.hpp"
#include "tests/storage/checked_world.hpp"
#include "tests/storage/support.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

namespace {

std::string numbered(int number) {
  return "n" + keys::seq_bytes(static_cast<std::uint64_t>(number));
}

rocksdb_options options_at(const std::filesystem::path& directory) {
  rocksdb_options options;
  options.directory = directory;
  return options;
}

/// Every file below a directory with its bytes.
std::map<std::string, std::string> files_in(const std::filesystem::path& directory) {
  std::map<std::string, std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    found[entry.path().string()] = {std::istreambuf_iterator<char>(in), {}};
  }
  return found;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(checkpoints, rocksdb_fixture)

// A writer counts up, and notes beside each number how many there are: a copy holds all up to some number, which is
// none before the last that was answered when it was asked for.
BOOST_AUTO_TEST_CASE(a_copy_is_a_moment_of_the_store) {
  std::atomic<bool> over{false};
  std::atomic<int> answered{0};
  std::promise<void> begun;
  auto writer = std::async(std::launch::async, [&] {
    for (int i = 1; !over; ++i) {
      batch changes = putting(numbered(i), std::string(1000, 'x'));
      changes.put("count", std::to_string(i));
      changes.append("log", [](std::uint64_t at, appender& out) { out.put("l" + keys::seq_bytes(at), ""); });
      if (!commit(*kept, std::move(changes), i % 3 == 0 ? durability::synced : durability::buffered)) return false;
      answered = i;
      if (i == 100) begun.set_value();
    }
    return true;
  });
  begun.get_future().get();
  for (int copy = 0; copy < 5; ++copy) {
    const auto directory = where.path() / ("copy" + std::to_string(copy));
    const int before = answered;
    BOOST_REQUIRE(kept->checkpoint(directory));
    const auto read = open_rocksdb_read_only(options_at(directory));
    BOOST_REQUIRE(read);
    const int held = std::stoi(get(**read, "count").value_or("0"));
    BOOST_TEST(held >= before);
    BOOST_TEST(scan(*view(**read), keys_with_prefix("n")).size() == static_cast<std::size_t>(held));
    BOOST_TEST(scan(*view(**read), keys_with_prefix("l")).size() ==
               static_cast<std::size_t>(held + 1));  // and its head
    BOOST_TEST(get(**read, numbered(held)).has_value());
  }
  over = true;
  BOOST_TEST(writer.get());
}

BOOST_AUTO_TEST_CASE(a_copy_is_a_store_of_its_own) {
  must_commit(*kept, putting("a", "1"));
  const auto directory = where.path() / "copy";
  BOOST_REQUIRE(kept->checkpoint(directory));
  must_commit(*kept, putting("a", "2"), durability::synced);
  const auto copy = open_or_fail(options_at(directory));
  BOOST_TEST(get(*copy, "a") == "1");
  must_commit(*copy, putting("a", "3"), durability::synced);
  BOOST_TEST(get(*kept, "a") == "2");
  // And where there is something already, there is none.
  BOOST_TEST((kept->checkpoint(directory).error().code == errc::unavailable));
}

BOOST_AUTO_TEST_CASE(a_store_in_memory_has_no_copy) {
  const auto memory = make_memory_store();
  BOOST_TEST((memory->checkpoint(where.path() / "copy").error().code == errc::invalid));
  BOOST_TEST(!std::filesystem::exists(where.path() / "copy"));
}

// --- looked at only
// -------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(looking_changes_nothing_and_sees_what_only_the_logs_hold) {
  checked_world world(*kept);
  const auto all = scan(*view(*kept), {});
  const auto directory = where.path() / "killed";
  std::filesystem::copy(options_in(where).directory, directory, std::filesystem::copy_options::recursive);
  const auto before = files_in(directory);
  {
    const auto read = open_rocksdb_read_only(options_at(directory));
    BOOST_REQUIRE(read);
    BOOST_TEST((scan(*view(**read), {}) == all));
    BOOST_TEST((scan(*view(**read), {}, direction::backward) == pairs(all.rbegin(), all.rend())));
    const auto found = check(*view(**read));
    BOOST_REQUIRE(found);
    BOOST_TEST(found->faults == 0U);
    BOOST_TEST((commit(**read, putting("a", "1")).error().code == errc::unavailable));
    BOOST_TEST(!(*read)->health().writable);
    BOOST_TEST(!get(**read, "a"));
  }
  BOOST_TEST((files_in(directory) == before));
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_not_made) {
  const auto nowhere = where.path() / "nowhere";
  const auto read = open_rocksdb_read_only(options_at(nowhere));
  BOOST_REQUIRE(!read);
  BOOST_TEST((read.error().code == errc::unavailable));
  BOOST_TEST(!std::filesystem::exists(nowhere));
}

BOOST_AUTO_TEST_SUITE_END()
