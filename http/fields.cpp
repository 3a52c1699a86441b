// What each type of field must be, and the words for it.
#include "http/fields.hpp"

#include <charconv>
#include <cmath>
#include <limits>

namespace flotilla::http {
namespace {

using nlohmann::json;

/// Are there more than `max_json_depth` brackets open at any place? Brackets in strings do not count. The text
/// need not be JSON.
bool is_too_deep(std::string_view text) noexcept {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > max_json_depth) return true;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

/// A whole number of decimal digits, within bounds.
template <class Number>
complaint read_number(std::string_view text, Number lowest, Number highest, Number& into) {
  const auto* end = text.data() + text.size();
  Number parsed = 0;
  const auto [stopped, problem] = std::from_chars(text.data(), end, parsed);
  if (text.empty() || problem != std::errc{} || stopped != end || parsed < lowest || parsed > highest) {
    return "must be a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest);
  }
  into = parsed;
  return {};
}

template <class Number>
constexpr auto highest_of = std::numeric_limits<Number>::max();

/// Reads one of a few words.
template <class Word>
complaint read_word(std::optional<Word> parsed, const char* words, Word& into) {
  if (!parsed) return std::string("must be one of ") + words;
  into = *parsed;
  return {};
}

}  // namespace

result<json> parse_object(std::string_view body) {
  if (body.empty()) return fail(errc::invalid, "the body is missing: send a JSON object");
  if (is_too_deep(body)) {
    return fail(errc::invalid, "the body is too deep: at most " + std::to_string(max_json_depth) +
                                   " arrays and objects may stand within each other");
  }
  try {
    auto parsed = json::parse(body);
    if (!parsed.is_object()) return fail(errc::invalid, "the body must be a JSON object");
    return parsed;
  } catch (const json::parse_error& problem) {
    return fail(errc::invalid, "the body is not valid JSON in UTF-8, at byte " + std::to_string(problem.byte));
  } catch (const json::exception&) {
    return fail(errc::invalid, "the body is not valid JSON: a number is out of range");
  }
}

std::string digits_of(const json& value) {
  if (value.is_number_unsigned()) return std::to_string(value.get<std::uint64_t>());
  if (value.is_number_integer()) return std::to_string(value.get<std::int64_t>());
  if (!value.is_number_float()) return {};
  constexpr double exact = 9007199254740991;  // 2^53 - 1
  const auto number = value.get<double>();
  if (!(number >= 0 && number <= exact) || std::floor(number) != number) return {};
  return std::to_string(static_cast<std::uint64_t>(number));
}

complaint read_text(std::string_view text, std::string& into) {
  if (text.empty()) return "must not be empty";
  into = text;
  return {};
}

complaint read_text(std::string_view text, any_text& into) {
  into.value = text;
  return {};
}

complaint read_text(std::string_view text, std::uint64_t& into) {
  return read_number<std::uint64_t>(text, 0, highest_of<std::uint64_t>, into);
}

complaint read_text(std::string_view text, std::uint32_t& into) {
  return read_number<std::uint32_t>(text, 0, highest_of<std::uint32_t>, into);
}

complaint read_text(std::string_view text, page_limit& into) {
  return read_number<std::size_t>(text, 1, max_page_limit, into.value);
}

complaint read_text(std::string_view text, timestamp& into) {
  const auto parsed = parse_timestamp(text);
  if (!parsed) return "must be a time as in RFC 3339, such as 2026-11-23T09:30:00Z";
  into = *parsed;
  return {};
}

complaint read_text(std::string_view text, agent_status& into) {
  return read_word(parse_agent_status(text), "active, running, paused, archived", into);
}

complaint read_text(std::string_view text, task_status& into) {
  return read_word(parse_task_status(text), "pending, running, waiting, done, error", into);
}

complaint read_text(std::string_view text, task_priority& into) {
  return read_word(parse_task_priority(text), "high, normal, low", into);
}

complaint read_text(std::string_view text, budget_period& into) {
  return read_word(parse_budget_period(text), "day, week, month", into);
}

complaint read_text(std::string_view text, epic_type& into) {
  return read_word(parse_epic_type(text), "feature, marketing, qa, research, ops", into);
}

complaint read_text(std::string_view text, epic_status& into) {
  return read_word(parse_epic_status(text), "active, done, archived", into);
}

complaint read_text(std::string_view text, secret_scope& into) {
  return read_word(parse_secret_scope(text), "org, agent", into);
}

complaint read_text(std::string_view text, mcp_transport& into) {
  return read_word(parse_mcp_transport(text), "stdio, http", into);
}

complaint read_text(std::string_view text, role& into) {
  return read_word(parse_role(text), "viewer, operator, admin", into);
}

complaint read_value(const json& value, bool& into) {
  if (!value.is_boolean()) return "must be true or false";
  into = value.get<bool>();
  return {};
}

complaint read_value(const json& value, std::uint64_t& into) {
  return read_text(digits_of(value), into);
}
complaint read_value(const json& value, std::uint32_t& into) {
  return read_text(digits_of(value), into);
}
complaint read_value(const json& value, page_limit& into) {
  return read_text(digits_of(value), into);
}

complaint read_value(const json& value, std::vector<std::string>& into) {
  if (!value.is_array()) return "must be a list of strings";
  into.clear();
  for (const auto& item : value) {
    if (!item.is_string()) return "must be a list of strings";
    if (item.get_ref<const std::string&>().empty()) return "must not hold an empty string";
    into.push_back(item.get<std::string>());
  }
  return {};
}

complaint read_value(const json& value, arguments& into) {
  if (!value.is_array()) return "must be a list of strings";
  into.values.clear();
  for (const auto& item : value) {
    if (!item.is_string()) return "must be a list of strings";
    into.values.push_back(item.get<std::string>());
  }
  return {};
}

complaint read_value(const json& value, mcp_variables& into) {
  if (!value.is_object()) return "must be an object of strings";
  into.clear();
  for (const auto& [name, text] : value.items()) {
    if (!text.is_string()) return "must be an object of strings";
    into.emplace(name, text.get<std::string>());
  }
  return {};
}

complaint read_value(const json& value, token_budget& into) {
  if (!value.is_object()) return "must be an object with tokens and period";
  body_reader in(value);
  in.required("tokens", into.tokens);
  in.required("period", into.period);
  const auto read = std::move(in).check(true);
  return read ? complaint() : "." + read.error().message;
}

void field_errors::note(std::string_view name, const complaint& what) {
  if (what.empty() || any()) return;
  message_ = name;
  // A complaint about a field within a field continues the name: "budget.tokens: …".
  message_ += what.front() == '.' ? "" : ": ";
  message_ += what;
}

const json* body_reader::find(const char* name) const {
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(name);
  return found == object_.end() ? nullptr : &*found;
}

}  // namespace flotilla::http
