// A schema as a document that is kept once.
#include "core/output_schema.hpp"

#include <utility>

#include "core/schema_check.hpp"
#include "core/schema_keywords.hpp"
#include "core/strict_json.hpp"
#include "core/text_rules.hpp"
#include "core/utf8.hpp"
#include "flotilla/limits.hpp"

namespace flotilla {
namespace {

constexpr std::string_view field = "outputSchema";

/// In an error; what a caller sent stands in it.
std::string short_enough(std::string_view text) {
  return std::string(cut_utf8(text, max_schema_error_bytes));
}

}  // namespace

struct output_schema::document {
  std::string text;
  nlohmann::json root;
};

result<output_schema> output_schema::parse(std::string_view text) {
  if (text.size() > max_output_schema_bytes) {
    return wrong(field, "must not be longer than " + std::to_string(max_output_schema_bytes) + " bytes");
  }
  auto root = parse_strict(text);
  if (!root) return wrong(field, short_enough(root.error().message));
  if (auto good = check_schema(*root); !good) return wrong(field, short_enough(good.error().message));
  return output_schema(std::make_shared<const document>(document{without_spaces(text), std::move(*root)}));
}

const std::string& output_schema::text() const noexcept {
  return document_->text;
}

std::vector<std::string> output_schema::errors_of(std::string_view answer) const {
  if (answer.size() > max_checked_answer_bytes) {
    return {"the answer is longer than " + std::to_string(max_checked_answer_bytes) + " bytes"};
  }
  const auto value = parse_strict(answer);
  if (!value) return {short_enough("the answer " + value.error().message)};
  schema_check check(document_->root);
  const bool good = check.fits(document_->root, *value);
  if (check.given_up()) return {"the answer is too large or too intricate to be held against the schema"};
  return good ? std::vector<std::string>() : check.errors();
}

}  // namespace flotilla
