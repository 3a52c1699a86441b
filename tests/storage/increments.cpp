// Counters: their form, and what an increment does, on each implementation of the store port.
#include <boost/mpl/list.hpp>
#include <cstdint>
#include <limits>
#include <thread>

#include "storage/counters.hpp"
#include "storage/staging.hpp"
#include "tests/storage/support.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

namespace {

using every_store = boost::mpl::list<memory_fixture, rocksdb_fixture>;
using numbers = std::vector<std::uint64_t>;

constexpr auto highest = std::numeric_limits<std::uint64_t>::max();
constexpr auto lowest_delta = std::numeric_limits<std::int64_t>::min();

batch::increment adding(std::string key, std::vector<std::int64_t> deltas) {
  return {std::move(key), std::move(deltas), std::nullopt};
}

batch::increment bounded(std::string key, std::vector<std::int64_t> deltas, std::size_t index, std::uint64_t most) {
  return {std::move(key), std::move(deltas), batch::increment::bound{index, most, "The limit is reached."}};
}

batch with(std::vector<batch::increment> increments) {
  batch changes;
  for (auto& each : increments) changes.add(std::move(each));
  return changes;
}

numbers counters(const store& of, const std::string& key, std::size_t size = 0) {
  const auto read = read_counters(*view(of), key, size);
  BOOST_REQUIRE(read);
  return *read;
}

/// Commits batches that threads of their own make, all answered at the end: how many were refused as forbidden.
int commit_from_threads(store& in, int threads, int each, const std::function<batch(int)>& make) {
  std::atomic<int> left{threads * each};
  std::atomic<int> refused{0};
  std::promise<void> all;
  std::vector<std::thread> committers;
  for (int t = 0; t < threads; ++t) {
    committers.emplace_back([&, t] {
      for (int i = 0; i < each; ++i) {
        in.commit(make(t), durability::buffered, [&](result<void> done) {
          if (!done && done.error().code == errc::forbidden) ++refused;
          if (--left == 0) all.set_value();
        });
      }
    });
  }
  for (auto& committer : committers) committer.join();
  all.get_future().get();
  return refused;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(increments)

BOOST_AUTO_TEST_CASE(the_form_of_counters) {
  BOOST_TEST((encode_counters({1, 258}) == std::string("\0\0\0\0\0\0\0\1\0\0\0\0\0\0\1\2", 16)));
  BOOST_TEST((*decode_counters(encode_counters({7, highest, 0})) == numbers{7, highest, 0}));
  BOOST_TEST(decode_counters("")->empty());
  BOOST_TEST((decode_counters("1234567").error().code == errc::internal));
  BOOST_TEST((*incremented(std::nullopt, adding("k", {0, 2})) == encode_counters({0, 2})));
  // What a newer program counts behind these stays.
  BOOST_TEST((*incremented(encode_counters({1, 2, 3}), adding("k", {4})) == encode_counters({5, 2, 3})));
  BOOST_TEST((incremented("short", adding("k", {1})).error().code == errc::internal));
}

BOOST_AUTO_TEST_CASE(a_counter_keeps_its_range) {
  BOOST_TEST((incremented(std::nullopt, adding("k", {-1})).error().code == errc::internal));
  BOOST_TEST((incremented(encode_counters({highest}), adding("k", {1})).error().code == errc::internal));
  BOOST_TEST((*incremented(encode_counters({highest}), adding("k", {-1})) == encode_counters({highest - 1})));
  const auto half = std::uint64_t{1} << 63U;
  BOOST_TEST((*incremented(encode_counters({half}), adding("k", {lowest_delta})) == encode_counters({0})));
  BOOST_TEST((incremented(encode_counters({half - 1}), adding("k", {lowest_delta})).error().code == errc::internal));
}

BOOST_AUTO_TEST_CASE(a_bound_is_of_one_counter_and_of_increases) {
  const auto three = encode_counters({3, 3});
  BOOST_TEST((*incremented(three, bounded("k", {1, 9}, 0, 4)) == encode_counters({4, 12})));
  const auto over = incremented(three, bounded("k", {2, 0}, 0, 4));
  BOOST_REQUIRE(!over);
  BOOST_TEST((over.error().code == errc::forbidden));
  BOOST_TEST(over.error().message == "The limit is reached.");
  // The bound was lowered meanwhile: what stands may stay and fall.
  BOOST_TEST((*incremented(three, bounded("k", {-1, 0}, 0, 1)) == encode_counters({2, 3})));
  BOOST_TEST((*incremented(three, bounded("k", {0, 1}, 0, 1)) == encode_counters({3, 4})));
  BOOST_TEST((*incremented(three, bounded("k", {1}, 1, 1)) == encode_counters({4, 3})));
  BOOST_TEST((!incremented(std::nullopt, bounded("k", {1}, 0, 0))));
}

BOOST_AUTO_TEST_CASE(increments_have_a_size) {
  BOOST_TEST(size_of(with({adding("key", {1, 2})})) == 3U + 16U);
  BOOST_TEST(!with({adding("key", {1})}).empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(they_add_up_in_a_batch_and_over_batches, fixture, every_store) {
  fixture f;
  must_commit(*f.kept, with({adding("a", {1}), adding("b", {5, 6}), adding("a", {2, 1})}));
  BOOST_TEST((counters(*f.kept, "a") == numbers{3, 1}));
  must_commit(*f.kept, with({adding("a", {-3}), adding("a", {4, -1})}));
  BOOST_TEST((counters(*f.kept, "a") == numbers{4, 0}));
  BOOST_TEST((counters(*f.kept, "b") == numbers{5, 6}));
  BOOST_TEST((counters(*f.kept, "none", 2) == numbers{0, 0}));
}

// Preconditions see what stood before; the puts come first; the appends come after.
BOOST_AUTO_TEST_CASE_TEMPLATE(they_have_their_place_in_the_order, fixture, every_store) {
  fixture f;
  must_commit(*f.kept, with({adding("k", {1})}));
  batch changes = with({adding("k", {10}), adding("erased", {1}), adding("rendered", {1})});
  changes.require("k", encode_counters({1}));
  changes.put("k", encode_counters({100}));
  changes.put("erased", encode_counters({100}));
  changes.erase("erased");
  changes.append("log", [](std::uint64_t, appender& out) { out.put("rendered", encode_counters({7})); });
  must_commit(*f.kept, std::move(changes));
  BOOST_TEST((counters(*f.kept, "k") == numbers{110}));
  BOOST_TEST((counters(*f.kept, "erased") == numbers{1}));
  BOOST_TEST((counters(*f.kept, "rendered") == numbers{7}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_batch_over_its_bound_changes_nothing, fixture, every_store) {
  fixture f;
  must_commit(*f.kept, with({adding("k", {2}), adding("other", {1})}));
  std::vector<std::uint64_t> positions;
  const auto make = [&positions](std::int64_t by) {
    batch changes = with({adding("other", {1}), bounded("k", {by}, 0, 3)});
    changes.put("put", "1");
    changes.append("log", [&positions](std::uint64_t at, appender&) { positions.push_back(at); });
    return changes;
  };
  const auto refused = commit(*f.kept, make(2));
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == errc::forbidden));
  BOOST_TEST(refused.error().message == "The limit is reached.");
  BOOST_TEST((counters(*f.kept, "k") == numbers{2}));
  BOOST_TEST((counters(*f.kept, "other") == numbers{1}));
  BOOST_TEST(!get(*f.kept, "put"));
  BOOST_TEST(!get(*f.kept, "log"));
  must_commit(*f.kept, make(1));
  BOOST_TEST((positions == std::vector<std::uint64_t>{1}));
  BOOST_TEST((counters(*f.kept, "k") == numbers{3}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_conflict_is_told_before_a_bound, fixture, every_store) {
  fixture f;
  batch changes = with({bounded("k", {1}, 0, 0)});
  changes.require("never", "there");
  BOOST_TEST((commit(*f.kept, std::move(changes)).error().code == errc::conflict));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(damaged_counters_are_told, fixture, every_store) {
  fixture f;
  must_commit(*f.kept, putting("k", "short"));
  BOOST_TEST((commit(*f.kept, with({adding("k", {1})})).error().code == errc::internal));
  BOOST_TEST((read_counters(*view(*f.kept), "k", 1).error().code == errc::internal));
  BOOST_TEST((get(*f.kept, "k") == "short"));
  BOOST_TEST((commit(*f.kept, with({adding("other", {-1})})).error().code == errc::internal));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(many_adders_end_at_the_exact_sum, fixture, every_store) {
  fixture f;
  constexpr int threads = 8;
  constexpr int each = 200;
  const auto refused = commit_from_threads(*f.kept, threads, each, [](int thread) {
    return with({adding("shared", {1, thread}), adding("own" + std::to_string(thread), {1}), adding("shared", {1})});
  });
  BOOST_TEST(refused == 0);
  BOOST_TEST((counters(*f.kept, "shared") == numbers{2 * threads * each, each * threads * (threads - 1) / 2}));
  BOOST_TEST((counters(*f.kept, "own3") == numbers{each}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_bound_holds_against_64_at_once, fixture, every_store) {
  fixture f;
  constexpr int racers = 64;
  constexpr std::uint64_t most = 10;
  const auto one = [](int thread) {
    batch changes = with({bounded("k", {1}, 0, most)});
    changes.put("won" + std::to_string(thread), "1");
    return changes;
  };
  BOOST_TEST(commit_from_threads(*f.kept, racers, 1, one) == racers - static_cast<int>(most));
  BOOST_TEST((counters(*f.kept, "k") == numbers{most}));
  BOOST_TEST(scan(*view(*f.kept), keys_with_prefix("won")).size() == most);
  // One goes, one may come.
  must_commit(*f.kept, with({adding("k", {-1})}));
  BOOST_TEST(commit_from_threads(*f.kept, racers, 1, one) == racers - 1);
}

BOOST_AUTO_TEST_SUITE_END()
