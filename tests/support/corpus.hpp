// Replays a fuzz target's corpus (tests/fuzz/corpus/NAME) through the function that the target runs.
#pragma once

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>

namespace flotilla::testing {

/// Runs every file of the corpus; there must be at least one.
inline void replay_corpus(const std::string& target, const std::function<void(std::string_view)>& run) {
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

}  // namespace flotilla::testing
