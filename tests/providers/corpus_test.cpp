// Replays the corpora of the fuzz targets.
#include <boost/test/unit_test.hpp>

#include "tests/fuzz/targets.hpp"
#include "tests/support/corpus.hpp"

using namespace flotilla::testing;

BOOST_AUTO_TEST_SUITE(corpus_test)

BOOST_AUTO_TEST_CASE(streams) {
  replay_corpus("anthropic_stream", [](std::string_view bytes) { fuzz_stream(wire::anthropic, bytes); });
  replay_corpus("chat_stream", [](std::string_view bytes) { fuzz_stream(wire::openai, bytes); });
  replay_corpus("openrouter_stream", [](std::string_view bytes) { fuzz_stream(wire::openrouter, bytes); });
}

BOOST_AUTO_TEST_CASE(parsers) {
  replay_corpus("sse", fuzz_sse);
  replay_corpus("rehearsal_script", fuzz_rehearsal_script);
  replay_corpus("vendor_words", fuzz_vendor_words);
}

BOOST_AUTO_TEST_SUITE_END()
