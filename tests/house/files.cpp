// Every source file begins by saying what it is for, and none has grown past reading.
//
// A .cpp that begins with its own header takes its purpose from there.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/house/source_files.hpp"

namespace {

using flotilla::testing::source_file;
using flotilla::testing::source_files;

constexpr std::size_t most_lines = 600;
constexpr std::size_t shortest_purpose = 15;  // characters, with the "// "

const std::vector<std::string> our_folders = {"include", "core", "storage", "providers", "mcp",   "actors",
                                              "runtime", "http", "cli",     "tests",     "bench", "examples"};

bool says_its_purpose(const source_file& file) {
  if (file.lines.empty()) return false;
  const auto& first = file.lines.front();
  if (first.starts_with("// ") && first.size() >= shortest_purpose) return true;
  return file.path.ends_with(".cpp") && first == "#include \"" + file.path.substr(0, file.path.size() - 4) + ".hpp\"";
}

std::vector<std::string> faults(const source_file& file) {
  std::vector<std::string> found;
  if (!says_its_purpose(file)) {
    found.push_back(file.path + ": the first line does not say what the file is for");
  }
  if (file.lines.size() > most_lines) {
    found.push_back(file.path + ": " + std::to_string(file.lines.size()) + " lines; split it");
  }
  const bool is_header = file.path.ends_with(".hpp");
  const auto guarded = [](const std::string& line) { return line == "#pragma once"; };
  if (is_header && std::none_of(file.lines.begin(), file.lines.end(), guarded)) {
    found.push_back(file.path + ": no #pragma once");
  }
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(files)

BOOST_AUTO_TEST_CASE(say_their_purpose_and_stay_readable) {
  const auto all = source_files(our_folders);
  BOOST_TEST(all.size() > 20U, "the sources were not found");
  for (const auto& file : all) {
    for (const auto& fault : faults(file)) BOOST_ERROR(fault);
  }
}

BOOST_AUTO_TEST_CASE(are_refused_where_they_do_not) {
  const std::string purpose = "// What this file is for.";
  BOOST_TEST(faults({"core/x.cpp", {purpose}}).empty());
  BOOST_TEST(faults({"core/x.hpp", {purpose, "#pragma once"}}).empty());
  BOOST_TEST(faults({"core/x.hpp", {purpose}}).size() == 1U);
  BOOST_TEST(faults({"core/x.cpp", {}}).size() == 1U);
  BOOST_TEST(faults({"core/x.cpp", {"#include \"core/x.hpp\""}}).empty());
  BOOST_TEST(faults({"core/x.cpp", {"#include \"core/y.hpp\""}}).size() == 1U);
  BOOST_TEST(faults({"core/x.cpp", {"#include <vector>"}}).size() == 1U);
  BOOST_TEST(faults({"core/x.cpp", {"// x"}}).size() == 1U);
  BOOST_TEST(faults({"core/x.cpp", std::vector<std::string>(most_lines + 1, purpose)}).size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
