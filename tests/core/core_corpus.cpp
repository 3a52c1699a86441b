// Replays the corpora of the fuzz targets of this room.
#include <boost/test/unit_test.hpp>

#include "tests/fuzz/core_targets.hpp"
#include "tests/support/corpus.hpp"

using namespace flotilla::testing;

BOOST_AUTO_TEST_SUITE(core_corpus)

BOOST_AUTO_TEST_CASE(texts) {
  replay_corpus("texts", fuzz_texts);
}

BOOST_AUTO_TEST_CASE(records) {
  replay_corpus("records", fuzz_records);
}

BOOST_AUTO_TEST_CASE(journal) {
  replay_corpus("journal", fuzz_journal);
}

BOOST_AUTO_TEST_CASE(references) {
  replay_corpus("references", fuzz_references);
}

BOOST_AUTO_TEST_CASE(output_schema) {
  replay_corpus("output_schema", fuzz_output_schema);
}

BOOST_AUTO_TEST_SUITE_END()
