// What a run tells its model in words of its own, and the errors that end it. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/run_events.hpp"
#include "flotilla/task.hpp"

namespace flotilla::run_notes {

/// What a model is told when its answer was cut by a broken connection or a crash.
inline constexpr std::string_view go_on =
    "Your answer was interrupted after the text above, which has been kept. Continue exactly where it stops. "
    "Repeat none of it, and do not mention the interruption.";

/// What the model is shown in the place of a tool result of so many bytes that was left out.
[[nodiscard]] std::string trimmed(std::size_t bytes);
/// The answer to a question that a human has approved.
[[nodiscard]] std::string approved(const call_decision& word);
/// The result of a call that a human rejected, or nobody decided on in time. `began`: it may have happened before.
[[nodiscard]] std::string rejected(const call_decision& word, bool began);
/// What stands behind the result of a call that a human approved with a comment.
[[nodiscard]] std::string comment_on_approved(const call_decision& word);
/// Messages of others, each under a line that says whose it is and when it was said.
[[nodiscard]] std::string mail(const std::vector<told_message>& messages);

/// The model's turns are used up. `limit`: how many there were.
[[nodiscard]] task_error turn_limit(std::uint32_t limit);
/// The conversation has passed its limit in bytes, and nothing is left to be dropped.
[[nodiscard]] task_error context_limit(std::size_t limit);
/// The output has passed its limit in bytes.
[[nodiscard]] task_error output_limit(std::size_t limit);
/// The answer was cut at the tokens that a budget left for it.
[[nodiscard]] task_error budget_cut(std::uint32_t tokens);
/// The answer was cut at the vendor's limit.
[[nodiscard]] task_error cut();
/// The model, or a filter of its vendor, refused.
[[nodiscard]] task_error refusal();

}  // namespace flotilla::run_notes
