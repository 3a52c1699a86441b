// MCP servers, secrets, API tokens and kept answers as records.
#include <algorithm>

#include "storage/answer_records.hpp"
#include "storage/catalog_records.hpp"
#include "storage/records.hpp"
#include "storage/secret_records.hpp"
#include "tests/storage/support.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

BOOST_AUTO_TEST_SUITE(catalog)

namespace {

timestamp at(std::int64_t ms) {
  return timestamp(std::chrono::milliseconds(1'700'000'000'000 + ms));
}

struct fixture : memory_fixture {
  org_id org = org_id::make(at(0));
  org_id other = org_id::make(at(0));

  mcp_server server(std::string name) {
    mcp_server made;
    made.id = mcp_id::make(at(0));
    made.name = std::move(name);
    made.command = "/bin/\"x\"";
    made.args = {"-a", "${secret:KEY}"};
    made.env = {{"A", "b"}, {"quote\"d", "ü"}};
    made.created_at = at(1);
    return made;
  }
  stored<mcp_server> put(const mcp_server& made, const stored<mcp_server>* before = nullptr) {
    batch changes;
    write_mcp(changes, org, before, made);
    must_commit(*kept, std::move(changes));
    return **read_mcp(*view(*kept), org, made.id);
  }
};

digest digest_of(std::uint8_t last) {
  digest made{};
  made.back() = last;
  return made;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_server_is_found_by_id_and_name, fixture) {
  const auto made = server("files");
  const auto kept_server = put(made);
  BOOST_TEST((kept_server.value == made));
  BOOST_TEST((*find_mcp(*view(*kept), org, "files") == made.id));
  BOOST_TEST(!find_mcp(*view(*kept), org, "file")->has_value());
  BOOST_TEST(!find_mcp(*view(*kept), other, "files")->has_value());
  BOOST_TEST(!read_mcp(*view(*kept), other, made.id)->has_value());
}

BOOST_FIXTURE_TEST_CASE(a_name_is_given_once, fixture) {
  const auto first = put(server("files"));
  batch second;
  write_mcp(second, org, nullptr, server("files"));
  BOOST_TEST((commit(*kept, std::move(second)).error().code == errc::conflict));
  auto renamed = first.value;
  renamed.name = "papers";
  const auto now = put(renamed, &first);
  BOOST_TEST(!find_mcp(*view(*kept), org, "files")->has_value());
  put(server("files"));
  batch gone;
  erase_mcp(gone, org, now);
  must_commit(*kept, std::move(gone));
  BOOST_TEST(!find_mcp(*view(*kept), org, "papers")->has_value());
  BOOST_TEST((list_mcps(*view(*kept), org, {})->items.size() == 1U));
}

BOOST_FIXTURE_TEST_CASE(secrets_are_told_apart_by_scope_owner_and_key, fixture) {
  const auto agent = agent_id::make(at(0));
  const std::vector<secret_name> names{{secret_scope::org, {}, "KEY"},
                                       {secret_scope::org, {}, "KEY2"},
                                       {secret_scope::agent, agent, "KEY"},
                                       {secret_scope::agent, agent_id::make(at(0)), "KEY"}};
  for (std::size_t i = 0; i < names.size(); ++i) {
    batch changes;
    write_secret(changes, org, nullptr, {names[i], at(5), std::string("sealed\0", 7) + std::to_string(i)});
    must_commit(*kept, std::move(changes));
  }
  const auto seen = view(*kept);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto found = read_secret(*seen, org, names[i]);
    BOOST_REQUIRE((found && *found));
    BOOST_TEST(((*found)->value.name == names[i]));
    BOOST_TEST(((*found)->value.updated_at == at(5)));
    BOOST_TEST(((*found)->value.sealed == std::string("sealed\0", 7) + std::to_string(i)));
    BOOST_TEST(!read_secret(*seen, other, names[i])->has_value());
  }
  BOOST_TEST(read_secrets(*seen, org)->size() == names.size());
  BOOST_TEST(read_secrets(*seen, other)->empty());
  batch gone;
  erase_secret(gone, org, **read_secret(*seen, org, names[2]));
  must_commit(*kept, std::move(gone));
  BOOST_TEST(!read_secret(*view(*kept), org, names[2])->has_value());
  BOOST_TEST(read_secrets(*view(*kept), org)->size() == names.size() - 1);
}

BOOST_FIXTURE_TEST_CASE(tokens_of_an_org_with_their_last_use, fixture) {
  std::vector<api_token> made;
  for (std::uint8_t i = 0; i < 3; ++i) {
    made.push_back({token_id::make(at(i)), org, user_id::make(at(0)), "token", role::viewer, at(i), {}});
    batch changes;
    write_token(changes, digest_of(i), made.back());
    must_commit(*kept, std::move(changes));
  }
  batch used;
  write_token_use(used, org, made[1].id, at(77));
  must_commit(*kept, std::move(used));
  made[1].last_used_at = at(77);
  std::reverse(made.begin(), made.end());
  BOOST_TEST((list_tokens(*view(*kept), org, {})->items == made));
  BOOST_TEST(list_tokens(*view(*kept), other, {})->items.empty());
  const auto found = find_token(*view(*kept), org, made[1].id);
  BOOST_REQUIRE((found && *found));
  BOOST_TEST(((*found)->hash == digest_of(1)));
  BOOST_TEST(!find_token(*view(*kept), other, made[1].id)->has_value());
  batch gone;
  erase_token(gone, org, **found);
  must_commit(*kept, std::move(gone));
  BOOST_TEST(!find_token(*view(*kept), org, made[1].id)->has_value());
  BOOST_TEST(!read_token(*view(*kept), digest_of(1))->has_value());
  BOOST_TEST(list_tokens(*view(*kept), org, {})->items.size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(answers_are_kept_and_forgotten_oldest_first, fixture) {
  for (std::uint8_t i = 0; i < 6; ++i) {
    batch changes;
    write_answer(changes, org, digest_of(i), nullptr, {at(i), digest_of(9), i != 2, std::string("answer\0", 7)});
    must_commit(*kept, std::move(changes));
  }
  const auto third = read_answer(*view(*kept), org, digest_of(2));
  BOOST_REQUIRE((third && *third));
  BOOST_TEST(((*third)->value == kept_answer{at(2), digest_of(9), false, std::string("answer\0", 7)}));
  BOOST_TEST(!read_answer(*view(*kept), other, digest_of(2))->has_value());

  batch again;
  write_answer(again, org, digest_of(0), nullptr, {at(9), {}, true, {}});
  BOOST_TEST((commit(*kept, std::move(again)).error().code == errc::conflict));

  batch some;
  BOOST_REQUIRE(erase_old_answers(some, *view(*kept), org, at(4), 3));
  must_commit(*kept, std::move(some));
  for (std::uint8_t i = 0; i < 6; ++i) {
    BOOST_TEST(read_answer(*view(*kept), org, digest_of(i))->has_value() == (i >= 3));
  }
}

BOOST_FIXTURE_TEST_CASE(an_old_answer_that_is_replaced_is_not_swept_away, fixture) {
  const kept_answer old{at(0), digest_of(1), true, "old"};
  batch first;
  write_answer(first, org, digest_of(0), nullptr, old);
  must_commit(*kept, std::move(first));
  const auto before = **read_answer(*view(*kept), org, digest_of(0));
  const auto seen = view(*kept);
  batch renewed;
  BOOST_REQUIRE(erase_old_answers(renewed, *seen, org, at(100), 4));
  write_answer(renewed, org, digest_of(0), &before, {at(200), digest_of(1), true, "new"});
  must_commit(*kept, std::move(renewed));
  BOOST_TEST((*read_answer(*view(*kept), org, digest_of(0)))->value.answer == "new");
  batch nothing;
  BOOST_REQUIRE(erase_old_answers(nothing, *view(*kept), org, at(150), 4));
  BOOST_TEST(nothing.empty());
}

BOOST_AUTO_TEST_SUITE_END()
