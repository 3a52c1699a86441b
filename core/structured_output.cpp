// The words around an output schema, and the state of the answer.
#include "core/structured_output.hpp"

#include <algorithm>

namespace flotilla {
namespace {

constexpr std::string_view spaces = " \t\r\n";
constexpr std::string_view fence = "```";
constexpr std::size_t max_errors_in_failure = 5;

constexpr std::string_view demand =
    "\n\nYour final answer must be one JSON value that fits the following JSON Schema (2020-12). Answer with that "
    "JSON "
    "only: no other words, no Markdown.\n";
constexpr std::string_view complaint = "Your answer does not fit the JSON Schema that it must fit:\n";
constexpr std::string_view request =
    "Answer again with the whole JSON value, corrected, and with nothing else: no other words, no Markdown.";

std::string_view trimmed(std::string_view text) noexcept {
  const auto begin = text.find_first_not_of(spaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(spaces) - begin + 1);
}

}  // namespace

std::string opening_turn(std::string_view input, const std::optional<output_schema>& schema) {
  std::string turn(input);
  if (!schema) return turn;
  turn += demand;
  return turn += schema->text();
}

std::string_view bare_answer(std::string_view text) noexcept {
  const auto whole = trimmed(text);
  const auto first_line = whole.find('\n');
  const bool fenced = whole.starts_with(fence) && whole.ends_with(fence) && first_line != std::string_view::npos;
  if (!fenced) return whole;
  // Behind the opening fence stands at most the name of a language.
  return trimmed(whole.substr(first_line, whole.size() - fence.size() - first_line));
}

void answer_judge::judge() {
  errors_ = schema_->errors_of(answer());
  waits_ = true;
}

task_error answer_judge::failure() const {
  auto message = "The answer does not fit the output schema, and has gone back to the model " +
                 std::to_string(rejections_) + " times. What is wrong with the last one: ";
  for (std::size_t i = 0; i < std::min(errors_.size(), max_errors_in_failure); ++i) {
    if (i > 0) message += "; ";
    message += errors_[i];
  }
  return {"output_invalid", std::move(message)};
}

std::string answer_judge::reject(const std::vector<std::string>& errors) {
  std::string turn(complaint);
  for (const auto& each : errors) turn += "- " + each + "\n";
  turn += request;
  ++rejections_;
  waits_ = false;
  text_.clear();
  return turn;
}

}  // namespace flotilla
