// The store's format: its number, and what becomes of a store of an older one.
#include <array>
#include <string>
#include <vector>

#include "flotilla/json.hpp"
#include "tests/storage/checked_world.hpp"
#include "tests/support/faulty_store.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

namespace {

constexpr std::array new_tables{keys::table::mailboxes, keys::table::said, keys::table::agents_by_name,
                                keys::table::agents_by_team, keys::table::usage_below};

/// All rows of the tables that format 4 has brought, but for mailboxes: those are not filled from what was.
pairs filled_rows(const store& in) {
  pairs found;
  for (const auto of : new_tables) {
    if (of == keys::table::mailboxes) continue;
    const auto rows = scan(*view(in), keys_with_prefix(keys::all(of)));
    found.insert(found.end(), rows.begin(), rows.end());
  }
  return found;
}

void erase_field(std::string& json, const std::string& from, const std::string& to) {
  const auto begin = json.find(from);
  BOOST_REQUIRE(begin != std::string::npos);
  json.erase(begin, json.find(to, begin) - begin);
}

/// Makes of a store what format 3 would have written: no rows in tables that came later, no fields either.
void age(const checked_world& in, std::uint32_t format) {
  batch changes;
  for (const auto of : new_tables) {
    for (const auto& [key, value] : scan(*view(in.kept), keys_with_prefix(keys::all(of)))) changes.erase(key);
  }
  for (const auto& each : {in.boss, in.worker}) {
    auto json = to_json(each);
    erase_field(json, ",\"memoryTokens\"", ",\"createdAt\"");
    changes.put(keys::agent(in.org, each.id), json);
  }
  for (const auto* each : {&in.child, &in.grandchild}) {
    put_record(in, changes, *each, [](task_record& record) {
      record.from->ancestors.clear();
      record.wakes = 0;
    });
  }
  erase_signal(changes, in.org, {in.boss.id, {}, keys::signal_kind::wake, task_id{ulid{{7}}}});
  changes.put(keys::format(), encode_format(format));
  must_commit(in.kept, std::move(changes));
}

void has_no_fault(const checked_world& in) {
  const auto found = in.checked();
  for (const auto& fault : found.named) BOOST_ERROR(fault.rule << ": " << fault.text);
  BOOST_TEST(found.faults == 0U);
}

/// A store that takes so many commits and then no more.
class ending_store final : public store {
 public:
  ending_store(store& good, std::size_t commits) : good_(good), left_(commits) {}
  [[nodiscard]] bool ended() const { return refused_; }

  result<std::unique_ptr<storage::snapshot>> snapshot() const override { return good_.snapshot(); }
  void commit(batch changes, durability level, reply<void> done) override {
    refused_ = left_ == 0;
    if (refused_) return done(fail(errc::unavailable, "no more"));
    --left_;
    good_.commit(std::move(changes), level, std::move(done));
  }
  store_health health() const override { return good_.health(); }

 private:
  store& good_;
  std::size_t left_;
  bool refused_ = false;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(format_records, memory_fixture)

BOOST_AUTO_TEST_CASE(the_format_is_kept) {
  BOOST_REQUIRE(ensure_format(*kept));
  BOOST_TEST((get(*kept, keys::format()) == std::string("\0\0\0\4", 4)));
  BOOST_REQUIRE(ensure_format(*kept));
  must_commit(*kept, putting(keys::format(), encode_format(7)));
  const auto newer = ensure_format(*kept);
  BOOST_REQUIRE(!newer);
  BOOST_TEST((newer.error().code == errc::internal));
  BOOST_TEST(
      newer.error().message.starts_with("The store was written by a newer version of Flotilla (format 7; this "
                                        "program reads up to 4)"));
  must_commit(*kept, putting(keys::format(), encode_format(1)));
  const auto older = ensure_format(*kept);
  BOOST_REQUIRE(!older);
  BOOST_TEST(older.error().message == "The store has format 1, which this program (format 4) does not read.");
  BOOST_TEST((get(*kept, keys::format()) == encode_format(1)));
  for (const std::uint32_t taken_over : {2, 3}) {
    must_commit(*kept, putting(keys::format(), encode_format(taken_over)));
    BOOST_TEST(ensure_format(*kept).has_value());
    BOOST_TEST((get(*kept, keys::format()) == encode_format(4)));
  }
  const auto foreign = make_memory_store();
  must_commit(*foreign, putting("k", "v"));
  BOOST_TEST(!ensure_format(*foreign));
  BOOST_TEST(scan(*view(*foreign), {}).size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_older_store_is_checked_as_what_it_is) {
  checked_world world(*kept);
  age(world, 3);
  const auto found = world.checked();
  for (const auto& fault : found.named) BOOST_ERROR(fault.rule << ": " << fault.text);
  BOOST_TEST(found.format == 3U);
  // What is at fault in it is found all the same.
  world.write([&](batch& into) {
    into.erase(keys::agents_by_manager(world.org, world.boss.id) +
               std::string(keys::bytes_of(world.worker.id.value)));
  });
  BOOST_TEST(world.checked().faults == 1U);
}

BOOST_AUTO_TEST_CASE(an_older_store_is_taken_over) {
  for (const std::uint32_t format : {2U, 3U}) {
    const auto older = make_memory_store();
    checked_world world(*older);
    const auto expected = filled_rows(*older);
    BOOST_REQUIRE(expected.size() == 9U);  // what was said 4, names 2, team 1, usage 2
    age(world, format);
    BOOST_REQUIRE(filled_rows(*older).empty());
    BOOST_REQUIRE(ensure_format(*older));
    BOOST_TEST((filled_rows(*older) == expected));
    BOOST_TEST(read_mailbox(*view(*older), world.org, world.boss.id, 10)->empty());
    for (const auto* each : {&world.child, &world.grandchild}) {
      const auto now = **read_task(*view(*older), world.org, each->value.task.id);
      BOOST_TEST((now.value.from == each->value.from));
      BOOST_TEST((now.value.task == each->value.task));
    }
    const auto boss = **read_agent(*view(*older), world.org, world.boss.id);
    BOOST_TEST((boss.value == world.boss));
    has_no_fault(world);
    // It goes on as one that was made so.
    const auto before = **read_task(*view(*older), world.org, world.grandchild.value.task.id);
    BOOST_REQUIRE(ensure_format(*older));
    BOOST_TEST((get(*older, keys::task(world.org, before.value.task.id)) == before.bytes));
  }
}

// The snapshot stays open while batches are committed.
BOOST_AUTO_TEST_CASE(an_older_store_on_a_disk_is_taken_over) {
  const rocksdb_fixture disk;
  checked_world world(*disk.kept);
  const auto expected = filled_rows(*disk.kept);
  age(world, 3);
  BOOST_REQUIRE(ensure_format(*disk.kept));
  BOOST_TEST((filled_rows(*disk.kept) == expected));
  has_no_fault(world);
}

BOOST_AUTO_TEST_CASE(taking_over_may_be_cut_anywhere) {
  std::size_t cuts = 0;
  for (bool whole = false; !whole; ++cuts) {
    const auto older = make_memory_store();
    checked_world world(*older);
    std::vector<stored<agent>> many;
    world.write([&](batch& into) {
      for (int i = 0; i < 600; ++i) {
        agent made;
        made.id = agent_id::make(at(i));
        made.name = std::string(200, 'n') + std::to_string(i);
        write_agent(into, world.org, nullptr, made);
        many.push_back({made, to_json(made)});
      }
    });
    age(world, 3);
    ending_store ending(*older, cuts);
    whole = ensure_format(ending).has_value();
    BOOST_REQUIRE(whole != ending.ended());
    if (!whole) {
      BOOST_TEST((get(*older, keys::format()) == encode_format(3)));
      // The older program goes on with it for a while: it knows none of the new tables.
      auto renamed = many[0].value;
      renamed.name = "renamed";
      world.write([&](batch& into) { into.put(keys::agent(world.org, renamed.id), to_json(renamed)); });
      BOOST_REQUIRE(ensure_format(*older));
    }
    BOOST_TEST((get(*older, keys::format()) == encode_format(4)));
    has_no_fault(world);
  }
  BOOST_TEST(cuts > 4U);  // that were many batches
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_passed_over) {
  checked_world world(*kept);
  age(world, 3);
  world.write([&](batch& into) {
    into.put(keys::agent(world.org, world.boss.id), "x");
    into.put(keys::task(world.org, world.child.value.task.id), "x");
    into.put(keys::message(world.org, world.read), "x");
  });
  BOOST_REQUIRE(ensure_format(*kept));
  BOOST_TEST(read_agents_named(*view(*kept), world.org, "Grace", 1)->size() == 1U);
  BOOST_TEST(read_said(*view(*kept), world.org, world.boss.id, {}, 10)->size() == 1U);
  const auto grandchild = **read_task(*view(*kept), world.org, world.grandchild.value.task.id);
  BOOST_TEST((grandchild.value.from->ancestors == std::vector{world.child.value.task.id}));
}

BOOST_AUTO_TEST_CASE(a_store_that_cannot_be_read_is_not_taken_over) {
  checked_world world(*kept);
  age(world, 3);
  flotilla::testing::faulty_store faulty(*kept);
  faulty.unreadable = true;
  BOOST_TEST((ensure_format(faulty).error().code == errc::unavailable));
  faulty.unreadable = false;
  faulty.refuses = true;
  BOOST_TEST((ensure_format(faulty).error().code == errc::unavailable));
  BOOST_TEST((get(*kept, keys::format()) == encode_format(3)));
}

BOOST_AUTO_TEST_SUITE_END()
