// API tokens by org: lists, last uses, removal.
#include <algorithm>

#include "storage/key_schema.hpp"
#include "storage/records.hpp"
#include "tests/storage/record_support.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

namespace {

struct fixture : memory_fixture {
  org_id org = org_id::make(at(0));
  org_id other_org = org_id::make(at(0));
  user_id owner = user_id::make(at(0));

  api_token add(std::uint8_t number, org_id where) {
    api_token made{token_id::make(at(0)), where, owner,       "token " + std::to_string(number),
                   role::viewer,          at(1), std::nullopt};
    batch changes;
    write_token(changes, hash_of(number), made);
    must_commit(*kept, std::move(changes));
    return made;
  }
  static token_hash hash_of(std::uint8_t number) {
    token_hash made{};
    made.fill(number);
    return made;
  }
  hashed_token stands(token_id which) {
    const auto found = find_token(*view(*kept), org, which);
    BOOST_REQUIRE(found && *found);
    return **found;
  }
  void note_use(token_id which, timestamp when) {
    batch changes;
    write_token_use(changes, org, which, when);
    must_commit(*kept, std::move(changes));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(token_records, fixture)

BOOST_AUTO_TEST_CASE(a_token_is_found_by_its_id) {
  const auto made = add(1, org);
  const auto found = stands(made.id);
  BOOST_TEST((found.hash == hash_of(1)));
  BOOST_TEST((found.token.value == made));
  BOOST_TEST(found.token.bytes == *get(*kept, keys::token(hash_of(1))));
  BOOST_TEST(!*find_token(*view(*kept), org, token_id::make(at(0))));
  BOOST_TEST(!*find_token(*view(*kept), other_org, made.id));
}

BOOST_AUTO_TEST_CASE(the_last_use_is_shown_and_does_not_disturb) {
  const auto made = add(1, org);
  const auto seen = stands(made.id);
  note_use(made.id, at(5));
  note_use(made.id, at(9));
  auto expected = made;
  expected.last_used_at = at(9);
  BOOST_TEST((stands(made.id).token.value == expected));
  BOOST_TEST((list_tokens(*view(*kept), org, {})->items == std::vector{expected}));
  batch relying;
  require_token(relying, seen);
  must_commit(*kept, std::move(relying));
}

BOOST_AUTO_TEST_CASE(tokens_are_listed_newest_first) {
  std::vector<api_token> all;
  for (std::uint8_t i = 0; i < 13; ++i) all.push_back(add(i, org));
  const auto foreign = add(100, other_org);
  std::sort(all.begin(), all.end(), [](const api_token& a, const api_token& b) { return a.id > b.id; });
  const auto list = [this](const snapshot& from, const page_request& page) { return list_tokens(from, org, page); };
  for (const std::size_t limit : {1U, 5U, 500U}) {
    BOOST_TEST((all_pages<api_token>(*kept, page_request{}, limit, list) == all));
  }
  BOOST_TEST((list_tokens(*view(*kept), other_org, {})->items == std::vector{foreign}));
  BOOST_TEST((list_tokens(*view(*kept), org, {5, "bad"}).error().code == errc::invalid));
}

BOOST_AUTO_TEST_CASE(a_token_goes_with_all_of_it) {
  const auto made = add(1, org);
  const auto stays = add(2, org);
  note_use(made.id, at(5));
  const auto seen = stands(made.id);
  batch erasing;
  erase_token(erasing, org, seen);
  must_commit(*kept, erasing);
  BOOST_TEST(!*read_token(*view(*kept), hash_of(1)));
  BOOST_TEST(!*find_token(*view(*kept), org, made.id));
  BOOST_TEST(!get(*kept, keys::token_use(org, made.id)));
  BOOST_TEST((list_tokens(*view(*kept), org, {})->items == std::vector{stays}));
  BOOST_TEST((commit(*kept, std::move(erasing)).error().code == errc::conflict));
  batch relying;
  require_token(relying, seen);
  BOOST_TEST((commit(*kept, std::move(relying)).error().code == errc::conflict));
}

BOOST_AUTO_TEST_CASE(damage_is_told) {
  const auto made = add(1, org);
  must_commit(*kept, putting(keys::token_use(org, made.id), "short"));
  BOOST_TEST((find_token(*view(*kept), org, made.id).error().code == errc::internal));
  batch changes;
  changes.erase(keys::token_use(org, made.id));
  changes.erase(keys::token(hash_of(1)));
  must_commit(*kept, std::move(changes));
  BOOST_TEST(find_token(*view(*kept), org, made.id).error().message.find(made.id.to_string()) != std::string::npos);
  must_commit(*kept, putting(keys::org_token(org, made.id), "short"));
  BOOST_TEST((list_tokens(*view(*kept), org, {}).error().code == errc::internal));
}

BOOST_AUTO_TEST_SUITE_END()
