// Orgs: made in a store that nobody serves, and kept apart.
#include "flotilla/json.hpp"
#include "flotilla/maintenance.hpp"
#include "tests/runtime/host.hpp"
#include "tests/support/scratch_directory.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

/// A data directory whose store has an org of its own.
struct with_a_store {
  with_a_store() {
    options.data_directory = directory.path;
    options.user_name = "olga";
    host it{options};
    admin = it.runtime->new_admin_token().value();
  }
  scratch_directory directory;
  fleet_options options;
  std::string admin;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(orgs, with_a_store)

BOOST_AUTO_TEST_CASE(a_new_org_has_an_owner_and_a_token_that_opens_it) {
  const auto made = create_org(options, "acme");
  BOOST_REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
  BOOST_TEST(is_token_text(made->admin_token));
  host it{options};
  it.log_in(made->admin_token);
  BOOST_TEST((it.who.org == made->org.id));
  BOOST_TEST((it.who.role == role::admin));
  const auto found = it.get(&fleet::me);
  BOOST_TEST(found.org.name == "acme");
  BOOST_TEST(found.user.name == "olga");
  BOOST_TEST(it.get(&fleet::list_tokens, page_request{}).items.size() == 1U);
  it.log_in(admin);
  BOOST_TEST(it.get(&fleet::me).org.name == "default");
}

BOOST_AUTO_TEST_CASE(orgs_are_listed_in_the_order_of_their_making) {
  BOOST_REQUIRE(create_org(options, "zeta"));
  BOOST_REQUIRE(create_org(options, "acme"));
  const auto found = list_orgs(options).value();
  BOOST_REQUIRE_EQUAL(found.size(), 3U);
  BOOST_TEST(found[0].name == "default");
  BOOST_TEST(found[1].name == "zeta");
  BOOST_TEST(found[2].name == "acme");
}

BOOST_AUTO_TEST_CASE(a_name_is_taken_once_and_has_a_form) {
  BOOST_REQUIRE(create_org(options, "acme"));
  BOOST_TEST(refusal(create_org(options, "acme"), errc::invalid) == "name: another org has it already");
  BOOST_TEST(refusal(create_org(options, "default"), errc::invalid) == "name: another org has it already");
  BOOST_TEST(refusal(create_org(options, " "), errc::invalid).starts_with("name:"));
  BOOST_TEST(list_orgs(options).value().size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_store_in_use_and_one_that_is_not_there_are_refused) {
  {
    const host holder{options};
    const auto said = refusal(create_org(options, "acme"), errc::unavailable);
    BOOST_TEST(said.find("in use") != std::string::npos);
    BOOST_TEST(said.find(directory.path.string()) == std::string::npos);
    (void)refusal(list_orgs(options), errc::unavailable);
  }
  BOOST_TEST(list_orgs(options).value().size() == 1U);
  const scratch_directory empty;
  options.data_directory = empty.path;
  (void)refusal(create_org(options, "acme"), errc::not_found);
  BOOST_TEST(std::filesystem::is_empty(empty.path));
  options.data_directory.clear();
  (void)refusal(create_org(options, "acme"), errc::invalid);
}

BOOST_AUTO_TEST_SUITE_END()
