// The source files of this checkout, as the tests of the house read them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace flotilla::testing {

struct source_file {
  std::string path;  ///< from the top of the checkout, e.g. "core/ids.cpp"
  std::vector<std::string> lines;
};

/// Every .hpp and .cpp below the folders, in the order of their paths. A folder that is not there has none.
std::vector<source_file> source_files(const std::vector<std::string>& folders);

}  // namespace flotilla::testing
