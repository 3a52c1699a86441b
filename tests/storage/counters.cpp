// Counters of a batch: exact whoever adds at once, bounded where asked, and all or nothing with the rest.
#include "storage/counters.hpp"

#include <boost/mpl/list.hpp>
#include <thread>

#include "storage/key_schema.hpp"
#include "tests/storage/support.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

BOOST_AUTO_TEST_SUITE(counters)

using every_store = boost::mpl::list<memory_fixture, rocksdb_fixture>;

namespace {

batch adding(std::string key, std::vector<std::int64_t> deltas) {
  batch changes;
  changes.add({std::move(key), std::move(deltas), std::nullopt});
  return changes;
}

batch adding_at_most(std::string key, std::int64_t delta, std::uint64_t most) {
  batch changes;
  changes.add({std::move(key), {delta}, batch::increment::bound{0, most, "full"}});
  return changes;
}

std::vector<std::uint64_t> values(const store& in, const std::string& key) {
  const auto found = read_counters(*view(in), key, 0);
  BOOST_REQUIRE(found);
  return *found;
}

using numbers = std::vector<std::uint64_t>;

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(they_begin_at_zero_and_grow_in_number, fixture, every_store) {
  fixture f;
  must_commit(*f.kept, adding("n", {2}));
  must_commit(*f.kept, adding("n", {-1, 0, 7}));
  BOOST_TEST((values(*f.kept, "n") == numbers{1, 0, 7}));
  BOOST_TEST((*read_counters(*view(*f.kept), "n", 5) == numbers{1, 0, 7, 0, 0}));
  BOOST_TEST((*read_counters(*view(*f.kept), "none", 2) == numbers{0, 0}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(increments_of_one_batch_add_up, fixture, every_store) {
  fixture f;
  batch changes;
  for (int i = 0; i < 3; ++i) changes.add({"n", {1}, std::nullopt});
  changes.add({"m", {5}, std::nullopt});
  must_commit(*f.kept, std::move(changes));
  BOOST_TEST((values(*f.kept, "n") == numbers{3}));
  BOOST_TEST((values(*f.kept, "m") == numbers{5}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(racing_adders_end_at_the_sum, fixture, every_store) {
  fixture f;
  constexpr int threads = 8;
  constexpr int each = 200;
  std::vector<std::thread> adders;
  for (int i = 0; i < threads; ++i) {
    adders.emplace_back([&f] {
      for (int j = 0; j < each; ++j) f.kept->commit(adding("n", {1, 2}), durability::buffered, [](result<void>) {});
    });
  }
  for (auto& adder : adders) adder.join();
  must_commit(*f.kept, adding("n", {0, 0}));  // answered after all before it
  BOOST_TEST((values(*f.kept, "n") == numbers{threads * each, 2 * threads * each}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_bound_holds_whoever_races, fixture, every_store) {
  fixture f;
  constexpr int threads = 8;
  constexpr int each = 8;
  constexpr std::uint64_t most = 10;
  std::atomic<int> taken{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> adders;
  for (int i = 0; i < threads; ++i) {
    adders.emplace_back([&] {
      for (int j = 0; j < each; ++j) {
        const auto done = commit(*f.kept, adding_at_most("n", 1, most));
        if (done) ++taken;
        if (!done && done.error().code == errc::forbidden && done.error().message == "full") ++refused;
      }
    });
  }
  for (auto& adder : adders) adder.join();
  BOOST_TEST(taken == static_cast<int>(most));
  BOOST_TEST(refused == threads * each - static_cast<int>(most));
  BOOST_TEST((values(*f.kept, "n") == numbers{most}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_decrease_is_never_refused_by_a_bound, fixture, every_store) {
  fixture f;
  must_commit(*f.kept, adding("n", {9}));
  must_commit(*f.kept, adding_at_most("n", -1, 3));
  BOOST_TEST((values(*f.kept, "n") == numbers{8}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_refused_batch_changes_nothing, fixture, every_store) {
  fixture f;
  must_commit(*f.kept, adding("n", {1}));
  auto changes = adding("n", {1});
  changes.put("row", "value");
  changes.add({"full", {1}, batch::increment::bound{0, 0, "full"}});
  changes.append("log", [](std::uint64_t, appender& out) { out.put("entry", "value"); });
  BOOST_TEST((commit(*f.kept, std::move(changes)).error().code == errc::forbidden));
  BOOST_TEST((values(*f.kept, "n") == numbers{1}));
  for (const auto* key : {"row", "full", "entry", "log"}) BOOST_TEST(!get(*f.kept, key).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(none_falls_below_zero, fixture, every_store) {
  fixture f;
  must_commit(*f.kept, adding("n", {1}));
  BOOST_TEST((commit(*f.kept, adding("n", {-2})).error().code == errc::internal));
  BOOST_TEST((values(*f.kept, "n") == numbers{1}));
}

BOOST_AUTO_TEST_CASE(a_value_of_another_form_is_damage) {
  memory_fixture f;
  must_commit(*f.kept, putting("n", "short"));
  BOOST_TEST((commit(*f.kept, adding("n", {1})).error().code == errc::internal));
  BOOST_TEST((read_counters(*view(*f.kept), "n", 1).error().code == errc::internal));
}

BOOST_AUTO_TEST_CASE(the_ends_of_the_range) {
  const batch::increment lowest{"n", {INT64_MIN}, std::nullopt};
  const auto high = encode_counters({UINT64_MAX});
  const auto fallen = incremented(high, lowest);
  BOOST_REQUIRE(fallen);
  BOOST_TEST((*decode_counters(*fallen) == numbers{UINT64_MAX - (std::uint64_t{1} << 63U)}));
  BOOST_TEST((incremented(high, {"n", {1}, std::nullopt}).error().code == errc::internal));
}

BOOST_AUTO_TEST_SUITE_END()
