// What is logged is written without secrets, whoever logs it.
#include <boost/test/unit_test.hpp>

#include <spdlog/logger.h>

#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cli/log_redaction.hpp"

using namespace flotilla::cli;

namespace {

struct with_a_log {
  with_a_log() { log.set_pattern("%l %v"); }
  ~with_a_log() { std::fclose(file); }

  std::string written() const {
    std::rewind(file);
    std::string text;
    for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
    return text;
  }
  static std::string without_word(std::string line) {
    for (auto at = line.find("swordfish"); at != std::string::npos; at = line.find("swordfish", at)) {
      line.replace(at, 9, "[secret:WORD]");
    }
    return line;
  }

  std::FILE* file = std::tmpfile();
  std::shared_ptr<redacting_sink> sink = std::make_shared<redacting_sink>(file);
  spdlog::logger log{"test", sink};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(log_redaction, with_a_log)

BOOST_AUTO_TEST_CASE(lines_are_written_through_it_as_long_as_it_lives) {
  log.info("before: {}", "hello");
  {
    const flotilla::cli::log_redaction hiding(sink, without_word);
    log.warn("GET /{} and {}", "swordfish", "sword");
  }
  log.info("after");
  BOOST_TEST(written() == "info before: hello\nwarning GET /[secret:WORD] and sword\ninfo after\n");
}

BOOST_AUTO_TEST_CASE(lines_of_many_threads_stay_whole) {
  const flotilla::cli::log_redaction hiding(sink, without_word);
  constexpr int lines = 200;
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([this] {
      for (int n = 0; n < lines; ++n) log.info("a swordfish");
    });
  }
  for (auto& each : writers) each.join();
  std::string expected;
  for (int n = 0; n < 4 * lines; ++n) expected += "info a [secret:WORD]\n";
  BOOST_TEST(written() == expected);
}

BOOST_AUTO_TEST_SUITE_END()
