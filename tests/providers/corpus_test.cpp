// Replays the corpora of the fuzz targets.
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>

#include "tests/fuzz/targets.hpp"

using namespace flotilla::testing;

namespace {

void replay(const std::string& target, const std::function<void(std::string_view)>& run) {
  std::size_t count = 0;
  const auto folder = std::filesystem::path(FLOTILLA_SOURCE_DIR) / "tests/fuzz/corpus" / target;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    BOOST_TEST_CONTEXT(entry.path().filename().string()) run(bytes);
    ++count;
  }
  BOOST_TEST(count > 0U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(corpus_test)

BOOST_AUTO_TEST_CASE(streams) {
  replay("anthropic_stream", [](std::string_view bytes) { fuzz_stream(wire::anthropic, bytes); });
  replay("chat_stream", [](std::string_view bytes) { fuzz_stream(wire::openai, bytes); });
  replay("openrouter_stream", [](std::string_view bytes) { fuzz_stream(wire::openrouter, bytes); });
}

BOOST_AUTO_TEST_CASE(parsers) {
  replay("sse", fuzz_sse);
  replay("rehearsal_script", fuzz_rehearsal_script);
  replay("vendor_words", fuzz_vendor_words);
}

BOOST_AUTO_TEST_SUITE_END()
