// Redaction of text that comes in pieces: nothing of a value is told before it is known to be none.
#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <vector>

#include "core/redactor.hpp"
#include "tests/support/literal_redactor.hpp"

using namespace flotilla;
using flotilla::testing::literal_redactor;

namespace {

redactor_ptr two_secrets() {
  return std::make_shared<literal_redactor>(
      std::map<std::string, std::string>{{"swordfish", "WORD"}, {"sword-and-shield", "LONGER"}});
}

std::string joined(stream_redactor& with, const std::vector<std::string>& pieces) {
  std::string told;
  for (const auto& piece : pieces) told += with.pass(piece);
  return told + with.flush();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redactor)

BOOST_AUTO_TEST_CASE(without_secrets_text_passes_as_it_is) {
  stream_redactor with;
  BOOST_TEST(with.pass("swordfi") == "swordfi");
  BOOST_TEST(with.flush().empty());
  BOOST_TEST(!with.altered());
}

BOOST_AUTO_TEST_CASE(every_cut_of_a_text_gives_the_redacted_whole) {
  const std::string whole = "a swordfish, a sword, a sword-and-shield, swordswordfish";
  const auto shown = two_secrets()->redact(whole);
  BOOST_TEST(shown == "a [secret:WORD], a sword, a [secret:LONGER], sword[secret:WORD]");
  for (std::size_t first = 0; first <= whole.size(); ++first) {
    for (std::size_t second = first; second <= whole.size(); ++second) {
      stream_redactor with(two_secrets());
      BOOST_TEST(joined(with, {whole.substr(0, first), whole.substr(first, second - first), whole.substr(second)}) ==
                 shown);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_may_be_the_beginning_of_a_value_waits) {
  stream_redactor with(two_secrets());
  BOOST_TEST(with.pass("the sword") == "the ");
  BOOST_TEST(with.pass("-and") == "");
  BOOST_TEST(!with.altered());
  BOOST_TEST(with.pass("-buckler") == "sword-and-buckler");
  BOOST_TEST(with.pass(" swordfish!") == " [secret:WORD]!");
  BOOST_TEST(with.altered());
  BOOST_TEST(!with.altered());
}

BOOST_AUTO_TEST_CASE(a_value_that_goes_on_after_a_flush_is_never_whole) {
  for (std::size_t cut = 1; cut < 9; ++cut) {
    const std::string value = "swordfish";
    stream_redactor with(two_secrets());
    auto told = with.pass("x" + value.substr(0, cut));
    told += with.flush();
    told += with.pass(value.substr(cut) + " y");
    told += with.flush();
    BOOST_TEST(told == "x" + value.substr(0, cut) + "[secret:WORD] y");
  }
}

BOOST_AUTO_TEST_CASE(what_was_flushed_and_is_no_value_is_told_once) {
  stream_redactor with(two_secrets());
  BOOST_TEST(with.pass("sword") == "");
  BOOST_TEST(with.flush() == "sword");
  BOOST_TEST(with.flush() == "");
  BOOST_TEST(with.pass("play") == "play");
  BOOST_TEST(with.flush() == "");
}

BOOST_AUTO_TEST_CASE(what_another_one_told_is_remembered) {
  stream_redactor with(two_secrets(), "once told: sword");
  BOOST_TEST(with.pass("fish") == "[secret:WORD]");
  stream_redactor other(two_secrets(), "once told: sword");
  BOOST_TEST(other.pass("smith") == "smith");
}

BOOST_AUTO_TEST_CASE(what_is_dropped_comes_again) {
  stream_redactor with(two_secrets());
  BOOST_TEST(with.pass("my sword") == "my ");
  with.drop();
  BOOST_TEST(with.pass("swordfish") == "[secret:WORD]");
  BOOST_TEST(with.pass("sword") == "");
  BOOST_TEST(with.flush() == "sword");
  BOOST_TEST(with.pass("f") == "");
  with.drop();
  BOOST_TEST(with.pass("play") == "play");
}

BOOST_AUTO_TEST_CASE(a_secret_that_is_new_is_looked_for_at_once) {
  stream_redactor with;
  BOOST_TEST(with.pass("swordfish ") == "swordfish ");
  with.use(two_secrets());
  BOOST_TEST(with.pass("swordfish ") == "[secret:WORD] ");
}

BOOST_AUTO_TEST_SUITE_END()
