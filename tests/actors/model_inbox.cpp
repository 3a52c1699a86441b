// What gathers in a model call's inbox: joined, bounded, and cut between characters.
#include "actors/model_inbox.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

#include "core/validation.hpp"

using namespace flotilla;
using namespace flotilla::actors;

namespace {

/// All text of one kind, each piece checked on the way.
template <class Delta>
std::string joined(const model_news& news) {
  std::string all;
  for (const auto& delta : news.deltas) {
    const auto* piece = std::get_if<Delta>(&delta);
    if (!piece) continue;
    BOOST_TEST(!piece->text.empty());
    BOOST_TEST(piece->text.size() <= max_increment_bytes);
    BOOST_TEST(is_utf8(piece->text));
    all += piece->text;
  }
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(model_inbox)

BOOST_AUTO_TEST_CASE(joins_neighbours_of_one_kind) {
  actors::model_inbox inbox(caf::actor{}, 1);
  inbox.on_delta(text_delta{"a"});
  inbox.on_delta(text_delta{"b"});
  inbox.on_delta(thinking_delta{"c"});
  inbox.on_delta(text_delta{"d"});
  const auto news = inbox.take();
  BOOST_REQUIRE(news.deltas.size() == 3U);
  BOOST_TEST(std::get<text_delta>(news.deltas[0]).text == "ab");
  BOOST_TEST(std::get<thinking_delta>(news.deltas[1]).text == "c");
  BOOST_TEST(inbox.take().deltas.empty());
}

BOOST_AUTO_TEST_CASE(bounds_a_piece_and_cuts_between_characters) {
  actors::model_inbox inbox(caf::actor{}, 1);
  std::string said = "x";
  inbox.on_delta(text_delta{"x"});
  for (int i = 0; i < 3; ++i) {
    std::string emoji;
    while (emoji.size() < max_increment_bytes) emoji += "\xF0\x9F\xA6\x8A";  // four bytes: never ends at the bound
    said += emoji;
    inbox.on_delta(text_delta{emoji});
  }
  const auto news = inbox.take();
  BOOST_TEST(news.deltas.size() >= 4U);
  BOOST_TEST((joined<text_delta>(news) == said));
}

BOOST_AUTO_TEST_SUITE_END()
