// Where a text names secrets.
#include "core/secret_references.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

#include "flotilla/limits.hpp"

using namespace flotilla;

namespace {

/// The pieces in one line: "text" as it is, a key in angle brackets, "|" between pieces; "!" for an error.
std::string split(std::string_view text) {
  const auto pieces = split_references(text);
  if (!pieces) {
    BOOST_TEST((pieces.error().code == errc::invalid));
    return "!";
  }
  std::string line;
  for (const auto& piece : *pieces) {
    if (!line.empty()) line += '|';
    line += piece.is_secret ? "<" + std::string(piece.text) + ">" : std::string(piece.text);
  }
  return line;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(secret_references)

BOOST_AUTO_TEST_CASE(texts_and_their_pieces) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"", ""},
      {"plain", "plain"},
      {"${secret:KEY}", "<KEY>"},
      {"Bearer ${secret:API_KEY_2}", "Bearer |<API_KEY_2>"},
      {"${secret:A}${secret:B}", "<A>|<B>"},
      {"a${secret:A}b${secret:B}c", "a|<A>|b|<B>|c"},
      {"$${secret:A}", "$|<A>"},
      {"{${secret:A}}", "{|<A>|}"},
      {"$", "$"},
      {"$HOME ${HOME} ${env:KEY} $secret:KEY {secret:KEY}", "$HOME ${HOME} ${env:KEY} $secret:KEY {secret:KEY}"},
      {"${Secret:KEY}", "${Secret:KEY}"},
      {"${secret}", "${secret}"},
      {"${secret:", "!"},
      {"${secret:KEY", "!"},
      {"${secret:}", "!"},
      {"${secret:key}", "!"},
      {"${secret:KEY }", "!"},
      {"${secret: KEY}", "!"},
      {"${secret:KEY-1}", "!"},
      {"${secret:${secret:KEY}}", "!"},
      {"${secret:K\xC3\x84Y}", "!"},
      {"${secret:A} and ${secret:b}", "!"},
  };
  for (const auto& [text, pieces] : rows) BOOST_TEST_CONTEXT(text) BOOST_TEST(split(text) == pieces);
}

BOOST_AUTO_TEST_CASE(a_key_has_a_bound) {
  BOOST_TEST(split("${secret:" + std::string(max_secret_key_bytes, 'K') + "}") != "!");
  BOOST_TEST(split("${secret:" + std::string(max_secret_key_bytes + 1, 'K') + "}") == "!");
}

BOOST_AUTO_TEST_CASE(beginnings) {
  BOOST_TEST(begins_reference("a${secret:"));
  BOOST_TEST(begins_reference("${secret:KEY}"));
  BOOST_TEST(!begins_reference("${secret"));
}

BOOST_AUTO_TEST_SUITE_END()
