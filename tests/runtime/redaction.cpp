// Secrets are found in any text, cut in any way; texts without them stay as they are.
#include <boost/test/unit_test.hpp>

#include <sodium.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "flotilla/limits.hpp"
#include "runtime/secret_forms.hpp"
#include "runtime/secret_redactor.hpp"

using namespace flotilla;
using namespace flotilla::runtime;

namespace {

struct with_sodium {
  with_sodium() { BOOST_REQUIRE(sodium_init() >= 0); }
};

using named_values = std::vector<std::pair<std::string, std::string>>;  ///< key, value

std::shared_ptr<const secret_redactor> redactor_of(const named_values& secrets) {
  std::vector<secret_pattern> patterns;
  for (const auto& [key, value] : secrets) {
    for (auto& each : patterns_of(key, value)) patterns.push_back(std::move(each));
  }
  return std::make_shared<const secret_redactor>(patterns);
}

std::string escaped(const std::string& text, bool ascii = false) {
  const auto quoted = nlohmann::json(text).dump(-1, ' ', ascii);
  return quoted.substr(1, quoted.size() - 2);
}

/// Values of every length class, some of which begin alike, hold each other, or need escaping.
const named_values awkward{
    {"PIN", "1234"},
    {"SHORT", "ab-cd"},
    {"SEVEN", "abcdefg"},
    {"EIGHT", "abcdefgh"},
    {"NINE", "abcdefghi"},
    {"QUOTED", "p\"q\\r/s\n\tt"},
    {"UMLAUT", "pässwörd-ünique"},
    {"EMOJI", "🦊🦊key🦊"},
    {"TOKEN_A", "sk-ant-api03-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    {"TOKEN_B", "sk-ant-api03-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-B"},
    {"RUN", "aaaaaaaaaaaaaaaaaaaaaaaab"},
    {"PEM", "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n-----END-----"},
};

/// A text of scraps that look like parts of the values, with whole values planted in it.
std::string awkward_text(std::mt19937& random, const named_values& secrets) {
  const auto below = [&random](std::size_t n) { return random() % n; };
  std::string text;
  for (auto scraps = below(40); scraps > 0; --scraps) {
    const auto& value = secrets[below(secrets.size())].second;
    const auto from = below(value.size());
    switch (below(6)) {
      case 0:
        text += value;
        break;
      case 1:
        text += escaped(value);
        break;
      case 2:
        text += escaped(escaped(value));
        break;
      case 3:
        text += value.substr(0, from);
        break;
      case 4:
        text += "the quick brown fox ";
        break;
      default:
        text += std::string(below(30), 'a');
    }
  }
  return text;
}

bool holds_any(const std::string& text, const named_values& secrets) {
  return std::any_of(secrets.begin(), secrets.end(), [&text](const auto& each) {
    const auto forms = secret_forms(each.second);
    return std::any_of(forms.begin(), forms.end(),
                       [&text](const auto& form) { return text.find(form.view()) != std::string::npos; });
  });
}

std::string streamed(const redactor_ptr& with, std::string_view text, std::mt19937& random, std::size_t longest) {
  stream_redactor stream(with);
  std::string told;
  while (!text.empty()) {
    const auto size = std::min<std::size_t>(random() % longest, text.size());
    told += stream.pass(std::string(text.substr(0, size)));
    text.remove_prefix(size);
  }
  return told + stream.flush();
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(redaction, with_sodium)

BOOST_AUTO_TEST_CASE(each_value_is_replaced_by_its_key) {
  const auto with = redactor_of(awkward);
  for (const auto& [key, value] : awkward) {
    const auto shown = "<[secret:" + key + "]>";
    BOOST_TEST(with->redact("<" + value + ">") == shown);
    BOOST_TEST(with->redact("<" + escaped(value) + ">") == shown);
    BOOST_TEST(with->redact("<" + escaped(escaped(value)) + ">") == shown);
    BOOST_TEST(with->redact("<" + escaped(value, true) + ">") == shown);
    BOOST_TEST(with->redact("<" + escaped(escaped(value, true)) + ">") == shown);
    BOOST_TEST(with->redact(value) == shown.substr(1, shown.size() - 2));
  }
  BOOST_TEST(with->redact(R"(p\"q\\r\/s\n\tt)") == "[secret:QUOTED]");
}

BOOST_AUTO_TEST_CASE(the_longest_that_begins_at_a_place_wins) {
  const auto with = redactor_of(awkward);
  BOOST_TEST(with->redact("abcdef abcdefg abcdefgh abcdefghi") ==
             "abcdef [secret:SEVEN] [secret:EIGHT] [secret:NINE]");
  BOOST_TEST(with->redact("xabcdefghij12345") == "x[secret:NINE]j[secret:PIN]5");
}

BOOST_AUTO_TEST_CASE(white_space_around_a_value_does_not_hide_it) {
  const auto with = redactor_of({{"LINE", "  a-value-from-a-file\n"}});
  BOOST_TEST(with->redact("got a-value-from-a-file.") == "got [secret:LINE].");
}

BOOST_AUTO_TEST_CASE(what_is_shorter_than_four_bytes_is_not_looked_for) {
  BOOST_TEST(secret_forms("abc").empty());
  BOOST_TEST(secret_forms(" abc ").empty());
  BOOST_TEST(secret_forms("   ").empty());
  BOOST_TEST(redactor_of({{"A", "abc"}})->redact("abcabc") == "abcabc");
  BOOST_TEST(secret_forms("abcd").size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_its_own_name_shows_is_not_looked_for) {
  const auto with = redactor_of({{"MY_SECRET", "secret"}, {"PASSWORD", "PASSWORD"}});
  BOOST_TEST(with->redact(with->redact("a secret PASSWORD")) == "a secret PASSWORD");
}

BOOST_AUTO_TEST_CASE(texts_without_secrets_stay_as_they_are) {
  const auto with = redactor_of(awkward);
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i) {
    std::string text(random() % 300, '\0');
    for (auto& c : text) c = static_cast<char>(random());
    if (!holds_any(text, awkward)) BOOST_TEST(with->redact(text) == text);
  }
}

BOOST_AUTO_TEST_CASE(random_texts_cut_at_random_give_the_redacted_whole) {
  const auto with = redactor_of(awkward);
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {
    const auto text = awkward_text(random, awkward);
    const auto whole = with->redact(text);
    BOOST_REQUIRE(!holds_any(whole, awkward));
    for (const std::size_t longest : {3U, 12U, 200U}) {
      BOOST_REQUIRE_EQUAL(streamed(with, text, random, longest), whole);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_waits_is_a_beginning_and_never_longer_than_a_pattern) {
  const auto with = redactor_of(awkward);
  std::size_t longest = 0;
  for (const auto& each : awkward) {
    for (const auto& form : secret_forms(each.second)) longest = std::max(longest, form.view().size());
  }
  std::mt19937 random(2);
  for (int i = 0; i < 2000; ++i) BOOST_TEST(with->undecided(awkward_text(random, awkward)) < longest);
  BOOST_TEST(with->undecided("nothing to see") == 0U);
  BOOST_TEST(with->undecided("see: -----BEGIN PRIV") == 15U);
  BOOST_TEST(with->undecided("see: p") == 1U);
  BOOST_TEST(with->undecided("see: abcdefghi") == 0U);
  BOOST_TEST(with->undecided("see: abcdefgh") == 8U);
  BOOST_TEST(with->undecided("") == 0U);
}

BOOST_AUTO_TEST_CASE(a_cut_never_stands_within_a_character) {
  const auto with = redactor_of(awkward);
  std::mt19937 random(3);
  const std::string scraps[] = {"ä", "🦊", "p", "k", "ü", "é", "日本", "-", "a", "1"};
  for (int i = 0; i < 5000; ++i) {
    std::string text;
    for (auto n = random() % 12; n > 0; --n) text += scraps[random() % std::size(scraps)];
    const auto waits = with->undecided(text);
    if (waits == 0) continue;
    const auto first = static_cast<unsigned char>(text[text.size() - waits]);
    BOOST_TEST((first & 0xC0U) != 0x80U);
  }
}

BOOST_AUTO_TEST_CASE(a_thousand_secrets_are_told_apart) {
  named_values secrets;
  std::mt19937 random(4);
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (std::size_t i = 0; i < max_secrets_per_org; ++i) {
    std::string value = i % 2 == 0 ? "sk-ant-api03-" : "";
    for (auto n = 20 + random() % 40; n > 0; --n) value += letters[random() % letters.size()];
    secrets.emplace_back("KEY_" + std::to_string(i), value);
  }
  const auto with = redactor_of(secrets);
  for (const auto& [key, value] : secrets) {
    BOOST_TEST(with->redact("see " + value + "!") == "see [secret:" + key + "]!");
    BOOST_TEST(with->redact("see " + value.substr(0, value.size() - 1)) ==
               "see " + value.substr(0, value.size() - 1));
  }
}

BOOST_AUTO_TEST_CASE(long_values_are_found_in_long_texts) {
  const named_values secrets{{"LARGE", std::string(max_secret_value_bytes - 1, 'A') + "B"}};
  const auto with = redactor_of(secrets);
  const std::string filler(200'000, 'A');  // every place of it looks like the beginning
  BOOST_TEST(with->redact(filler + "B") ==
             filler.substr(0, filler.size() - max_secret_value_bytes + 1) + "[secret:LARGE]");
  BOOST_TEST(with->redact(filler) == filler);
}

BOOST_AUTO_TEST_CASE(no_byte_of_a_value_is_kept) {
  const std::string value = "correct-horse-battery-staple";
  for (const auto& each : patterns_of("KEY", value)) {
    const std::string_view bytes(reinterpret_cast<const char*>(&each), sizeof each);
    for (std::size_t at = 0; at + 4 <= value.size(); ++at) {
      BOOST_TEST(bytes.find(std::string_view(value).substr(at, 4)) == std::string_view::npos);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
