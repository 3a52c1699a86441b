// What `flotilla check` says, and with which exit code.
#include "cli/check.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <sstream>

#include "flotilla/fleet.hpp"
#include "tests/support/scratch_directory.hpp"

using namespace flotilla;
using flotilla::testing::scratch_directory;

BOOST_AUTO_TEST_SUITE(check)

BOOST_AUTO_TEST_CASE(shows_faults_first_and_how_many_there_are) {
  std::ostringstream out;
  cli::print_check({3, {{"tasks", 7}, {"events", 1234}}, 3, {{"bus-gap", "A."}, {"counter", "B."}}}, out);
  BOOST_TEST(out.str() ==
             "fault (bus-gap): A.\n"
             "fault (counter): B.\n"
             "… and 1 more\n"
             "Looked at a store of format 3:\n"
             "  7  tasks\n"
             "  1234  events\n"
             "3 faults.\n");
  out.str({});
  cli::print_check({3, {}, 1, {{"bus-gap", "A."}}}, out);
  BOOST_TEST(out.str() == "fault (bus-gap): A.\nLooked at a store of format 3:\n1 fault.\n");
  out.str({});
  cli::print_check({3, {}, 0, {}}, out);
  BOOST_TEST(out.str() == "Looked at a store of format 3:\nNo faults.\n");
}

BOOST_AUTO_TEST_CASE(wants_a_directory_with_a_store_in_it) {
  const scratch_directory directory;
  std::ostringstream out;
  cli::check_request asked;
  BOOST_TEST((cli::check(asked, out) == cli::exit_code::usage));
  asked.data = (directory.path / "nowhere").string();
  BOOST_TEST((cli::check(asked, out) == cli::exit_code::usage));
  asked.data = directory.path.string();
  BOOST_TEST((cli::check(asked, out) == cli::exit_code::failed));
  asked.data.clear();
  asked.backup = directory.path.string();
  BOOST_TEST((cli::check(asked, out) == cli::exit_code::failed));
  BOOST_TEST(out.str().empty());
}

BOOST_AUTO_TEST_CASE(finds_nothing_in_a_new_store) {
  const scratch_directory directory;
  fleet_options options;
  options.data_directory = directory.path;
  BOOST_REQUIRE(open_fleet(options));
  std::ostringstream out;
  cli::check_request asked;
  asked.data = directory.path.string();
  BOOST_TEST((cli::check(asked, out) == cli::exit_code::ok));
  BOOST_TEST(out.str().find("  1  orgs\n") != std::string::npos, out.str());
  BOOST_TEST(out.str().ends_with("No faults.\n"));
}

BOOST_AUTO_TEST_SUITE_END()
