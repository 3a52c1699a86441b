// The parser's callback watches depth and names; the order of values follows their types, then what they hold.
#include "core/strict_json.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <vector>

namespace flotilla {
namespace {

using nlohmann::json;

/// Keeps from a parser what it would take and we do not.
class watch {
 public:
  /// What nlohmann's parser calls; false: what it has just read is left out.
  bool operator()(int /*depth*/, json::parse_event_t what, const json& value) {
    switch (what) {
      case json::parse_event_t::object_start:
      case json::parse_event_t::array_start:
        names_.emplace_back();
        too_deep_ = too_deep_ || names_.size() > max_strict_depth;
        break;
      case json::parse_event_t::object_end:
      case json::parse_event_t::array_end:
        names_.pop_back();
        break;
      case json::parse_event_t::key:
        if (!names_.back().insert(value.get<std::string>()).second && repeated_.empty()) repeated_ = value.dump();
        break;
      case json::parse_event_t::value:
        break;
    }
    return !too_deep_;
  }

  [[nodiscard]] result<void> verdict() const {
    if (too_deep_) {
      return fail(errc::invalid, "nests more than " + std::to_string(max_strict_depth) + " arrays and objects");
    }
    if (!repeated_.empty()) return fail(errc::invalid, "has the name " + repeated_ + " twice in one object");
    return {};
  }

 private:
  std::vector<std::set<std::string>> names_;  ///< of each object that is open
  bool too_deep_ = false;
  std::string repeated_;
};

template <class Value>
int order(const Value& left, const Value& right) {
  if (left < right) return -1;
  return right < left ? 1 : 0;
}

/// All numbers are of one type here, as they are in JSON.
json::value_t type_of(const json& value) {
  return value.is_number() ? json::value_t::number_float : value.type();
}

/// Every number that the parser keeps, exactly.
long double exact(const json& number) {
  static_assert(std::numeric_limits<long double>::digits >= 64);
  if (number.is_number_unsigned()) return static_cast<long double>(number.get<std::uint64_t>());
  if (number.is_number_integer()) return static_cast<long double>(number.get<std::int64_t>());
  return number.get<double>();
}

int compare_arrays(const json& left, const json& right) {
  const auto common = std::min(left.size(), right.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (const auto found = compare_json(left[i], right[i]); found != 0) return found;
  }
  return order(left.size(), right.size());
}

int compare_objects(const json& left, const json& right) {
  auto mine = left.cbegin();
  auto theirs = right.cbegin();
  for (; mine != left.cend() && theirs != right.cend(); ++mine, ++theirs) {
    if (const auto found = order(mine.key(), theirs.key()); found != 0) return found;
    if (const auto found = compare_json(*mine, *theirs); found != 0) return found;
  }
  return order(left.size(), right.size());
}

}  // namespace

result<json> parse_strict(std::string_view text) {
  watch seen;
  try {
    auto parsed = json::parse(text, std::ref(seen));
    if (auto good = seen.verdict(); !good) return fail(std::move(good.error()));
    return parsed;
  } catch (const json::parse_error& problem) {
    // What was too deep may not be JSON either.
    if (auto good = seen.verdict(); !good) return fail(std::move(good.error()));
    return fail(errc::invalid, "is not valid JSON, at byte " + std::to_string(problem.byte));
  } catch (const json::exception&) {
    return fail(errc::invalid, "holds a number that is out of range");
  }
}

std::string without_spaces(std::string_view text) {
  std::string kept;
  kept.reserve(text.size());
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!in_string && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) continue;
    kept += c;
    if (in_string && c == '\\' && i + 1 < text.size()) {
      kept += text[++i];
    } else if (c == '"') {
      in_string = !in_string;
    }
  }
  return kept;
}

std::string pointer_to(std::string_view place, std::string_view name) {
  std::string longer(place);
  longer += '/';
  for (const char c : name) {
    if (c == '~') {
      longer += "~0";
    } else if (c == '/') {
      longer += "~1";
    } else {
      longer += c;
    }
  }
  return longer;
}

int compare_json(const json& left, const json& right) {  // NOLINT(misc-no-recursion): JSON is a tree
  if (const auto found = order(type_of(left), type_of(right)); found != 0) return found;
  switch (left.type()) {
    case json::value_t::array:
      return compare_arrays(left, right);
    case json::value_t::object:
      return compare_objects(left, right);
    case json::value_t::string:
      return order(left.get_ref<const std::string&>(), right.get_ref<const std::string&>());
    case json::value_t::boolean:
      return order(left.get<bool>(), right.get<bool>());
    case json::value_t::number_integer:
    case json::value_t::number_unsigned:
    case json::value_t::number_float:
      return order(exact(left), exact(right));
    default:
      return 0;
  }
}

}  // namespace flotilla
