// The words of a run.
#include "core/run_notes.hpp"

#include "core/budget_rules.hpp"
#include "core/message_text.hpp"

namespace flotilla::run_notes {
namespace {

std::string what_they_said(const call_decision& word) {
  return word.comment.empty() ? std::string() : " They said: " + word.comment;
}

}  // namespace

std::string trimmed(std::size_t bytes) {
  return "[dropped to keep the conversation within its limit: " + std::to_string(bytes) + " bytes]";
}

std::string approved(const call_decision& word) {
  return "A human approved." + what_they_said(word);
}

std::string rejected(const call_decision& word, bool began) {
  if (word.expired) {
    return began ? "It is not known whether this call happened, and nobody decided in time whether to repeat it."
                 : "Nobody approved this call in time.";
  }
  return (began ? "It is not known whether this call happened, and a human decided not to repeat it."
                : "A human rejected this call.") +
         what_they_said(word);
}

std::string comment_on_approved(const call_decision& word) {
  return "\n\n[A human approved this call and said: " + word.comment + "]";
}

std::string mail(const std::vector<told_message>& messages) {
  std::string text;
  for (const auto& each : messages) {
    if (!text.empty()) text += "\n\n";
    text += to_text(message_heading{message_direction::received, each.from, each.name, each.team, each.at});
    text += each.text;
  }
  return text;
}

task_error turn_limit(std::uint32_t limit) {
  return {"max_turns", "The run has used its " + std::to_string(limit) + " model turns without an answer."};
}

task_error context_limit(std::size_t limit) {
  return {"context_too_large", "The conversation has passed its limit of " + std::to_string(limit) +
                                   " bytes, and no earlier tool result is left to be dropped from it."};
}

task_error output_limit(std::size_t limit) {
  return {"output_too_large", "The output has passed its limit of " + std::to_string(limit) + " bytes."};
}

task_error budget_cut(std::uint32_t tokens) {
  return {std::string(budget_exceeded_code), "The budget left " + std::to_string(tokens) +
                                                 " tokens for the model's answer, which was cut there; the output is "
                                                 "incomplete."};
}

task_error cut() {
  return {"max_tokens", "The model's answer was cut at its length limit; the output is incomplete."};
}

task_error refusal() {
  return {"refusal", "The model refused to answer."};
}

}  // namespace flotilla::run_notes
