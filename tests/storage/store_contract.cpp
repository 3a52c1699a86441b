// What every implementation of the store port must do, run over each of them.
#include <boost/mpl/list.hpp>
#include <map>
#include <random>
#include <thread>

#include "tests/storage/support.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

BOOST_AUTO_TEST_SUITE(store_contract)

using every_store = boost::mpl::list<memory_fixture, rocksdb_fixture>;

namespace {

/// Adds an entry "<name><position>" to the log "log".
void append_to(batch& into, std::string name, std::vector<std::uint64_t>* positions = nullptr) {
  into.append("log", [name, positions](std::uint64_t position, appender& out) {
    out.put(name + std::to_string(position), name);
    if (positions != nullptr) positions->push_back(position);
  });
}

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text.push_back(static_cast<char>(value));
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(keys_are_ordered_as_unsigned_bytes, fixture, every_store) {
  fixture f;
  const std::vector<std::string> keys{"",   bytes({0}), bytes({0, 255}), "a",
                                      "aa", "b",        bytes({128}),    bytes({255, 255})};
  batch changes;
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) {
    if (!key->empty()) changes.put(*key, "v" + *key);
  }
  must_commit(*f.kept, std::move(changes));
  const auto now = view(*f.kept);
  const auto forward = scan(*now, {});
  auto backward = scan(*now, {}, direction::backward);
  BOOST_REQUIRE_EQUAL(forward.size(), keys.size() - 1);
  for (std::size_t i = 0; i < forward.size(); ++i) {
    BOOST_TEST((forward[i].first == keys[i + 1]));
    BOOST_TEST((forward[i].second == "v" + keys[i + 1]));
  }
  std::reverse(backward.begin(), backward.end());
  BOOST_TEST((forward == backward));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(scans_keep_their_bounds, fixture, every_store) {
  fixture f;
  batch changes;
  for (const char* key : {"a", "b", "c", "d", "e"}) changes.put(key, key);
  must_commit(*f.kept, std::move(changes));
  const auto now = view(*f.kept);
  BOOST_TEST((scan(*now, {"b", "d"}) == pairs{{"b", "b"}, {"c", "c"}}));
  BOOST_TEST((scan(*now, {"b", "d"}, direction::backward) == pairs{{"c", "c"}, {"b", "b"}}));
  BOOST_TEST((scan(*now, {"bb", "dd"}, direction::backward) == pairs{{"d", "d"}, {"c", "c"}}));
  BOOST_TEST((scan(*now, {"d", ""}) == pairs{{"d", "d"}, {"e", "e"}}));
  BOOST_TEST((scan(*now, {"", ""}, direction::backward, 1) == pairs{{"e", "e"}}));
  BOOST_TEST((scan(*now, {"a", "e"}, direction::forward, 2) == pairs{{"a", "a"}, {"b", "b"}}));
  BOOST_TEST(scan(*now, {"c", "c"}).empty());
  BOOST_TEST(scan(*now, {"d", "b"}).empty());
  BOOST_TEST(scan(*now, {"x", ""}, direction::backward).empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_snapshot_does_not_change, fixture, every_store) {
  fixture f;
  must_commit(*f.kept, putting("kept", "old"));
  must_commit(*f.kept, putting("erased", "old"));
  const auto before = view(*f.kept);
  batch changes;
  changes.put("kept", "new");
  changes.erase("erased");
  changes.put("added", "new");
  must_commit(*f.kept, std::move(changes));
  BOOST_TEST((scan(*before, {}) == pairs{{"erased", "old"}, {"kept", "old"}}));
  BOOST_TEST((get(*before, "added") == std::nullopt));
  BOOST_TEST((scan(*view(*f.kept), {}) == pairs{{"added", "new"}, {"kept", "new"}}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_scan_may_read_and_survives_commits, fixture, every_store) {
  fixture f;
  for (int i = 0; i < 10; ++i) must_commit(*f.kept, putting("k" + std::to_string(i), "1"));
  const auto now = view(*f.kept);
  std::size_t seen = 0;
  BOOST_REQUIRE(now->scan({}, direction::forward, [&](std::string_view key, std::string_view) {
    BOOST_TEST((get(*now, key) == "1"));
    must_commit(*f.kept, putting(std::string(key), "2"));
    must_commit(*f.kept, putting(std::string(key) + "x", "2"));
    return ++seen > 0;
  }));
  BOOST_TEST(seen == 10U);
  BOOST_TEST(scan(*view(*f.kept), {}).size() == 20U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_batch_is_evaluated_in_its_order, fixture, every_store) {
  fixture f;
  must_commit(*f.kept, putting("k", "0"));
  batch changes;
  changes.put("k", "1");
  changes.erase("k");
  changes.put("k", "2");
  changes.put("gone", "1");
  changes.erase("gone");
  changes.require("k", "0");  // preconditions see what stood before
  must_commit(*f.kept, std::move(changes));
  BOOST_TEST((scan(*view(*f.kept), {}) == pairs{{"k", "2"}}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_refused_batch_changes_nothing, fixture, every_store) {
  fixture f;
  must_commit(*f.kept, putting("k", "1"));
  const auto refused = [&](std::string key, std::optional<std::string> wanted) {
    batch changes;
    changes.put("k", "2");
    changes.put("other", "2");
    append_to(changes, "entry");
    changes.require(std::move(key), std::move(wanted));
    const auto done = commit(*f.kept, std::move(changes));
    BOOST_REQUIRE(!done);
    BOOST_TEST((done.error().code == errc::conflict));
    BOOST_TEST((scan(*view(*f.kept), {}) == pairs{{"k", "1"}}));
  };
  refused("k", std::nullopt);
  refused("k", "2");
  refused("absent", "");
  batch good;
  good.require("k", "1");
  good.require("absent", std::nullopt);
  good.put("k", "3");
  must_commit(*f.kept, std::move(good));
  BOOST_TEST((get(*f.kept, "k") == "3"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_batch_may_only_ask, fixture, every_store) {
  fixture f;
  must_commit(*f.kept, batch(), durability::synced);
  batch asking;
  asking.require("k", "1");
  BOOST_TEST(!commit(*f.kept, asking, durability::synced));
  must_commit(*f.kept, putting("k", "1"));
  must_commit(*f.kept, std::move(asking), durability::synced);
}

// Committed at once, so that the batches meet in one group where there are groups.
BOOST_AUTO_TEST_CASE_TEMPLATE(preconditions_see_the_batches_before, fixture, every_store) {
  fixture f;
  constexpr int rounds = 200;
  std::vector<bool> answers;
  std::promise<void> all;
  for (int i = 0; i < rounds; ++i) {
    for (int rival = 0; rival < 2; ++rival) {  // both want to go from i to i + 1
      batch changes;
      changes.require("counter", i == 0 ? std::nullopt : std::optional(std::to_string(i)));
      changes.put("counter", std::to_string(i + 1));
      f.kept->commit(std::move(changes), durability::buffered, [&](result<void> done) {
        answers.push_back(done.has_value());
        if (answers.size() == 2 * rounds) all.set_value();
      });
    }
  }
  all.get_future().get();
  for (std::size_t i = 0; i < answers.size(); ++i) BOOST_TEST(answers[i] == (i % 2 == 0));
  BOOST_TEST((get(*f.kept, "counter") == std::to_string(rounds)));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(log_positions_have_no_gaps, fixture, every_store) {
  fixture f;
  std::vector<std::uint64_t> positions;
  std::promise<void> all;
  constexpr int count = 300;
  int answered = 0;
  for (int i = 0; i < count; ++i) {
    batch changes;
    append_to(changes, "a", &positions);
    if (i % 3 == 1) append_to(changes, "b", &positions);  // two of one batch
    if (i % 3 == 2) changes.require("never", "there");    // refused
    f.kept->commit(std::move(changes), i % 5 == 0 ? durability::synced : durability::buffered, [&](result<void>) {
      if (++answered == count) all.set_value();
    });
  }
  all.get_future().get();
  BOOST_REQUIRE_EQUAL(positions.size(), 300U);  // 100 of one and 100 of two
  for (std::size_t i = 0; i < positions.size(); ++i) BOOST_TEST(positions[i] == i + 1);
  const auto now = view(*f.kept);
  BOOST_TEST(scan(*now, keys_with_prefix("a")).size() == 200U);
  BOOST_TEST(scan(*now, keys_with_prefix("b")).size() == 100U);
  BOOST_TEST((get(*now, "log") == std::string("\0\0\0\0\0\0\x01\x2c", 8)));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(logs_are_counted_apart, fixture, every_store) {
  fixture f;
  std::map<std::string, std::vector<std::uint64_t>> positions;
  for (int i = 0; i < 6; ++i) {
    batch changes;
    for (const std::string log : {"x", "y"}) {
      if (log == "y" && i % 2 == 0) continue;
      changes.append(log, [&positions, log](std::uint64_t at, appender&) { positions[log].push_back(at); });
    }
    must_commit(*f.kept, std::move(changes));
  }
  BOOST_TEST((positions["x"] == std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6}));
  BOOST_TEST((positions["y"] == std::vector<std::uint64_t>{1, 2, 3}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(too_large_is_refused, fixture, every_store) {
  fixture f;
  const std::string half(max_batch_bytes / 2, 'x');
  batch written;
  written.put("a", half);
  written.put("b", half);
  const auto refused = commit(*f.kept, std::move(written));
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == errc::too_large));
  batch rendered;  // within the limit until its appends are rendered
  rendered.put("a", half);
  rendered.append("log", [&half](std::uint64_t, appender& out) { out.put("b", half); });
  const auto refused_too = commit(*f.kept, std::move(rendered));
  BOOST_REQUIRE(!refused_too);
  BOOST_TEST((refused_too.error().code == errc::too_large));
  BOOST_TEST(scan(*view(*f.kept), {}).empty());
  std::vector<std::uint64_t> positions;
  batch good;
  append_to(good, "e", &positions);
  must_commit(*f.kept, std::move(good));
  BOOST_TEST((positions == std::vector<std::uint64_t>{1}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_answered_commit_is_seen, fixture, every_store) {
  fixture f;
  std::promise<void> all;
  constexpr int count = 100;
  for (int i = 0; i < count; ++i) {
    const auto key = "k" + std::to_string(i);
    f.kept->commit(putting(key, "v"), durability::buffered, [&, key, i](result<void> done) {
      if (!done || get(*f.kept, key) != "v") BOOST_ERROR("not seen: " << key);
      if (i == count - 1) all.set_value();
    });
  }
  all.get_future().get();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_handler_may_commit, fixture, every_store) {
  fixture f;
  std::promise<void> all;
  std::vector<int> order;
  std::function<void(int)> go_on = [&](int depth) {
    batch changes;
    append_to(changes, "e");
    f.kept->commit(std::move(changes), durability::buffered, [&, depth](result<void> done) {
      if (!done) BOOST_ERROR("refused");
      order.push_back(depth);
      if (depth == 1000) return all.set_value();
      go_on(depth + 1);  // answered after this handler has returned: the stack does not grow
    });
  };
  go_on(1);
  all.get_future().get();
  BOOST_TEST(order.size() == 1000U);
  BOOST_TEST(scan(*view(*f.kept), keys_with_prefix("e")).size() == 1000U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(many_threads_commit, fixture, every_store) {
  fixture f;
  constexpr int threads = 8;
  constexpr int each = 250;
  std::vector<std::vector<int>> answered(threads);
  std::atomic<int> conflicts{0};
  std::atomic<int> left{threads * each};
  std::promise<void> all;
  std::vector<std::thread> committers;
  for (int t = 0; t < threads; ++t) {
    committers.emplace_back([&, t] {
      for (int i = 0; i < each; ++i) {
        batch changes;
        if (i % 10 == 9) changes.require("never", "there");
        append_to(changes, "e");
        changes.put("own" + std::to_string(t), std::to_string(i));
        f.kept->commit(std::move(changes), i % 50 == 0 ? durability::synced : durability::buffered,
                       [&, t, i](result<void> done) {
                         if (!done) ++conflicts;
                         answered[static_cast<std::size_t>(t)].push_back(i);
                         if (--left == 0) all.set_value();
                       });
      }
    });
  }
  for (auto& committer : committers) committer.join();
  all.get_future().get();
  BOOST_TEST(conflicts == threads * each / 10);
  for (const auto& answers : answered) {
    BOOST_REQUIRE_EQUAL(answers.size(), static_cast<std::size_t>(each));
    BOOST_TEST(std::is_sorted(answers.begin(), answers.end()));
  }
  const auto now = view(*f.kept);
  BOOST_TEST(scan(*now, keys_with_prefix("e")).size() == static_cast<std::size_t>(threads * each * 9 / 10));
  BOOST_TEST((get(*now, "own3") == std::to_string(each - 2)));
}

// A long random run against std::map, with snapshots of the past held on to.
BOOST_AUTO_TEST_CASE_TEMPLATE(agrees_with_a_model, fixture, every_store) {
  fixture f;
  std::mt19937 random(20261123);  // NOLINT: the same run every time
  std::map<std::string, std::string> model;
  std::vector<std::pair<std::unique_ptr<snapshot>, std::map<std::string, std::string>>> past;
  const auto some_key = [&random] { return std::to_string(random() % 200); };
  for (int round = 0; round < 600; ++round) {
    batch changes;
    for (auto n = random() % 6; n > 0; --n) {
      const auto key = some_key();
      if (random() % 3 == 0) {
        changes.erase(key);
        model.erase(key);
      } else {
        changes.put(key, std::to_string(round));
        model[key] = std::to_string(round);
      }
    }
    must_commit(*f.kept, std::move(changes));
    if (round % 60 == 0) past.emplace_back(view(*f.kept), model);
    const key_range range{some_key(), some_key()};
    pairs expected;
    for (const auto& [key, value] : model) {
      if (key >= range.from && key < range.to) expected.emplace_back(key, value);
    }
    const auto now = view(*f.kept);
    BOOST_TEST((scan(*now, range) == expected));
    std::reverse(expected.begin(), expected.end());
    BOOST_TEST((scan(*now, range, direction::backward) == expected));
  }
  for (const auto& [then, stood] : past) BOOST_TEST((scan(*then, {}) == pairs(stood.begin(), stood.end())));
}

BOOST_AUTO_TEST_SUITE_END()
