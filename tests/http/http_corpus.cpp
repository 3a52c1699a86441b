// Replays the corpora of the fuzz targets of this room.
#include <boost/test/unit_test.hpp>

#include "tests/fuzz/http_targets.hpp"
#include "tests/support/corpus.hpp"

using namespace flotilla::testing;

BOOST_AUTO_TEST_SUITE(http_corpus)

BOOST_AUTO_TEST_CASE(uri) {
  replay_corpus("uri", fuzz_uri);
}

BOOST_AUTO_TEST_SUITE_END()
