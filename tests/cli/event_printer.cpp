// Events as people read them: lines, flowing text, colours, and control characters that reach no terminal.
#include "cli/event_printer.hpp"

#include <boost/test/unit_test.hpp>

#include <sstream>

using namespace flotilla::cli;

namespace {

std::string printed(const std::vector<std::string>& events, bool colours = false) {
  std::ostringstream out;
  flotilla::cli::event_printer printer(out, colours);
  for (const auto& event : events) BOOST_TEST(printer.print(event));
  printer.finish();
  return out.str();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(event_printer)

BOOST_AUTO_TEST_CASE(joins_increments_and_gives_the_rest_a_line_each) {
  const auto text =
      printed({R"({"seq":1,"type":"status","text":"running"})", R"({"type":"thinking","text":"Let "})",
               R"({"type":"thinking","text":"me see."})",
               R"({"type":"tool_call","tool":"look","text":"look","data":{"arguments":{"far":true}}})",
               R"({"type":"tool_result","tool":"look","text":"a sail"})", R"({"type":"output","text":"A "})",
               R"({"type":"output","text":"sail.\n"})", R"({"type":"status","text":"done"})"});
  BOOST_TEST(text ==
             "status    running\nthinking  Let me see.\ntool      look {\"far\":true}\nresult    a sail\n"
             "output    A sail.\n\nstatus    done\n");
}

BOOST_AUTO_TEST_CASE(drafts_flow_like_output) {
  const auto text = printed({R"({"type":"status","text":"draft","data":{"text":"{\"n\""}})",
                             R"({"type":"status","text":"draft","data":{"text":":7}"}})",
                             R"({"type":"status","text":"draft"})", R"({"type":"output","text":"{\"n\":7}"})"});
  BOOST_TEST(text == "draft     {\"n\":7}\noutput    {\"n\":7}\n");
}

BOOST_AUTO_TEST_CASE(uses_colours_only_where_asked) {
  const std::vector<std::string> events{R"({"type":"error","text":"no key"})"};
  BOOST_TEST(printed(events) == "error     no key\n");
  BOOST_TEST(printed(events, true).find("\x1b[31mno key\x1b[0m") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(shows_control_characters_instead_of_sending_them) {
  BOOST_TEST(printable("a\tb\nc") == "a\tb\nc");
  BOOST_TEST(printable("\x1b]0;title\x07") == "\\x1b]0;title\\x07");
  BOOST_TEST(printable("\r\x7f") == "\\x0d\\x7f");
  BOOST_TEST(printable("\xC2\x9B"
                       "31m") == "\\x9b31m");
  BOOST_TEST(printable("Grüße 🔭 \xC2") == "Grüße 🔭 \xC2");
  BOOST_TEST(printed({R"({"type":"output","text":"\u001b[2J\u009b0m"})"}) == "output    \\x1b[2J\\x9b0m\n");
}

BOOST_AUTO_TEST_CASE(knows_what_is_no_event_and_how_a_run_ended) {
  std::ostringstream out;
  flotilla::cli::event_printer printer(out, false);
  for (const auto* text : {"", "[]", "{", "{}", "7", R"({"type":"comment","text":"x"})", R"({"type":7})"}) {
    BOOST_TEST(!printer.print(text), text);
  }
  BOOST_TEST(printer.last_status().empty());
  BOOST_TEST(printer.print(R"({"type":"status","text":"running"})"));
  BOOST_TEST(printer.print(R"({"type":"status","text":"error"})"));
  BOOST_TEST(printer.last_status() == "error");
}

BOOST_AUTO_TEST_SUITE_END()
