// The answers of a run whose task has an output schema: what the model is told of it, what of its words is the
// answer, and what becomes of one. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/output_schema.hpp"
#include "flotilla/task.hpp"

namespace flotilla {

inline constexpr std::uint32_t max_output_rejections = 3;  ///< how often an answer goes back to the model

/// What the model is given first: the task and, where there is a schema, what its answer must be.
[[nodiscard]] std::string opening_turn(std::string_view input, const std::optional<output_schema>& schema);

/// The answer without white space around it, and out of the one Markdown code fence that may hold all of it.
[[nodiscard]] std::string_view bare_answer(std::string_view text) noexcept;

/// Follows the answers of one attempt. One thread at a time.
class answer_judge {
 public:
  explicit answer_judge(std::optional<output_schema> schema) : schema_(std::move(schema)) {}

  /// Has the task a schema? Without one nothing else of this is to be used.
  [[nodiscard]] bool is_wanted() const noexcept { return schema_.has_value(); }

  /// The text of a model call that is over.
  void add(std::string_view text) { text_ += text; }
  /// It was no answer after all: the model has called tools.
  void drop() { text_.clear(); }
  /// The answer is complete: holds it against the schema.
  void judge();

  /// An answer has been judged, and nothing has become of it yet.
  [[nodiscard]] bool waits() const noexcept { return waits_; }
  /// The judged answer, as it is told where it fits.
  [[nodiscard]] std::string_view answer() const noexcept { return bare_answer(text_); }
  /// What is wrong with it; nothing where it fits.
  [[nodiscard]] const std::vector<std::string>& errors() const noexcept { return errors_; }
  /// How often answers have gone back.
  [[nodiscard]] std::uint32_t rejections() const noexcept { return rejections_; }
  /// Where an answer that does not fit ends the run.
  [[nodiscard]] task_error failure() const;

  /// The answer has been told.
  void accept() noexcept { waits_ = false; }
  /// It has been rejected for these errors. What the model is told.
  [[nodiscard]] std::string reject(const std::vector<std::string>& errors);

 private:
  std::optional<output_schema> schema_;
  std::string text_;
  std::vector<std::string> errors_;
  std::uint32_t rejections_ = 0;
  bool waits_ = false;
};

}  // namespace flotilla
