// The lock of a data directory: one holder at a time, and the second learns who it is.
#include "cli/directory_lock.hpp"

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include "tests/support/scratch_directory.hpp"

using namespace flotilla;
using namespace flotilla::cli;
using flotilla::testing::read_file;
using flotilla::testing::scratch_directory;

BOOST_AUTO_TEST_SUITE(directory_lock)

BOOST_AUTO_TEST_CASE(tells_the_second_who_holds_it) {
  const scratch_directory directory;
  auto first = cli::directory_lock::take(directory.path, "flotilla serve on 127.0.0.1:0");
  BOOST_REQUIRE(first);
  first->describe("flotilla serve on 127.0.0.1:8080");
  const auto second = cli::directory_lock::take(directory.path, "another");
  BOOST_REQUIRE(!second);
  BOOST_TEST((second.error().code == errc::unavailable));
  BOOST_TEST(second.error().message == "The directory is in use by process " + std::to_string(::getpid()) +
                                           " (flotilla serve on 127.0.0.1:8080)");
}

BOOST_AUTO_TEST_CASE(is_free_again_when_the_holder_is_gone) {
  const scratch_directory directory;
  { BOOST_REQUIRE(cli::directory_lock::take(directory.path, "first")); }
  BOOST_TEST(read_file(directory.path / "lock").empty());
  const auto second = cli::directory_lock::take(directory.path, "second");
  BOOST_REQUIRE(second);
  BOOST_TEST(read_file(directory.path / "lock") == std::to_string(::getpid()) + "\nsecond\n");
}

BOOST_AUTO_TEST_CASE(does_without_the_text_of_a_holder_that_is_about_to_write_it) {
  const scratch_directory directory;
  const auto first = cli::directory_lock::take(directory.path, "first");
  BOOST_REQUIRE(first);
  std::filesystem::resize_file(directory.path / "lock", 0);
  const auto second = cli::directory_lock::take(directory.path, "second");
  BOOST_REQUIRE(!second);
  BOOST_TEST(second.error().message == "The directory is in use by another process");
}

BOOST_AUTO_TEST_CASE(says_why_a_directory_cannot_be_locked) {
  const scratch_directory directory;
  const auto taken = cli::directory_lock::take(directory.path / "absent", "first");
  BOOST_REQUIRE(!taken);
  BOOST_TEST((taken.error().code == errc::internal));
  BOOST_TEST(taken.error().message.find("No such file") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
