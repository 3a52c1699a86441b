// Sealed secrets as records.
#include "storage/secret_records.hpp"

#include "storage/key_schema.hpp"
#include "tests/storage/record_support.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

namespace {

struct fixture : memory_fixture {
  org_id org = org_id::make(at(0));
  org_id other_org = org_id::make(at(0));
  agent_id agent = agent_id::make(at(0));

  void put(const sealed_secret& value, const stored<sealed_secret>* before = nullptr) {
    batch changes;
    write_secret(changes, org, before, value);
    must_commit(*kept, std::move(changes));
  }
  stored<sealed_secret> stands(const secret_name& name) {
    const auto read = read_secret(*view(*kept), org, name);
    BOOST_REQUIRE(read && *read);
    return **read;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(secret_records, fixture)

BOOST_AUTO_TEST_CASE(a_secret_comes_back_changes_and_goes) {
  const secret_name name{secret_scope::org, std::nullopt, "KEY"};
  const sealed_secret first{name, at(1), std::string("\0sealed\xFF", 8)};
  put(first);
  const auto before = stands(name);
  BOOST_TEST((before.value == first));
  BOOST_TEST(!*read_secret(*view(*kept), other_org, name));
  batch adding;
  write_secret(adding, org, nullptr, first);
  BOOST_TEST((commit(*kept, std::move(adding)).error().code == errc::conflict));
  const sealed_secret second{name, at(2), ""};
  put(second, &before);
  BOOST_TEST((stands(name).value == second));
  batch late;
  erase_secret(late, org, before);
  BOOST_TEST((commit(*kept, std::move(late)).error().code == errc::conflict));
  batch erasing;
  erase_secret(erasing, org, stands(name));
  must_commit(*kept, std::move(erasing));
  BOOST_TEST(scan(*view(*kept), {}).empty());
}

BOOST_AUTO_TEST_CASE(one_key_in_two_scopes_is_two_secrets) {
  const secret_name of_org{secret_scope::org, std::nullopt, "KEY"};
  const secret_name of_agent{secret_scope::agent, agent, "KEY"};
  put({of_org, at(1), "org's"});
  put({of_agent, at(2), "agent's"});
  BOOST_TEST(stands(of_org).value.sealed == "org's");
  BOOST_TEST(stands(of_agent).value.sealed == "agent's");
  BOOST_TEST(!*read_secret(*view(*kept), org, {secret_scope::agent, agent_id::make(at(0)), "KEY"}));
  BOOST_TEST(!*read_secret(*view(*kept), org, {secret_scope::org, std::nullopt, "KE"}));
}

BOOST_AUTO_TEST_CASE(all_of_an_org_are_read_in_order) {
  std::vector<sealed_secret> expected;
  for (const auto& key : {"A", "AA", "B_1"}) {
    expected.push_back({{secret_scope::org, std::nullopt, key}, at(1), key});
  }
  for (const auto& key : {"A", "Z"}) expected.push_back({{secret_scope::agent, agent, key}, at(2), key});
  for (auto each = expected.rbegin(); each != expected.rend(); ++each) put(*each);
  const auto read = read_secrets(*view(*kept), org);
  BOOST_REQUIRE(read);
  std::vector<sealed_secret> found;
  for (const auto& each : *read) {
    found.push_back(each.value);
    BOOST_TEST(each.bytes == stands(each.value.name).bytes);
  }
  BOOST_TEST((found == expected));
  BOOST_TEST(read_secrets(*view(*kept), other_org)->empty());
}

BOOST_AUTO_TEST_CASE(damage_is_told) {
  const secret_name name{secret_scope::org, std::nullopt, "KEY"};
  must_commit(*kept, putting(keys::secret(org, name), "short"));
  BOOST_TEST((read_secret(*view(*kept), org, name).error().code == errc::internal));
  BOOST_TEST((read_secrets(*view(*kept), org).error().code == errc::internal));
  for (const std::string& rest : {std::string("\0short", 6), std::string(20, '\2')}) {
    const auto damaged = make_memory_store();
    must_commit(*damaged, putting(keys::all(keys::table::secrets, org) + rest, "12345678sealed"));
    BOOST_TEST((read_secrets(*view(*damaged), org).error().code == errc::internal));
  }
}

BOOST_AUTO_TEST_SUITE_END()
