// What only the RocksDB store can show: that it keeps, and who may open it.
#include <fstream>

#include "flotilla/result.hpp"
#include "storage/rocksdb/writer_lane.hpp"
#include "tests/storage/support.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

namespace {

/// Writes down what it is told. The store's thread alone calls it; it is read when the store is closed.
struct notes final : store_observer {
  struct group {
    std::size_t batches;
    std::size_t bytes;
    bool synced;
  };
  void on_group(std::size_t batches, std::size_t bytes, bool synced, std::chrono::nanoseconds took) override {
    groups.push_back({batches, bytes, synced});
    good = good && took >= std::chrono::nanoseconds::zero();
  }
  void on_commit(std::chrono::nanoseconds took) override {
    ++commits;
    good = good && took >= std::chrono::nanoseconds::zero();
  }
  std::vector<group> groups;
  std::size_t commits = 0;
  bool good = true;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(rocksdb)

BOOST_AUTO_TEST_CASE(reopening_keeps_everything) {
  const temporary_directory where;
  {
    const auto kept = open_or_fail(options_in(where));
    for (int i = 0; i < 100; ++i) {
      batch changes = putting("k" + std::to_string(i), std::string(1000, 'v'));
      changes.append("log", [](std::uint64_t at, appender& out) { out.put("e" + std::to_string(at), ""); });
      must_commit(*kept, std::move(changes));
    }
  }
  const auto kept = open_or_fail(options_in(where));
  BOOST_TEST(scan(*view(*kept), {}).size() == 201U);
  std::uint64_t position = 0;
  batch more;
  more.append("log", [&position](std::uint64_t at, appender&) { position = at; });
  must_commit(*kept, std::move(more), durability::synced);
  BOOST_TEST(position == 101U);
}

BOOST_AUTO_TEST_CASE(closing_carries_out_what_waits) {
  const temporary_directory where;
  std::atomic<int> answered{0};
  {
    const auto kept = open_or_fail(options_in(where));
    for (int i = 0; i < 2000; ++i) {
      kept->commit(putting("k" + std::to_string(i), "v"), durability::buffered, [&](result<void> done) {
        if (done) ++answered;
      });
    }
  }
  BOOST_TEST(answered == 2000);
  BOOST_TEST(scan(*view(*open_or_fail(options_in(where))), {}).size() == 2000U);
}

BOOST_AUTO_TEST_CASE(a_full_queue_says_so) {
  const temporary_directory where;
  const auto kept = open_or_fail(options_in(where));
  std::promise<void> entered;
  std::promise<void> go_on;
  kept->commit(putting("a", "a"), durability::buffered, [&](result<void>) {
    entered.set_value();
    go_on.get_future().get();  // holds the lane, as no real handler may
  });
  entered.get_future().get();
  std::size_t good = 0;
  std::promise<void> all;
  for (std::size_t i = 0; i < max_waiting_batches; ++i) {
    kept->commit(putting("k", std::to_string(i)), durability::buffered, [&, i](result<void> done) {
      good += done ? 1 : 0;
      if (i == max_waiting_batches - 1) all.set_value();
    });
  }
  std::optional<result<void>> refused;
  kept->commit(putting("k", "x"), durability::buffered, [&](result<void> done) { refused = std::move(done); });
  go_on.set_value();
  BOOST_REQUIRE(refused.has_value());
  BOOST_REQUIRE(!*refused);
  BOOST_TEST((refused->error().code == errc::unavailable));
  BOOST_TEST(refused->error().retry_after.has_value());
  all.get_future().get();
  must_commit(*kept, putting("last", "v"));
  BOOST_TEST(good == max_waiting_batches);
}

BOOST_AUTO_TEST_CASE(an_observer_is_told_of_groups_and_commits) {
  const temporary_directory where;
  const auto seen = std::make_shared<notes>();
  {
    auto options = options_in(where);
    options.observer = seen;
    const auto kept = open_or_fail(std::move(options));
    must_commit(*kept, putting("k", std::string(1000, 'v')), durability::synced);
    must_commit(*kept, putting("k", "v"));
    batch refused;
    refused.require("never", "there");
    BOOST_TEST(!commit(*kept, std::move(refused)));  // it is answered, and writes nothing
  }
  BOOST_TEST(seen->commits == 3U);
  BOOST_REQUIRE_EQUAL(seen->groups.size(), 2U);  // each was answered before the next was made
  BOOST_TEST(seen->groups[0].synced);
  BOOST_TEST(!seen->groups[1].synced);
  BOOST_TEST(seen->groups[0].batches == 1U);
  BOOST_TEST(seen->groups[0].bytes > 1000U);
  BOOST_TEST(seen->groups[1].bytes < 1000U);
  BOOST_TEST(seen->good);
}

// Batches that wait while the lane is held are written as one group.
BOOST_AUTO_TEST_CASE(an_observer_sees_a_group_as_one) {
  const temporary_directory where;
  const auto seen = std::make_shared<notes>();
  std::promise<void> entered;
  std::promise<void> go_on;  // both outlive the store, whose thread waits for them
  {
    auto options = options_in(where);
    options.observer = seen;
    const auto kept = open_or_fail(std::move(options));
    kept->commit(putting("a", "a"), durability::buffered, [&](result<void>) {
      entered.set_value();
      go_on.get_future().get();  // holds the lane, as no real handler may
    });
    entered.get_future().get();
    for (int i = 0; i < 10; ++i) kept->commit(putting("k", "v"), durability::buffered, [](result<void>) {});
    go_on.set_value();
  }
  BOOST_REQUIRE_EQUAL(seen->groups.size(), 2U);
  BOOST_TEST(seen->groups[1].batches == 10U);
  BOOST_TEST(seen->commits == 11U);
}

BOOST_AUTO_TEST_CASE(a_directory_is_opened_once) {
  const temporary_directory where;
  const auto kept = open_or_fail(options_in(where));
  const auto second = open_rocksdb_store(options_in(where));
  BOOST_REQUIRE(!second);
  BOOST_TEST((second.error().code == errc::unavailable));
  BOOST_TEST(second.error().message == "The data directory is in use by another process.");
}

BOOST_AUTO_TEST_CASE(a_file_is_no_directory) {
  const temporary_directory where;
  std::ofstream(where.path() / "store") << "a file";
  const auto opened = open_rocksdb_store(options_in(where));
  BOOST_REQUIRE(!opened);
  BOOST_TEST((opened.error().code == errc::unavailable));
  BOOST_TEST(opened.error().message.find(where.path().string()) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_damaged_store_is_refused) {
  const temporary_directory where;
  {
    const auto kept = open_or_fail(options_in(where));
    must_commit(*kept, putting("k", "v"), durability::synced);
  }
  for (const auto& file : std::filesystem::directory_iterator(options_in(where).directory)) {
    if (file.path().filename().string().starts_with("MANIFEST"))
      std::ofstream(file.path()) << "not a manifest at all";
  }
  const auto opened = open_rocksdb_store(options_in(where));
  BOOST_REQUIRE(!opened);
  BOOST_TEST((opened.error().code == errc::internal));
}

BOOST_AUTO_TEST_SUITE_END()
