// POST /api/backup: only where the operator said so, and only there.
#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include "tests/http/serving.hpp"

using namespace flotilla;
using namespace flotilla::test;
using nlohmann::json;

namespace {

http::server_options with_a_place() {
  http::server_options options;
  options.backup_directory = "/srv/backups";
  return options;
}

std::string body(const json& to) {
  return json{{"to", to}}.dump();
}

std::string error_of(const answer& given) {
  return json::parse(given.body).at("error");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(backups)

BOOST_AUTO_TEST_CASE(are_off_unless_the_operator_has_named_a_place) {
  const serving one;
  const auto refused = one.ask_admin("POST", "/api/backup", body("monday"));
  BOOST_TEST(refused.status == 403);
  BOOST_TEST(error_of(refused) == "Backups are off: the server was started without --backup-dir.");
  BOOST_TEST(one.fleet.last_backup.to.empty());
}

BOOST_AUTO_TEST_CASE(are_made_by_admins_directly_below_the_place) {
  const serving one(with_a_place());
  BOOST_TEST(one.ask("POST", "/api/backup", body("monday")).status == 403);  // an operator's token
  BOOST_TEST(one.fleet.last_backup.to.empty());
  const auto made = one.ask_admin("POST", "/api/backup", body("monday"));
  BOOST_TEST(made.status == 200);
  BOOST_TEST(one.fleet.last_backup.to == "/srv/backups/monday");
  BOOST_TEST(one.fleet.last_backup.with_master_key);
  const auto shown = json::parse(made.body);
  BOOST_TEST(shown["files"] == 7);
  BOOST_TEST(shown["bytes"] == 4711);
  BOOST_TEST(shown["masterKey"] == true);
  BOOST_TEST(made.body.find("/srv") == std::string::npos);
  BOOST_TEST(one.ask_admin("POST", "/api/backup", R"({"to":"/srv/backups/tuesday","masterKey":false})").status ==
             200);
  BOOST_TEST(one.fleet.last_backup.to == "/srv/backups/tuesday");
  BOOST_TEST(!one.fleet.last_backup.with_master_key);
}

BOOST_AUTO_TEST_CASE(are_made_nowhere_else) {
  const serving one(with_a_place());
  for (const auto* to : {"", ".", "..", ".hidden", "a/b", "../x", "/", "/srv/backups/", "/srv/backups/..", "//x",
                         "/srv//backups/x", "a b", "é"}) {
    const auto refused = one.ask_admin("POST", "/api/backup", body(to));
    BOOST_TEST(refused.status == 400, to);
    BOOST_TEST(error_of(refused).starts_with("to: "), to);
  }
  for (const auto* to : {"/etc/x", "/srv/x", "/srv/backups/x/y", "/srv/backups/../x", "/x"}) {
    const auto refused = one.ask_admin("POST", "/api/backup", body(to));
    BOOST_TEST(refused.status == 400, to);
    BOOST_TEST(error_of(refused) ==
                   "to: must be a name, or a path directly below the directory that the server was given with "
                   "--backup-dir",
               to);
  }
  BOOST_TEST(one.ask_admin("POST", "/api/backup", "{}").status == 400);
  BOOST_TEST(one.ask_admin("POST", "/api/backup", R"({"to":7})").status == 400);
  BOOST_TEST(one.ask_admin("POST", "/api/backup", R"({"to":"x","masterKey":"no"})").status == 400);
  BOOST_TEST(one.fleet.last_backup.to.empty());
}

BOOST_AUTO_TEST_SUITE_END()
