// The demos of the real program: they need no server, no key and no network.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "tests/support/api_client.hpp"

namespace {

using namespace flotilla::testing;

constexpr int usage = 2;
constexpr const char* answer =
    "We can sail. The route: it opens to the north; five fathoms at low water; "
    "The ship: bread for twelve days; one seam is mended";

constexpr const char* crew =
    "👑 Captain\n"
    "├─ 🧭 Navigator\n"
    "│  ├─ 🔭 Lookout\n"
    "│  └─ 📜 Charter\n"
    "└─ ⚓ Mate\n"
    "   ├─ 🍲 Cook\n"
    "   └─ ⛵ Sailor\n\n";

/// Where a text begins; it must be there.
std::size_t place_of(const std::string& text, const std::string& part) {
  const auto at = text.find(part);
  BOOST_REQUIRE_MESSAGE(at != std::string::npos, part << " is not in\n" << text);
  return at;
}

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const auto part : parts) text += part;
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(demo)

BOOST_AUTO_TEST_CASE(one_run_is_shown) {
  const auto shown = run({"demo", "--ask", "Is there land?"});
  BOOST_TEST(shown.code == 0, shown.err);
  BOOST_TEST(contains(shown.out, "🧭 Captain\n└─ ⚓ Navigator\n   └─ 🔭 Lookout\n"));
  BOOST_TEST(contains(shown.out, "Is there land?"));
  BOOST_TEST(shown.out.ends_with("status    done\n"));
}

BOOST_AUTO_TEST_CASE(a_fleet_shares_a_task) {
  const auto shown = run({"demo", "--fleet"});
  BOOST_REQUIRE_MESSAGE(shown.code == 0, shown.out << shown.err);
  BOOST_TEST(shown.out.starts_with(crew));
  const struct {
    std::string worker, manager, title, finding;
  } parts[] = {{"Lookout", "Navigator", "Look for the passage", "it opens to the north"},
               {"Charter", "Navigator", "Chart the shoals", "five fathoms at low water"},
               {"Cook", "Mate", "Count the stores", "bread for twelve days"},
               {"Sailor", "Mate", "Look over the sails", "one seam is mended"}};
  const auto end = place_of(shown.out, joined({"done      Captain: ", answer, "\n"}));
  for (const auto& [worker, manager, title, finding] : parts) {
    // What is given, then said, then done, then a part of the manager's answer, is so printed.
    const auto given = place_of(shown.out, joined({"task      ", manager, " → ", worker, ": ", title, "\n"}));
    const auto told =
        place_of(shown.out, joined({"message   ", worker, " → ", manager, ": ", title, ": I am through with it.\n"}));
    const auto done = place_of(shown.out, joined({"done      ", worker, ": ", finding, "\n"}));
    const auto above = place_of(shown.out, joined({"done      ", manager, ": "}));
    BOOST_TEST((given < told && told < done && done < above && above < end));
  }
  BOOST_TEST(shown.out.ends_with(joined({"\n\n", answer, "\n"})));
  BOOST_TEST(!contains(shown.out, "error"));
  BOOST_TEST(!contains(shown.out, "\x1b"));
}

BOOST_AUTO_TEST_CASE(a_fleet_is_asked_nothing) {
  const auto refused = run({"demo", "--fleet", "--ask", "why?"});
  BOOST_TEST(refused.code == usage);
  BOOST_TEST(contains(refused.err, "--fleet"));
}

BOOST_AUTO_TEST_SUITE_END()
