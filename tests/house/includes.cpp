// The arrows between the rooms go one way, and each library stays in the rooms that it was let into.
//
// Both are tables below, read against every #include of ours. What the tables do not allow is a fault.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/house/source_files.hpp"

namespace {

using flotilla::testing::source_file;
using flotilla::testing::source_files;

/// Which rooms a room may include, besides itself. "flotilla" is include/flotilla, the lowest of all.
const std::map<std::string, std::set<std::string>, std::less<>> allowed_rooms = {
    {"flotilla", {}},
    {"core", {"flotilla"}},
    {"storage", {"flotilla", "core"}},
    {"providers", {"flotilla", "core"}},
    {"mcp", {"flotilla", "core"}},
    {"actors", {"flotilla", "core", "storage"}},
    {"runtime", {"flotilla", "core", "storage", "providers", "mcp", "actors"}},
    {"http", {"flotilla"}},
    {"cli", {"flotilla", "http"}},
};

/// Where a library's headers may be included, by the beginning of the including file's path. Libraries that are
/// not named here are free everywhere but in include/flotilla.
const std::map<std::string, std::vector<std::string>, std::less<>> library_homes = {
    {"caf", {"actors/", "runtime/"}},
    {"rocksdb", {"storage/rocksdb/"}},
    {"restinio", {"http/"}},
    {"asio", {"http/", "runtime/"}},
    {"curl", {"providers/", "mcp/", "runtime/", "cli/"}},
    {"sodium", {"runtime/", "http/"}},
    {"prometheus", {"runtime/", "http/"}},
    {"unicode", {"core/"}},
    {"CLI", {"cli/"}},
    {"spdlog", {"runtime/", "http/", "cli/"}},
    {"nlohmann", {"core/", "storage/", "providers/", "mcp/", "actors/", "runtime/", "http/", "cli/"}},
};

/// Whatever has a folder in its name is a library, but for the system's own; these are let into include/flotilla.
const std::set<std::string, std::less<>> libraries_of_the_public_headers = {"tl"};
const std::set<std::string, std::less<>> system_folders = {"sys", "netinet", "arpa", "linux", "net"};

struct include_line {
  bool quoted = false;
  std::string path;
};

/// Reads `#include "…"` and `#include <…>`, with blanks wherever the preprocessor allows them.
std::optional<include_line> parse_include(std::string_view line) {
  const auto skip_blanks = [&line] { line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size())); };
  skip_blanks();
  if (!line.starts_with('#')) return std::nullopt;
  line.remove_prefix(1);
  skip_blanks();
  if (!line.starts_with("include")) return std::nullopt;
  line.remove_prefix(std::string_view("include").size());
  skip_blanks();
  if (line.empty() || (line.front() != '"' && line.front() != '<')) return std::nullopt;
  const bool quoted = line.front() == '"';
  const auto end = line.find(quoted ? '"' : '>', 1);
  if (end == std::string_view::npos) return std::nullopt;
  return include_line{quoted, std::string(line.substr(1, end - 1))};
}

std::string first_folder(std::string_view path) {
  const auto slash = path.find('/');
  return slash == std::string_view::npos ? std::string{} : std::string(path.substr(0, slash));
}

std::string room_of_file(std::string_view path) {
  return path.starts_with("include/flotilla/") ? "flotilla" : first_folder(path);
}

bool is_room(const std::string& name) {
  return allowed_rooms.contains(name) || name == "tests" || name == "bench";
}

/// What is wrong with an include of our own; empty where nothing is.
std::string judge_room(const std::string& from, const include_line& line) {
  const auto to = first_folder(line.path);
  if (to.empty()) return "names no room: write \"" + from + "/…\"";
  if (to == from) return {};
  if (!is_room(to)) return "names the room '" + to + "', which there is not";
  return allowed_rooms.at(from).contains(to) ? std::string{} : "goes from " + from + " to " + to;
}

/// The same for a library's.
std::string judge_library(std::string_view file, const std::string& from, const include_line& line) {
  const auto library = line.path == "sodium.h" ? std::string("sodium") : first_folder(line.path);
  if (is_room(library)) return "names a room in angle brackets";
  if (library.empty() || system_folders.contains(library)) return {};
  if (from == "flotilla") {
    return libraries_of_the_public_headers.contains(library) ? std::string{} : "brings " + library + " to every host";
  }
  const auto home = library_homes.find(library);
  if (home == library_homes.end()) return {};
  const bool at_home = std::any_of(home->second.begin(), home->second.end(),
                                   [file](const auto& folder) { return file.starts_with(folder); });
  return at_home ? std::string{} : "brings " + library + " where it does not belong";
}

/// All faults of a file, as "path:line: include … what is wrong".
std::vector<std::string> faults(const source_file& file) {
  std::vector<std::string> found;
  const auto room = room_of_file(file.path);
  for (std::size_t at = 0; at < file.lines.size(); ++at) {
    const auto line = parse_include(file.lines[at]);
    if (!line) continue;
    const auto fault = line->quoted ? judge_room(room, *line) : judge_library(file.path, room, *line);
    if (!fault.empty()) found.push_back(file.path + ":" + std::to_string(at + 1) + ": " + line->path + " " + fault);
  }
  return found;
}

std::vector<std::string> rooms() {
  std::vector<std::string> folders{"include"};
  for (const auto& [room, below] : allowed_rooms) {
    if (room != "flotilla") folders.push_back(room);
  }
  return folders;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(includes)

BOOST_AUTO_TEST_CASE(go_the_right_way_in_every_file) {
  const auto files = source_files(rooms());
  BOOST_TEST(files.size() > 20U, "the sources were not found");
  for (const auto& file : files) {
    for (const auto& fault : faults(file)) BOOST_ERROR(fault);
  }
}

BOOST_AUTO_TEST_CASE(are_refused_where_they_go_against_the_arrows) {
  const std::vector<std::pair<std::string, std::string>> planted = {
      {"core/x.cpp", "#include \"storage/store.hpp\""},
      {"core/x.cpp", "  #  include \"actors/run.hpp\""},
      {"include/flotilla/x.hpp", "#include \"core/clock.hpp\""},
      {"include/flotilla/x.hpp", "#include <nlohmann/json.hpp>"},
      {"include/flotilla/x.hpp", "#include <caf/all.hpp>"},
      {"include/flotilla/x.hpp", "#include <rocksdb/db.h>"},
      {"include/flotilla/x.hpp", "#include <restinio/all.hpp>"},
      {"include/flotilla/x.hpp", "#include <spdlog/spdlog.h>"},
      {"storage/store.cpp", "#include <rocksdb/db.h>"},
      {"storage/memory/x.cpp", "#include<rocksdb/db.h>"},
      {"storage/x.cpp", "#include \"actors/run.hpp\""},
      {"storage/x.cpp", "#include <caf/all.hpp>"},
      {"providers/x.cpp", "#include \"storage/store.hpp\""},
      {"actors/x.cpp", "#include \"providers/openai.hpp\""},
      {"actors/x.cpp", "#include \"runtime/x.hpp\""},
      {"http/x.cpp", "#include \"core/clock.hpp\""},
      {"http/x.cpp", "#include \"runtime/x.hpp\""},
      {"http/x.cpp", "#include <core/clock.hpp>"},
      {"http/x.cpp", "#include <caf/all.hpp>"},
      {"cli/x.cpp", "#include <restinio/all.hpp>"},
      {"actors/x.cpp", "#include <prometheus/counter.h>"},
      {"cli/x.cpp", "#include \"runtime/x.hpp\""},
      {"cli/x.cpp", "#include \"tests/support/x.hpp\""},
      {"runtime/x.cpp", "#include \"http/server.hpp\""},
      {"runtime/x.cpp", "#include \"neighbour.hpp\""},
      {"runtime/x.cpp", "#include \"nowhere/x.hpp\""},
  };
  for (const auto& [path, line] : planted) {
    BOOST_TEST(faults({path, {"// A file.", line}}).size() == 1U, path << ": " << line);
  }
}

BOOST_AUTO_TEST_CASE(are_let_be_where_they_go_along_the_arrows) {
  const std::vector<std::pair<std::string, std::string>> planted = {
      {"storage/rocksdb/x.cpp", "#include <rocksdb/db.h>"},
      {"storage/x.cpp", "#include \"core/clock.hpp\""},
      {"actors/x.hpp", "#include <caf/all.hpp>"},
      {"runtime/x.cpp", "#include \"providers/openai.hpp\""},
      {"http/x.cpp", "#include <restinio/all.hpp>"},
      {"cli/x.cpp", "#include \"http/server.hpp\""},
      {"include/flotilla/x.hpp", "#include <tl/expected.hpp>"},
      {"core/x.cpp", "#include <nlohmann/json.hpp>"},
      {"cli/x.cpp", "#include <sys/file.h>"},
      {"core/x.cpp", "// #include \"storage/store.hpp\""},
      {"core/x.hpp", "#include <vector>"},
      {"core/x.hpp", "#include \"core/y.hpp\""},
  };
  for (const auto& [path, line] : planted) BOOST_TEST(faults({path, {line}}).empty(), path << ": " << line);
}

BOOST_AUTO_TEST_SUITE_END()
