// Private files: their content, their mode under any umask, and what they replace.
#include "runtime/private_file.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>

#include "tests/support/scratch_directory.hpp"

using namespace flotilla;
using namespace flotilla::runtime;
using flotilla::testing::read_file;
using flotilla::testing::scratch_directory;

namespace {

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  BOOST_REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(private_file)

BOOST_AUTO_TEST_CASE(is_its_owners_only_whatever_the_umask) {
  for (const mode_t mask : {0U, 0077U, 0777U}) {
    const scratch_directory directory;
    const auto before = ::umask(mask);
    const auto file = directory.path / "admin-token";
    const auto written = write_private_file(file, "secret\n");
    ::umask(before);
    BOOST_REQUIRE(written);
    BOOST_TEST(mode_of(file) == 0600U);
    BOOST_TEST(read_file(file) == "secret\n");
  }
}

BOOST_AUTO_TEST_CASE(replaces_what_an_earlier_store_or_a_cut_start_left) {
  const scratch_directory directory;
  directory.write("admin-token", "a much longer token of an earlier store\n");
  directory.write("admin-token.new", "half");
  ::chmod((directory.path / "admin-token").c_str(), 0644);
  BOOST_REQUIRE(write_private_file(directory.path / "admin-token", "new\n"));
  BOOST_TEST(read_file(directory.path / "admin-token") == "new\n");
  BOOST_TEST(mode_of(directory.path / "admin-token") == 0600U);
  BOOST_TEST(!std::filesystem::exists(directory.path / "admin-token.new"));
}

BOOST_AUTO_TEST_CASE(follows_no_link_that_was_laid_in_its_way) {
  const scratch_directory directory;
  const auto victim = directory.write("victim", "untouched");
  std::filesystem::create_symlink(victim, directory.path / "admin-token");
  std::filesystem::create_symlink(victim, directory.path / "admin-token.new");
  BOOST_REQUIRE(write_private_file(directory.path / "admin-token", "secret"));
  BOOST_TEST(read_file(victim) == "untouched");
  BOOST_TEST(!std::filesystem::is_symlink(directory.path / "admin-token"));
}

BOOST_AUTO_TEST_CASE(is_read_back_up_to_a_limit) {
  const scratch_directory directory;
  const auto file = directory.path / "key";
  const auto none = read_private_file(file, 4);
  BOOST_REQUIRE(none);
  BOOST_TEST(!none->has_value());
  BOOST_REQUIRE(write_private_file(file, std::string_view("a\0b\n", 4)));
  const auto whole = read_private_file(file, 4);
  BOOST_REQUIRE((whole && *whole));
  BOOST_TEST((**whole == std::string("a\0b\n", 4)));
  BOOST_TEST(!read_private_file(file, 3));
}

BOOST_AUTO_TEST_CASE(never_puts_the_content_into_an_error) {
  const scratch_directory directory;
  const auto written = write_private_file(directory.path / "absent" / "admin-token", "secret-text");
  BOOST_REQUIRE(!written);
  BOOST_TEST(written.error().message.find("secret-text") == std::string::npos);
  BOOST_TEST(written.error().message.find("No such file") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
