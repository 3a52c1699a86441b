// What a task's answer must be: a schema in a subset of JSON Schema 2020-12. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/result.hpp"

namespace flotilla {

/// Of an answer that is held against a schema. One that fits becomes one event.
inline constexpr std::size_t max_checked_answer_bytes = 256U << 10U;

/// A schema that can be applied. Cheap to copy; any thread.
class output_schema {
 public:
  /// Reads a schema: a JSON object of at most `max_output_schema_bytes` (flotilla/limits.hpp), with the keywords of
  /// core/schema_keywords.hpp and no others. Errors: invalid; the message begins with "outputSchema" and names the
  /// keyword that is wrong and where it stands.
  [[nodiscard]] static result<output_schema> parse(std::string_view text);

  /// The schema as it was given, without white space between its tokens.
  [[nodiscard]] const std::string& text() const noexcept;

  /// What is wrong with an answer, each error in a sentence that names the place (as a JSON pointer) and what is
  /// expected there; at most `max_schema_errors` of at most `max_schema_error_bytes` (core/schema_check.hpp). Empty:
  /// the text is one JSON value, of at most `max_checked_answer_bytes`, that fits the schema. Never takes long: what
  /// a check may cost is bounded.
  [[nodiscard]] std::vector<std::string> errors_of(std::string_view answer) const;

 private:
  struct document;
  explicit output_schema(std::shared_ptr<const document> read) : document_(std::move(read)) {}

  std::shared_ptr<const document> document_;
};

}  // namespace flotilla
