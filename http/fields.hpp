// Reads typed fields out of a JSON body or a query: what a field must be is said once, where it is read, and the
// first one that is wrong is the error. All pure.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "flotilla/access.hpp"
#include "flotilla/agent.hpp"
#include "flotilla/epic.hpp"
#include "flotilla/mcp_server.hpp"
#include "flotilla/page.hpp"
#include "flotilla/result.hpp"
#include "flotilla/secret.hpp"
#include "flotilla/task.hpp"
#include "flotilla/time.hpp"
#include "http/uri.hpp"

namespace flotilla::http {

inline constexpr std::size_t max_json_depth = 64;  ///< arrays and objects within each other

/// Parses a body: one JSON object in UTF-8, no deeper than `max_json_depth`. Of a repeated key the last counts.
/// Errors: invalid.
[[nodiscard]] result<nlohmann::json> parse_object(std::string_view body);

/// What is wrong with a value, as the rest of the sentence "name: …"; empty where nothing is.
using complaint = std::string;

/// The digits of a JSON number that is whole, also one written with an exponent or as "5.0"; a text that is no number
/// for everything else, and for what a double does not hold exactly.
[[nodiscard]] std::string digits_of(const nlohmann::json& value);

/// The size of a page: 1 to `max_page_limit`.
struct page_limit {
  std::size_t value = default_page_limit;
};

/// A text that may be empty.
struct any_text {
  std::string value;
};
/// Texts that may be empty.
struct arguments {
  std::vector<std::string> values;
};

// A value as text: of a query, or of a JSON string.
[[nodiscard]] complaint read_text(std::string_view text, std::string& into);
[[nodiscard]] complaint read_text(std::string_view text, std::uint64_t& into);
[[nodiscard]] complaint read_text(std::string_view text, std::uint32_t& into);
[[nodiscard]] complaint read_text(std::string_view text, timestamp& into);
[[nodiscard]] complaint read_text(std::string_view text, agent_status& into);
[[nodiscard]] complaint read_text(std::string_view text, task_status& into);
[[nodiscard]] complaint read_text(std::string_view text, task_priority& into);
[[nodiscard]] complaint read_text(std::string_view text, budget_period& into);
[[nodiscard]] complaint read_text(std::string_view text, any_text& into);
[[nodiscard]] complaint read_text(std::string_view text, epic_type& into);
[[nodiscard]] complaint read_text(std::string_view text, epic_status& into);
[[nodiscard]] complaint read_text(std::string_view text, secret_scope& into);
[[nodiscard]] complaint read_text(std::string_view text, mcp_transport& into);
[[nodiscard]] complaint read_text(std::string_view text, role& into);
[[nodiscard]] complaint read_text(std::string_view text, page_limit& into);
template <id_kind Kind>
[[nodiscard]] complaint read_text(std::string_view text, id<Kind>& into) {
  const auto parsed = id<Kind>::parse(text);
  if (!parsed) return "must be an id that begins with " + std::string(prefix_of(Kind));
  into = *parsed;
  return {};
}

// A value as JSON: numbers, booleans, lists and objects; everything else is a string that `read_text` reads.
[[nodiscard]] complaint read_value(const nlohmann::json& value, bool& into);
[[nodiscard]] complaint read_value(const nlohmann::json& value, std::uint64_t& into);
[[nodiscard]] complaint read_value(const nlohmann::json& value, std::uint32_t& into);
[[nodiscard]] complaint read_value(const nlohmann::json& value, page_limit& into);
[[nodiscard]] complaint read_value(const nlohmann::json& value, std::vector<std::string>& into);
[[nodiscard]] complaint read_value(const nlohmann::json& value, arguments& into);
[[nodiscard]] complaint read_value(const nlohmann::json& value, mcp_variables& into);
[[nodiscard]] complaint read_value(const nlohmann::json& value, token_budget& into);
template <class T>
requires requires(std::string_view text, T& into) {
  { read_text(text, into) } -> std::same_as<complaint>;
}
[[nodiscard]] complaint read_value(const nlohmann::json& value, T& into) {
  if (!value.is_string()) return "must be a string";
  return read_text(value.get_ref<const std::string&>(), into);
}

/// Remembers the first complaint of several reads.
class field_errors {
 public:
  /// Notes what is wrong with a field, unless nothing is or another was noted before.
  void note(std::string_view name, const complaint& what);
  [[nodiscard]] bool any() const noexcept { return !message_.empty(); }
  /// The value, or the first error that was noted.
  template <class T>
  [[nodiscard]] result<T> check(T value) && {
    if (any()) return fail(errc::invalid, std::move(message_));
    return value;
  }
  /// Nothing, or the first error that was noted.
  [[nodiscard]] result<void> check() && {
    if (any()) return fail(errc::invalid, std::move(message_));
    return {};
  }

 private:
  std::string message_;
};

/// The fields of a JSON body. Keeps a reference to it.
class body_reader {
 public:
  explicit body_reader(const nlohmann::json& object) noexcept : object_(object) {}

  /// Must be there.
  template <class T>
  void required(const char* name, T& into) {
    const auto* value = find(name);
    errors_.note(name, value == nullptr ? complaint("is required") : read_value(*value, into));
  }
  /// May be left out or null; `into` then stays as it is.
  template <class T>
  void optional(const char* name, T& into) {
    const auto* value = find(name);
    if (value != nullptr && !value->is_null()) errors_.note(name, read_value(*value, into));
  }
  template <class T>
  void optional(const char* name, std::optional<T>& into) {
    const auto* value = find(name);
    if (value != nullptr && !value->is_null()) errors_.note(name, read_value(*value, into.emplace()));
  }
  /// A change: left out means no change.
  template <class T>
  void change(const char* name, std::optional<T>& into) {
    if (const auto* value = find(name)) errors_.note(name, read_value(*value, into.emplace()));
  }
  /// A change of what can be cleared: null clears.
  template <class T>
  void change(const char* name, std::optional<std::optional<T>>& into) {
    const auto* value = find(name);
    if (value == nullptr) return;
    into.emplace();
    if (!value->is_null()) errors_.note(name, read_value(*value, into->emplace()));
  }
  /// What was read, or the first error.
  template <class T>
  [[nodiscard]] result<T> check(T value) && {
    return std::move(errors_).check(std::move(value));
  }

 private:
  [[nodiscard]] const nlohmann::json* find(const char* name) const;

  const nlohmann::json& object_;
  field_errors errors_;
};

/// The parameters of a GET: of its query, and where that does not have one of a JSON body. Keeps references.
class query_reader {
 public:
  query_reader(const query_parameters& query, const nlohmann::json& body) noexcept : query_(query), body_(body) {}

  template <class T>
  void optional(const char* name, std::optional<T>& into) {
    const auto found = query_.find(name);
    if (found == query_.end()) {
      body_.optional(name, into);
    } else if (auto problem = read_text(found->second, into.emplace()); !problem.empty()) {
      errors_.note(name, problem);
    }
  }
  /// What was read, or the first error; one of the query comes before one of the body.
  template <class T>
  [[nodiscard]] result<T> check(T value) && {
    if (errors_.any()) return std::move(errors_).check(std::move(value));
    return std::move(body_).check(std::move(value));
  }

 private:
  const query_parameters& query_;
  body_reader body_;
  field_errors errors_;
};

}  // namespace flotilla::http
