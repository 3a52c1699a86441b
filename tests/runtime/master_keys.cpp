// Where the master key comes from, and what is refused.
#include <boost/test/unit_test.hpp>

#include <sodium.h>
#include <sys/stat.h>

#include "runtime/master_key.hpp"
#include "tests/support/scratch_directory.hpp"

using namespace flotilla;
using namespace flotilla::runtime;
using flotilla::testing::read_file;
using flotilla::testing::scratch_directory;

namespace {

const std::string hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const std::string base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const std::string other_hex(64, 'a');

struct with_sodium {
  with_sodium() { BOOST_REQUIRE(sodium_init() >= 0); }
};

master_key_id id_of(const std::string& text) {
  const auto key = master_key::parse(text);
  BOOST_REQUIRE(key);
  return key->id();
}

fleet_options in(const scratch_directory& directory) {
  fleet_options options;
  options.data_directory = directory.path;
  return options;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(master_keys, with_sodium)

BOOST_AUTO_TEST_CASE(a_key_is_read_in_each_notation) {
  const auto id = id_of(hex);
  BOOST_TEST((id == id_of("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F")));
  BOOST_TEST((id == id_of(base64)));
  BOOST_TEST((id == id_of(base64.substr(0, 43))));
  BOOST_TEST((id == id_of(" " + hex + "\n")));
  BOOST_TEST((id != id_of(other_hex)));
  BOOST_TEST((id_of("_-" + std::string(41, 'A')) == id_of("/+" + std::string(41, 'A') + "=")));
  BOOST_TEST(master_key::parse(base64)->text() == hex);
  BOOST_TEST((master_key::random().id() != master_key::random().id()));
}

BOOST_AUTO_TEST_CASE(what_is_no_key_is_none) {
  for (const auto& text :
       {std::string(), std::string("secret"), hex.substr(1), hex + "0", std::string(64, 'g'), base64 + "A",
        std::string("AAAA"), std::string(44, 'A'), std::string(44, '!'), "0x" + hex.substr(2)}) {
    BOOST_TEST(!master_key::parse(text), text);
  }
}

BOOST_AUTO_TEST_CASE(a_wrong_text_is_named_and_not_shown) {
  const scratch_directory directory;
  auto options = in(directory);
  options.master_key = "not-a-key-at-all";
  const auto refused = open_key_ring(options, false);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == errc::invalid));
  BOOST_TEST(refused.error().message.starts_with("FLOTILLA_MASTER_KEY must be"));
  BOOST_TEST(refused.error().message.find("not-a-key") == std::string::npos);
  BOOST_TEST(!std::filesystem::exists(directory.path / master_key_file));
  options.master_key = hex;
  options.new_master_key = "not-a-key-either";
  BOOST_TEST(open_key_ring(options, false).error().message.starts_with("FLOTILLA_NEW_MASTER_KEY must be"));
}

BOOST_AUTO_TEST_CASE(the_first_start_makes_a_private_file_that_the_next_one_reads) {
  const scratch_directory directory;
  const auto first = open_key_ring(in(directory), false);
  BOOST_REQUIRE(first);
  struct stat status {};
  BOOST_REQUIRE(::stat((directory.path / master_key_file).c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 0777U) == 0600U);
  BOOST_TEST((id_of(read_file(directory.path / master_key_file)) == first->sealing().id()));
  const auto second = open_key_ring(in(directory), true);
  BOOST_REQUIRE(second);
  BOOST_TEST((second->sealing().id() == first->sealing().id()));
}

BOOST_AUTO_TEST_CASE(a_file_that_others_can_read_is_refused) {
  for (const mode_t mode : {0640U, 0604U, 0660U}) {
    const scratch_directory directory;
    (void)directory.write("master-key", hex + "\n");
    BOOST_REQUIRE(::chmod((directory.path / master_key_file).c_str(), mode) == 0);
    const auto refused = open_key_ring(in(directory), false);
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code == errc::unavailable));
    BOOST_TEST(refused.error().message.find("master-key can be read by others") != std::string::npos);
    BOOST_REQUIRE(::chmod((directory.path / master_key_file).c_str(), 0400) == 0);
    BOOST_TEST(open_key_ring(in(directory), false).has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_holds_no_key_is_refused_and_stays) {
  const scratch_directory directory;
  (void)directory.write("master-key", "broken");
  BOOST_REQUIRE(::chmod((directory.path / master_key_file).c_str(), 0600) == 0);
  const auto refused = open_key_ring(in(directory), false);
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().message.find("broken") == std::string::npos);
  BOOST_TEST(read_file(directory.path / master_key_file) == "broken");
}

BOOST_AUTO_TEST_CASE(the_variable_wins_over_the_file_which_still_opens) {
  const scratch_directory directory;
  const auto file = open_key_ring(in(directory), false);
  BOOST_REQUIRE(file);
  auto options = in(directory);
  options.master_key = hex;
  options.new_master_key = other_hex;
  const auto ring = open_key_ring(options, true);
  BOOST_REQUIRE(ring);
  BOOST_TEST((ring->sealing().id() == id_of(hex)));
  BOOST_TEST(ring->find(file->sealing().id()) != nullptr);
  BOOST_TEST(ring->find(id_of(other_hex)) != nullptr);
  BOOST_TEST(ring->find(master_key::random().id()) == nullptr);
}

BOOST_AUTO_TEST_CASE(with_the_variable_no_file_is_made) {
  const scratch_directory directory;
  auto options = in(directory);
  options.master_key = hex;
  BOOST_REQUIRE(open_key_ring(options, false));
  BOOST_TEST(!std::filesystem::exists(directory.path / master_key_file));
}

BOOST_AUTO_TEST_CASE(a_lost_key_is_not_replaced) {
  const scratch_directory directory;
  const auto refused = open_key_ring(in(directory), true);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == errc::invalid));
  BOOST_TEST(refused.error().message.find("no master key") != std::string::npos);
  BOOST_TEST(!std::filesystem::exists(directory.path / master_key_file));
}

BOOST_AUTO_TEST_SUITE_END()
