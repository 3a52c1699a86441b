// Orgs as an operator knows them: made on the command line, each with a token that opens nothing of the others.
#include <boost/test/unit_test.hpp>

#include "tests/support/api_client.hpp"
#include "tests/support/scratch_directory.hpp"

namespace {

using namespace flotilla::testing;
using nlohmann::json;

constexpr int failed = 1;
constexpr int usage = 2;

/// The token in what `flotilla org create` says.
std::string token_in(const std::string& text) {
  constexpr std::size_t token_size = 51;
  const auto at = text.find("fr_live_");
  BOOST_REQUIRE(at != std::string::npos);
  return text.substr(at, token_size);
}

struct with_a_store {
  with_a_store() {
    server_process first(directory.path);
    (void)first.port();
    BOOST_REQUIRE_EQUAL(first.terminate().code, 0);
  }
  scratch_directory directory;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(orgs, with_a_store)

BOOST_AUTO_TEST_CASE(an_org_is_made_and_its_token_opens_it_alone) {
  const auto data = directory.path.string();
  const auto made = run({"org", "create", "acme", "--data", data});
  BOOST_REQUIRE_MESSAGE(made.code == 0, made.err);
  const auto token = token_in(made.out);
  const auto listed = run({"org", "list"}, {{"FLOTILLA_DATA", data}});
  BOOST_TEST(listed.code == 0);
  BOOST_TEST(contains(listed.out, "  default\n"));
  BOOST_TEST(contains(listed.out, "  acme\n"));
  BOOST_TEST(!contains(listed.out, "fr_live_"));

  server_process server(directory.path);
  const api_client theirs(server.port());
  const api_client acme(server.port(), token);
  BOOST_TEST(acme.must_get("/api/me")["org"]["name"] == "acme");
  const auto agent = theirs.new_agent();
  BOOST_TEST(acme.get("/api/agents/" + agent).status == 404);
  BOOST_TEST(acme.must_get("/api/agents").empty());
  BOOST_TEST(theirs.must_get("/api/agents").size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_directory_in_use_is_refused_with_the_holders_name) {
  server_process server(directory.path);
  (void)server.port();
  for (const auto& command : {std::vector<std::string>{"org", "create", "acme"}, {"org", "list"}}) {
    auto arguments = command;
    arguments.insert(arguments.end(), {"--data", directory.path.string()});
    const auto refused = run(arguments);
    BOOST_TEST(refused.code == failed);
    BOOST_TEST(contains(refused.err, "in use by process " + std::to_string(server.process().id())));
    BOOST_TEST(refused.out.empty());
  }
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_said) {
  const auto data = directory.path.string();
  BOOST_TEST(run({"org"}).code == usage);
  BOOST_TEST(run({"org", "create", "--data", data}).code == usage);
  BOOST_TEST(run({"org", "create", "acme"}).code == usage);
  BOOST_TEST(run({"org", "create", "acme", "--data", data + "/absent"}).code == usage);
  const auto taken = run({"org", "create", "default", "--data", data});
  BOOST_TEST(taken.code == usage);
  BOOST_TEST(contains(taken.err, "another org has it"));
  const scratch_directory empty;
  const auto no_store = run({"org", "list", "--data", empty.path.string()});
  BOOST_TEST(no_store.code == failed);
  BOOST_TEST(contains(no_store.err, "no store"));
}

BOOST_AUTO_TEST_SUITE_END()
