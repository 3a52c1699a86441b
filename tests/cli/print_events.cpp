// The command print-events: from the bytes of an event stream to lines and an exit code.
#include "cli/print_events.hpp"

#include <boost/test/unit_test.hpp>

#include <sstream>

using namespace flotilla::cli;

namespace {

struct outcome {
  std::string text;
  exit_code code;
};

outcome run(const std::string& stream) {
  std::istringstream in(stream);
  std::ostringstream out;
  const auto code = flotilla::cli::print_events(in, out, false);
  return {out.str(), code};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(print_events)

BOOST_AUTO_TEST_CASE(prints_a_run_that_ends_in_done) {
  const auto [text, code] =
      run(": hello\n\nid: 1\ndata: {\"seq\":1,\"type\":\"output\",\"text\":\"A sail\"}\n\n"
          "id: 2\r\ndata:{\"seq\":2,\"type\":\"status\",\"text\":\"done\"}\r\n\r\n");
  BOOST_TEST(text == "output    A sail\nstatus    done\n");
  BOOST_TEST((code == exit_code::ok));
}

BOOST_AUTO_TEST_CASE(answers_not_done_for_every_other_end) {
  BOOST_TEST((run("data: {\"type\":\"status\",\"text\":\"error\"}\n\n").code == exit_code::not_done));
  BOOST_TEST((run("data: {\"type\":\"status\",\"text\":\"running\"}\n").code == exit_code::not_done));
  BOOST_TEST((run("").code == exit_code::not_done));
}

BOOST_AUTO_TEST_CASE(passes_on_what_is_no_event) {
  const auto [text, code] = run("{\"error\":\"Unknown \x1b task\"}");
  BOOST_TEST(text == "{\"error\":\"Unknown \\x1b task\"}\n");
  BOOST_TEST((code == exit_code::not_done));
}

BOOST_AUTO_TEST_SUITE_END()
