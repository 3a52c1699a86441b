// The parser of rehearsal scripts.
#include "providers/rehearsal_parser.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include <nlohmann/json.hpp>

#include "providers/failures.hpp"
#include "providers/rehearsal_script.hpp"

namespace flotilla::rehearsal {
namespace {

using nlohmann::json;
using parsed = tl::expected<std::vector<directive>, std::string>;

constexpr std::size_t max_quoted_line_bytes = 100;
constexpr std::string_view blanks = " \t";
constexpr int lowest_status = 400;
constexpr int highest_status = 599;

tl::unexpected<std::string> wrong(std::string what) {
  return tl::unexpected<std::string>(std::move(what));
}

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// Takes the first word off the text.
std::string_view take_word(std::string_view& text) {
  const auto end = std::min(text.find_first_of(blanks), text.size());
  const auto word = text.substr(0, end);
  text = trim(text.substr(end));
  return word;
}

/// Where the JSON string at the beginning of the text ends; 0 where there is none.
std::size_t quoted_length(std::string_view text) {
  if (text.empty() || text.front() != '"') return 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return 0;
}

/// A text as written, or what a JSON string stands for.
std::string spoken(std::string_view text) {
  if (quoted_length(text) == text.size() && !text.empty()) {
    const auto value = json::parse(text, nullptr, false);
    if (value.is_string()) return value.get<std::string>();
  }
  return std::string(text);
}

std::optional<std::uint32_t> number(std::string_view word, std::uint32_t highest) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size() || value > highest) return std::nullopt;
  return value;
}

parsed parse_delay(std::string_view rest) {
  std::uint32_t scale = 1;
  if (rest.ends_with("ms")) {
    rest.remove_suffix(2);
  } else if (rest.ends_with("s")) {
    rest.remove_suffix(1);
    scale = 1000;
  } else {
    return wrong("@delay needs a time such as 250ms or 2s");
  }
  const auto highest = static_cast<std::uint32_t>(max_rehearsal_delay.count()) / scale;
  const auto count = number(rest, highest);
  if (!count) return wrong("@delay needs a time of at most " + std::to_string(max_rehearsal_delay.count()) + "ms");
  return std::vector<directive>{hold{std::chrono::milliseconds(*count * scale)}};
}

parsed parse_repeat(std::string_view rest) {
  const auto times = number(take_word(rest), max_rehearsal_repeats);
  if (!times) return wrong("@repeat needs a number of at most " + std::to_string(max_rehearsal_repeats));
  if (rest.empty()) return wrong("@repeat needs a text");
  return std::vector<directive>{say{spoken(rest), *times}};
}

parsed parse_tool(std::string_view rest) {
  const auto name = take_word(rest);
  if (name.empty()) return wrong("@tool needs the name of a tool");
  const auto text = rest.empty() ? std::string_view("{}") : rest;
  const auto arguments = json::parse(text, nullptr, false);
  if (!arguments.is_object()) return wrong("the arguments of @tool are not a JSON object");
  return std::vector<directive>{tool{std::string(name), std::string(text)}};
}

parsed parse_result(std::string_view rest) {
  if (rest.empty()) return std::vector<directive>{tell_result{}};
  const auto call = number(rest, max_rehearsal_results);
  if (!call || *call == 0) return wrong("@result takes a number from 1 to " + std::to_string(max_rehearsal_results));
  return std::vector<directive>{tell_result{*call}};
}

parsed parse_fail(std::string_view rest) {
  breakdown failure;
  const auto status = take_word(rest);
  if (status != "broken") {
    const auto value = number(status, highest_status);
    if (!value || *value < lowest_status) return wrong("@fail needs a status from 400 to 599, or broken");
    failure.status = static_cast<int>(*value);
  }
  if (rest == "times" || rest.starts_with("times ")) {
    take_word(rest);
    const auto times = number(take_word(rest), max_rehearsal_failures);
    if (!times) return wrong("times needs a number of at most " + std::to_string(max_rehearsal_failures));
    failure.times = *times;
  }
  std::vector<directive> result;
  if (rest == "after" || rest.starts_with("after ")) {
    take_word(rest);
    const auto quoted = quoted_length(rest);
    const auto said = quoted > 0 ? rest.substr(0, quoted) : rest.substr(0, rest.find_first_of(blanks));
    if (said.empty()) return wrong("after needs a text");
    rest = trim(rest.substr(said.size()));
    result.emplace_back(say{spoken(said)});
  }
  failure.message = spoken(rest);
  result.emplace_back(std::move(failure));
  return result;
}

parsed parse_line(std::string_view line) {
  auto rest = trim(line);
  const auto word = take_word(rest);
  const auto needs_text = word == "@think" || word == "@say" || word == "@refuse";
  if (needs_text && rest.empty()) return wrong(std::string(word) + " needs a text");
  if (word == "@think") return std::vector<directive>{think{spoken(rest)}};
  if (word == "@say") return std::vector<directive>{say{spoken(rest)}};
  if (word == "@refuse") return std::vector<directive>{refuse{spoken(rest)}};
  if (word == "@delay") return parse_delay(rest);
  if (word == "@repeat") return parse_repeat(rest);
  if (word == "@tool") return parse_tool(rest);
  if (word == "@fail") return parse_fail(rest);
  if (word == "@result") return parse_result(rest);
  if (word != "@cut" && word != "@another")
    return wrong("there is no directive " + bounded_text(word, max_quoted_line_bytes));
  if (!rest.empty()) return wrong(std::string(word) + " stands alone on its line");
  if (word == "@cut") return std::vector<directive>{cut{}};
  return std::vector<directive>{another{}};
}

std::size_t spoken_bytes(const directive& what) {
  if (const auto* said = std::get_if<say>(&what)) return said->text.size() * said->times;
  return 0;
}

}  // namespace

parsed parse_script(std::string_view text) {
  std::vector<directive> script;
  std::size_t bytes = 0;
  std::size_t line_number = 0;
  while (!text.empty()) {
    ++line_number;
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.starts_with('@')) continue;
    auto found = parse_line(line);
    if (found) {
      for (const auto& one : *found) bytes += spoken_bytes(one);
      if (bytes > max_rehearsal_bytes) {
        found = wrong("the script says more than " + std::to_string(max_rehearsal_bytes) + " bytes");
      }
    }
    if (!found) {
      return wrong("Line " + std::to_string(line_number) + " of the rehearsal script: " + found.error() + ": " +
                   bounded_text(line, max_quoted_line_bytes));
    }
    std::move(found->begin(), found->end(), std::back_inserter(script));
  }
  return script;
}

}  // namespace flotilla::rehearsal
