// Globs of tool names.
#include "core/glob.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <string>

namespace {

using flotilla::glob_matches;

/// The definition, which takes exponential time.
bool matches_by_definition(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '*') {
    return matches_by_definition(pattern.substr(1), text) ||
           (!text.empty() && matches_by_definition(pattern, text.substr(1)));
  }
  return !text.empty() && (pattern.front() == '?' || pattern.front() == text.front()) &&
         matches_by_definition(pattern.substr(1), text.substr(1));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(glob)

BOOST_AUTO_TEST_CASE(names_and_wildcards) {
  BOOST_TEST(glob_matches("", ""));
  BOOST_TEST(!glob_matches("", "a"));
  BOOST_TEST(glob_matches("*", ""));
  BOOST_TEST(glob_matches("*", "anything"));
  BOOST_TEST(!glob_matches("?", ""));
  BOOST_TEST(glob_matches("deploy", "deploy"));
  BOOST_TEST(!glob_matches("deploy", "Deploy"));
  BOOST_TEST(!glob_matches("deploy", "deployed"));
  BOOST_TEST(!glob_matches("deployed", "deploy"));
  BOOST_TEST(glob_matches("db_*", "db_drop"));
  BOOST_TEST(glob_matches("db_*", "db_"));
  BOOST_TEST(!glob_matches("db_*", "db"));
  BOOST_TEST(glob_matches("*_delete", "file_delete"));
  BOOST_TEST(!glob_matches("*_delete", "file_deleted"));
  BOOST_TEST(glob_matches("a*b*c", "a__b__b__c"));
  BOOST_TEST(glob_matches("a??c", "abbc"));
  BOOST_TEST(!glob_matches("a??c", "abc"));
  BOOST_TEST(glob_matches("**?**", "x"));
  BOOST_TEST(!glob_matches("**?**", ""));
  BOOST_TEST(glob_matches("*ab", "aab"));
  BOOST_TEST(glob_matches("*aab*", "aaaab"));
}

BOOST_AUTO_TEST_CASE(nothing_else_is_special) {
  BOOST_TEST(glob_matches("a[b]", "a[b]"));
  BOOST_TEST(!glob_matches("a[b]", "ab"));
  BOOST_TEST(glob_matches("a\\*", "a\\z"));
  BOOST_TEST(!glob_matches("a.c", "abc"));
}

BOOST_AUTO_TEST_CASE(agrees_with_the_definition) {
  std::mt19937 random(7);
  std::uniform_int_distribution<std::size_t> length(0, 7);
  std::uniform_int_distribution<std::size_t> symbol(0, 3);
  const auto draw = [&](std::string_view symbols) {
    std::string text;
    for (auto size = length(random); size > 0; --size) text += symbols[symbol(random)];
    return text;
  };
  for (int i = 0; i < 50'000; ++i) {
    const auto pattern = draw("ab*?");
    const auto text = draw("abab");
    BOOST_REQUIRE_MESSAGE(glob_matches(pattern, text) == matches_by_definition(pattern, text),
                          pattern + " on " + text);
  }
}

BOOST_AUTO_TEST_CASE(a_hostile_pattern_ends_in_time) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "a*";
  pattern += 'b';
  BOOST_TEST(!glob_matches(pattern, std::string(20'000, 'a')));
}

BOOST_AUTO_TEST_SUITE_END()
