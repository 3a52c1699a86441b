// The text format of Prometheus as a test reads it, with the rules of a linter, and the table of metrics in
// docs/operating.md.
#pragma once

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace flotilla::testing {

/// A family: its type, its help, and its samples by name and labels, as written.
struct exposed_family {
  std::string type;
  std::string help;
  std::map<std::string, double> samples;
};

struct exposition {
  std::map<std::string, exposed_family> families;
  std::vector<std::string> faults;  ///< what a scraper or a linter would complain about

  /// The value of a sample, such as `a_total{b="c"}`; 0 where there is none.
  [[nodiscard]] double at(const std::string& sample) const {
    for (const auto& [name, family] : families) {
      if (const auto found = family.samples.find(sample); found != family.samples.end()) return found->second;
    }
    return 0;
  }
  [[nodiscard]] bool has(const std::string& sample) const {
    return std::any_of(families.begin(), families.end(),
                       [&](const auto& each) { return each.second.samples.contains(sample); });
  }
};

/// The family that a sample belongs to: of a histogram without the end of its name.
inline std::string family_of(const std::string& sample, const exposition& in) {
  const auto name = sample.substr(0, sample.find('{'));
  for (const std::string_view end : {"_bucket", "_sum", "_count"}) {
    if (!name.ends_with(end)) continue;
    const auto base = name.substr(0, name.size() - end.size());
    const auto found = in.families.find(base);
    if (found != in.families.end() && found->second.type == "histogram") return base;
  }
  return name;
}

/// Every bucket holds those below it, and the last is the count.
inline void check_buckets(const std::string& name, const exposed_family& family, exposition& into) {
  static const std::regex bound("le=\"([^\"]*)\"");
  std::map<std::string, std::map<double, double>> by_labels;
  for (const auto& [sample, value] : family.samples) {
    std::smatch found;
    if (!sample.starts_with(name + "_bucket") || !std::regex_search(sample, found, bound)) continue;
    const auto le = found[1] == "+Inf" ? HUGE_VAL : std::stod(found[1]);
    // What is left without the bound: the labels that the count has too.
    auto rest = std::regex_replace(sample.substr(name.size() + 7), std::regex(",?le=\"[^\"]*\""), "");
    by_labels[rest == "{}" ? "" : rest][le] = value;
  }
  if (by_labels.empty()) into.faults.push_back(name + ": a histogram without buckets");
  for (const auto& [labels, buckets] : by_labels) {
    double before = 0;
    for (const auto& [le, value] : buckets) {
      if (value < before) into.faults.push_back(name + labels + ": a bucket holds fewer than the one below it");
      before = value;
    }
    const auto count = family.samples.find(name + "_count" + labels);
    const bool whole =
        count != family.samples.end() && std::isinf(buckets.rbegin()->first) && count->second == before;
    if (!whole) into.faults.push_back(name + labels + ": the last bucket is not the count");
    if (!family.samples.contains(name + "_sum" + labels)) into.faults.push_back(name + labels + ": no sum");
  }
}

/// The rules of `promtool check metrics` for a name and its type, and ours: our prefix.
inline void check_name(const std::string& name, const exposed_family& family, exposition& into) {
  static const std::regex allowed("flotilla_[a-z][a-z0-9_]*[a-z0-9]");
  static const std::set<std::string> not_base{
      "ms",        "us", "ns", "milliseconds", "microseconds", "nanoseconds", "minutes", "hours",   "days",
      "kilobytes", "kb", "mb", "megabytes",    "sec",          "bits",        "percent", "counter", "gauge",
      "histogram", "s",  "b",  "min",          "milli",        "ratio"};
  const auto wrong = [&](const std::string& what) { into.faults.push_back(name + ": " + what); };
  if (!std::regex_match(name, allowed)) wrong("not a name of ours");
  if (family.help.empty()) wrong("no help");
  if (family.samples.empty()) wrong("no samples");
  if ((family.type == "counter") != name.ends_with("_total")) wrong("only counters end in _total, and all of them");
  for (const std::string_view end : {"_bucket", "_sum", "_count"}) {
    if (name.ends_with(end)) wrong("ends as a part of a histogram does");
  }
  std::istringstream parts(name);
  for (std::string part; std::getline(parts, part, '_');) {
    if (not_base.contains(part)) wrong("names no base unit, or its type: " + part);
  }
}

/// Reads an exposition and judges it.
inline exposition read_exposition(const std::string& text) {
  static const std::regex sample_line(
      R"re(([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\.)*"(?:,[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\.)*")*\})?) (\S+))re");
  exposition made;
  if (!text.ends_with('\n')) made.faults.emplace_back("the last line has no end");
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const bool is_type = line.starts_with("# TYPE ");
    if (is_type || line.starts_with("# HELP ")) {
      const auto blank = line.find(' ', 7);
      auto& family = made.families[line.substr(7, blank - 7)];
      auto& into = is_type ? family.type : family.help;
      if (!into.empty()) made.faults.push_back("twice: " + line);
      if (!family.samples.empty()) made.faults.push_back("behind its samples: " + line);
      into = blank == std::string::npos ? "" : line.substr(blank + 1);
      continue;
    }
    std::smatch parts;
    if (!std::regex_match(line, parts, sample_line)) {
      made.faults.push_back("not a sample: " + line);
      continue;
    }
    const auto family = made.families.find(family_of(parts[1], made));
    if (family == made.families.end() || family->second.type.empty()) {
      made.faults.push_back("a sample of no family: " + line);
    } else if (!family->second.samples.emplace(parts[1], std::stod(parts[2])).second) {
      made.faults.push_back("twice: " + line);
    }
  }
  for (const auto& [name, family] : std::map(made.families)) {
    check_name(name, family, made);
    if (family.type == "histogram") check_buckets(name, family, made);
  }
  return made;
}

/// A line of the table: the metric's type and the names of its labels.
struct documented_metric {
  std::string type;
  std::set<std::string> labels;
  friend bool operator==(const documented_metric&, const documented_metric&) = default;
};
using documented_metrics = std::map<std::string, documented_metric>;

/// The names in backquotes.
inline std::set<std::string> quoted_names(const std::string& text) {
  static const std::regex name("`([a-z_]+)`");
  std::set<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), name), end; at != end; ++at) found.insert((*at)[1]);
  return found;
}

/// Whose metrics: those that begin with the server's prefix, all others, or both.
enum class told_by : std::uint8_t { server, runtime, both };

/// The table of docs/operating.md.
inline documented_metrics read_metric_table(told_by whom) {
  static const std::regex row(R"(\| `(flotilla_[a-z_]+)` \| ([a-z]+) \| ([^|]*)\|.*)");
  documented_metrics found;
  std::ifstream page(std::string(FLOTILLA_SOURCE_DIR) + "/docs/operating.md");
  for (std::string line; std::getline(page, line);) {
    std::smatch cells;
    if (!std::regex_match(line, cells, row)) continue;
    const std::string name = cells[1];
    const auto teller = name.starts_with("flotilla_http_") ? told_by::server : told_by::runtime;
    if (whom != told_by::both && whom != teller) continue;
    const bool added = found.emplace(name, documented_metric{cells[2], quoted_names(cells[3])}).second;
    BOOST_TEST(added, name << " stands twice in the table");
  }
  return found;
}

/// The same of what is exposed.
inline documented_metrics shape_of(const exposition& text) {
  static const std::regex label("([a-z_]+)=\"");
  documented_metrics found;
  for (const auto& [name, family] : text.families) {
    auto& made = found[name];
    made.type = family.type;
    for (const auto& [sample, value] : family.samples) {
      for (std::sregex_iterator at(sample.begin(), sample.end(), label), end; at != end; ++at) {
        if ((*at)[1] != "le") made.labels.insert((*at)[1]);
      }
    }
  }
  return found;
}

/// The table and what is exposed say the same, in both directions.
inline void check_documented(const exposition& text, told_by whom) {
  const auto told = read_metric_table(whom);
  const auto exposed = shape_of(text);
  BOOST_TEST(!told.empty());
  for (const auto& [name, shape] : exposed) {
    const auto found = told.find(name);
    BOOST_TEST((found != told.end() && found->second == shape), name << " is not in docs/operating.md as it is");
  }
  for (const auto& [name, shape] : told) {
    BOOST_TEST(exposed.contains(name), name << " is in docs/operating.md and not exposed");
  }
}

}  // namespace flotilla::testing
