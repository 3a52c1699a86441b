// Kept answers as records, and how old ones go.
#include "storage/answer_records.hpp"

#include "storage/key_schema.hpp"
#include "tests/storage/record_support.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

namespace {

digest digest_of(std::uint8_t byte) {
  digest made{};
  made.fill(byte);
  return made;
}

struct fixture : memory_fixture {
  org_id org = org_id::make(at(0));
  org_id other_org = org_id::make(at(0));

  void put(const digest& key, const kept_answer& value, const stored<kept_answer>* before = nullptr) {
    batch changes;
    write_answer(changes, org, key, before, value);
    must_commit(*kept, std::move(changes));
  }
  std::optional<stored<kept_answer>> find(const digest& key) {
    const auto read = read_answer(*view(*kept), org, key);
    BOOST_REQUIRE(read);
    return *read;
  }
  batch erasure(timestamp made_before, std::size_t most = 100) {
    batch changes;
    BOOST_REQUIRE(erase_old_answers(changes, *view(*kept), org, made_before, most));
    return changes;
  }
};

kept_answer made_at(std::int64_t ms) {
  return {at(ms), digest_of(7), true, "answer " + std::to_string(ms)};
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(answer_records, fixture)

BOOST_AUTO_TEST_CASE(an_answer_comes_back_and_changes) {
  const auto key = digest_of(1);
  const kept_answer first{at(1), digest_of(200), false, std::string("\0\xFF", 2)};
  put(key, first);
  const auto before = find(key);
  BOOST_REQUIRE(before);
  BOOST_TEST((before->value == first));
  BOOST_TEST(!find(digest_of(2)));
  BOOST_TEST(!*read_answer(*view(*kept), other_org, key));
  const kept_answer second{at(1), digest_of(200), true, ""};
  batch adding;
  write_answer(adding, org, key, nullptr, second);
  BOOST_TEST((commit(*kept, std::move(adding)).error().code == errc::conflict));
  put(key, second, &*before);
  BOOST_TEST((find(key)->value == second));
  batch late;
  write_answer(late, org, key, &*before, first);
  BOOST_TEST((commit(*kept, std::move(late)).error().code == errc::conflict));
}

BOOST_AUTO_TEST_CASE(old_ones_go_oldest_first) {
  for (std::uint8_t i = 0; i < 10; ++i) put(digest_of(i), made_at(100 - i));  // the last is the oldest
  must_commit(*kept, erasure(at(95), 2));
  BOOST_TEST(!find(digest_of(9)));
  BOOST_TEST(!find(digest_of(8)));
  BOOST_TEST(find(digest_of(7)).has_value());
  must_commit(*kept, erasure(at(95)));
  for (std::uint8_t i = 0; i < 10; ++i)
    BOOST_TEST(find(digest_of(i)).has_value() == (i <= 5));  // made at 95 or later
  BOOST_TEST(erasure(at(95)).empty());
  BOOST_TEST(erasure(at(1000), 0).empty());
  must_commit(*kept, erasure(at(1000)));
  BOOST_TEST(scan(*view(*kept), {}).empty());  // the index rows too
}

BOOST_AUTO_TEST_CASE(those_of_another_org_stay) {
  put(digest_of(1), made_at(1));
  batch changes;
  BOOST_REQUIRE(erase_old_answers(changes, *view(*kept), other_org, at(1000), 100));
  BOOST_TEST(changes.empty());
}

BOOST_AUTO_TEST_CASE(one_that_is_written_anew_is_young_again) {
  const auto key = digest_of(1);
  put(key, made_at(1));
  const auto before = find(key);
  put(key, made_at(50), &*before);
  BOOST_TEST(erasure(at(50)).empty());
  must_commit(*kept, erasure(at(51)));
  BOOST_TEST(!find(key));
}

BOOST_AUTO_TEST_CASE(one_batch_may_clear_away_and_write_anew) {
  const auto key = digest_of(1);
  put(key, made_at(1));
  const auto before = find(key);
  auto changes = erasure(at(10));
  write_answer(changes, org, key, &*before, made_at(50));
  must_commit(*kept, std::move(changes));
  BOOST_TEST((find(key)->value == made_at(50)));
  BOOST_TEST(erasure(at(50)).empty());
}

// A key is used again while somebody clears away its old answer: the new one must stay.
BOOST_AUTO_TEST_CASE(what_is_written_anew_meanwhile_is_not_removed) {
  const auto key = digest_of(1);
  put(key, made_at(1));
  auto late = erasure(at(10));
  const auto before = find(key);
  put(key, made_at(50), &*before);
  BOOST_TEST((commit(*kept, std::move(late)).error().code == errc::conflict));
  BOOST_TEST((find(key)->value == made_at(50)));
}

BOOST_AUTO_TEST_CASE(damage_is_told) {
  const auto key = digest_of(1);
  must_commit(*kept, putting(keys::answer(org, key), std::string(40, 'x')));
  BOOST_TEST((read_answer(*view(*kept), org, key).error().code == errc::internal));
  must_commit(*kept, putting(keys::answer(org, key), std::string(41, '\2')));  // neither finished nor not
  BOOST_TEST((read_answer(*view(*kept), org, key).error().code == errc::internal));
  must_commit(*kept, putting(keys::all(keys::table::answers_by_age, org) + std::string(9, '\0'), ""));
  batch changes;
  BOOST_TEST((erase_old_answers(changes, *view(*kept), org, at(0), 10).error().code == errc::internal));
}

BOOST_AUTO_TEST_SUITE_END()
