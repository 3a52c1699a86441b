// The walk of a schema and a value.
#include "core/schema_check.hpp"

#include <utility>

#include "core/schema_keywords.hpp"
#include "core/strict_json.hpp"
#include "core/utf8.hpp"

namespace flotilla {
namespace {

using nlohmann::json;

/// The longest beginning of a text that has at most so many bytes, with a sign that there is more.
std::string cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  return std::string(cut_utf8(text, most)) + "…";
}

}  // namespace

std::string shown(const json& value) {
  return cut(value.dump(-1, ' ', false, json::error_handler_t::replace), max_shown_value_bytes);
}

bool schema_check::fits(const json& schema, const json& value) {  // NOLINT(misc-no-recursion): its depth is bounded
  if (depth_ >= max_schema_check_depth || !spend(1)) {
    given_up_ = true;
    return false;
  }
  if (schema.is_boolean()) return schema.get<bool>() || tell([] { return "must not be there"; });
  ++depth_;
  bool good = true;
  for (const auto& [name, own] : schema.items()) {
    const auto* keyword = find_schema_keyword(name);
    if (keyword == nullptr || keyword->test == nullptr) continue;
    good = spend(1) && keyword->test(*this, own, schema, value) && good;
    if (!good && enough()) break;
  }
  --depth_;
  return good && !given_up_;
}

bool schema_check::part_fits(const json& schema, std::string_view name,
                             const json& part) {  // NOLINT(misc-no-recursion)
  const auto whole = place_.size();
  place_ = pointer_to(place_, name);
  const bool good = fits(schema, part);
  place_.resize(whole);
  return good;
}

bool schema_check::quietly_fits(const json& schema, const json& value) {  // NOLINT(misc-no-recursion)
  ++quiet_;
  const bool good = fits(schema, value);
  --quiet_;
  return good;
}

std::vector<std::string> schema_check::errors_of(const json& schema,
                                                 const json& value) {  // NOLINT(misc-no-recursion)
  auto told_before = std::exchange(errors_, {});
  (void)fits(schema, value);
  return std::exchange(errors_, std::move(told_before));
}

void schema_check::add_error(std::string_view what) {
  const auto where = place_.empty() ? std::string("at the top") : "at " + cut(place_, max_shown_pointer_bytes);
  errors_.push_back(cut(where + ": " + std::string(what), max_schema_error_bytes));
}

bool schema_check::tell_all(const std::vector<std::string>& errors) {
  for (const auto& each : errors) {
    if (!enough()) errors_.push_back(each);
  }
  return false;
}

const json& schema_check::referred(const json& reference) const {
  return resolve_reference(root_, reference.get_ref<const std::string&>()).value_or(std::cref(root_)).get();
}

bool schema_check::spend(std::size_t steps) {
  steps_ += steps;
  given_up_ = given_up_ || steps_ > max_schema_steps;
  return !given_up_;
}

}  // namespace flotilla
