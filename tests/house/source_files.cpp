// Reading of the checkout's source files.
#include "tests/house/source_files.hpp"

#include <algorithm>
#include <fstream>

namespace flotilla::testing {

namespace {

source_file read(const std::filesystem::path& top, const std::filesystem::path& path) {
  source_file file{path.lexically_relative(top).string(), {}};
  std::ifstream text(path);
  for (std::string line; std::getline(text, line);) file.lines.push_back(line);
  return file;
}

}  // namespace

std::vector<source_file> source_files(const std::vector<std::string>& folders) {
  const std::filesystem::path top = FLOTILLA_SOURCE_DIR;
  std::vector<source_file> files;
  for (const auto& folder : folders) {
    if (!std::filesystem::is_directory(top / folder)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(top / folder)) {
      const auto extension = entry.path().extension();
      if (extension == ".hpp" || extension == ".cpp") files.push_back(read(top, entry.path()));
    }
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

}  // namespace flotilla::testing
