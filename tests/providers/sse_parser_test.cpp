// The event-stream parser against the rules of WHATWG HTML 9.2.6.
#include <boost/test/unit_test.hpp>

#include "providers/sse_parser.hpp"

using namespace flotilla;

namespace {

struct listing final : sse_handler {
  bool on_event(std::string_view name, std::string_view data) override {
    text += std::string(name) + "=" + std::string(data) + "|";
    return text.size() < stop_at;
  }
  std::string text;
  std::size_t stop_at = std::string::npos;
};

std::string parse(std::string_view first, std::string_view second = {}) {
  sse_parser parser;
  listing list;
  BOOST_TEST((parser.feed(first, list) == sse_parser::outcome::more));
  BOOST_TEST((parser.feed(second, list) == sse_parser::outcome::more));
  return list.text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sse_parser_test)

BOOST_AUTO_TEST_CASE(the_examples_of_the_standard) {
  BOOST_TEST(parse("data: YHOO\ndata: +2\ndata: 10\n\n") == "message=YHOO\n+2\n10|");
  BOOST_TEST(parse(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n") ==
             "message=first event|message=second event|");
  BOOST_TEST(parse("data\n\ndata\ndata\n\ndata:") == "message=|message=\n|");
  BOOST_TEST(parse("data:test\n\ndata: test\n\n") == "message=test|message=test|");
}

BOOST_AUTO_TEST_CASE(names_comments_and_unknown_fields) {
  BOOST_TEST(parse("event: a\n\ndata: x\n\n") == "message=x|");  // an event without data is none
  BOOST_TEST(parse("event: a\n: comment\nretry: 5\nother: y\ndata: {\"k\": \"a:b\"}\n\n") == "a={\"k\": \"a:b\"}|");
  BOOST_TEST(parse("datax: no\n data: no\ndata : no\n\n").empty());
}

BOOST_AUTO_TEST_CASE(every_split_of_every_line_end) {
  const std::string text =
      "\xEF\xBB\xBF"
      "event: one\r\ndata: a\r\ndata: \xC3\xA9\r\n\r\n: c\rdata: b\r\rdata: c\n\nevent: x\r\ndata: d\n\r\n";
  const std::string expected = "one=a\n\xC3\xA9|message=b|message=c|x=d|";
  for (std::size_t at = 0; at <= text.size(); ++at) {
    BOOST_TEST(parse(std::string_view(text).substr(0, at), std::string_view(text).substr(at)) == expected);
  }
  sse_parser parser;
  listing list;
  for (const char c : text) BOOST_TEST((parser.feed({&c, 1}, list) == sse_parser::outcome::more));
  BOOST_TEST(list.text == expected);
}

BOOST_AUTO_TEST_CASE(what_only_begins_like_a_byte_order_mark_is_text) {
  for (const std::string begin : {"\xEF", "\xEF\xBB", "\xEF\xBB\x41"}) {
    BOOST_TEST(parse(begin + "\ndata: x\n\n") == "message=x|");
  }
  BOOST_TEST(parse("\xEF\xBB\xBF\xEF\xBB\xBF"
                   "data: x\n\n")
                 .empty());  // only one mark is taken off
}

BOOST_AUTO_TEST_CASE(lines_and_events_are_bounded) {
  listing list;
  sse_parser lines(10, 100);
  BOOST_TEST((lines.feed("data: 7890", list) == sse_parser::outcome::more));
  BOOST_TEST((lines.feed("1", list) == sse_parser::outcome::too_large));
  sse_parser events(100, 6);
  BOOST_TEST((events.feed("data: 12\ndata: 4\n", list) == sse_parser::outcome::more));
  BOOST_TEST((events.feed("data: 6\n", list) == sse_parser::outcome::too_large));
  BOOST_TEST(list.text.empty());
}

BOOST_AUTO_TEST_CASE(a_handler_can_have_enough) {
  listing list;
  list.stop_at = 1;
  sse_parser parser;
  BOOST_TEST((parser.feed("data: 1\n\ndata: 2\n\n", list) == sse_parser::outcome::stopped));
  BOOST_TEST(list.text == "message=1|");
}

BOOST_AUTO_TEST_SUITE_END()
