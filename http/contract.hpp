// What a route takes, as data: the form of each query parameter and each field of a body. The gate checks requests
// against it (http/contract_check.hpp), and the OpenAPI document is written from it (http/openapi.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "flotilla/id.hpp"

namespace flotilla::http {

/// The greatest whole number that every JSON reader takes exactly.
inline constexpr std::uint64_t max_whole_number = (std::uint64_t{1} << 53U) - 1;

enum class field_kind : std::uint8_t {
  line,       ///< a text without control characters
  text,       ///< a text that may hold anything but NUL
  word,       ///< one of `words`
  id,         ///< of an object of the kind `names`
  time,       ///< RFC 3339
  whole,      ///< a whole number from `least` to `most`
  flag,       ///< true or false
  lines,      ///< a list of at most `max_items` texts, each as `line`
  texts,      ///< a list of at most `max_items` texts, each as `text`
  variables,  ///< an object of at most `max_items` names, each with a text, as `text`
  object,     ///< an object with `fields`
  json,       ///< any object, of at most `most` bytes without spaces
};

/// A form that a text must have beyond its length.
struct text_form {
  bool (*fits)(std::string_view text);
  std::string_view pattern;    ///< the same as a regular expression (ECMA-262)
  std::string_view complaint;  ///< "must …"
};

/// One parameter or field. Made by the functions below; the ones that end in a change of it make a changed copy.
struct field {
  std::string_view name;
  field_kind kind = field_kind::line;
  std::string_view about;     ///< for people
  bool required = false;      ///< must be there
  bool nullable = false;      ///< may be null
  std::uint64_t least = 0;    ///< of a text, or of each in a list: bytes; of a number: its value
  std::uint64_t most = 0;     ///< likewise
  std::size_t max_items = 0;  ///< of a list or an object of variables
  std::span<const std::string_view> words{};
  id_kind names{};
  const text_form* form = nullptr;
  const field* fields = nullptr;  ///< of an object; an array, since a span of what is being declared cannot be
  std::size_t field_count = 0;
  std::string_view fallback{};  ///< what stands for it where it is left out, as JSON; empty: nothing does

  [[nodiscard]] constexpr field must() const {
    auto changed = *this;
    changed.required = true;
    return changed;
  }
  [[nodiscard]] constexpr field or_null() const {
    auto changed = *this;
    changed.nullable = true;
    return changed;
  }
  [[nodiscard]] constexpr field or_else(std::string_view json) const {
    auto changed = *this;
    changed.fallback = json;
    return changed;
  }
  [[nodiscard]] constexpr field formed(const text_form& how) const {
    auto changed = *this;
    changed.form = &how;
    return changed;
  }
};

[[nodiscard]] constexpr field a_line(std::string_view name, std::size_t most, std::string_view about) {
  return {.name = name, .kind = field_kind::line, .about = about, .least = 1, .most = most};
}
[[nodiscard]] constexpr field a_text(std::string_view name, std::size_t most, std::string_view about,
                                     std::size_t least = 1) {
  return {.name = name, .kind = field_kind::text, .about = about, .least = least, .most = most};
}
[[nodiscard]] constexpr field a_word(std::string_view name, std::span<const std::string_view> words,
                                     std::string_view about) {
  return {.name = name, .kind = field_kind::word, .about = about, .words = words};
}
[[nodiscard]] constexpr field an_id(std::string_view name, id_kind names, std::string_view about) {
  return {.name = name, .kind = field_kind::id, .about = about, .names = names};
}
[[nodiscard]] constexpr field a_time(std::string_view name, std::string_view about) {
  return {.name = name, .kind = field_kind::time, .about = about};
}
[[nodiscard]] constexpr field a_whole(std::string_view name, std::uint64_t least, std::uint64_t most,
                                      std::string_view about) {
  return {.name = name, .kind = field_kind::whole, .about = about, .least = least, .most = most};
}
[[nodiscard]] constexpr field a_flag(std::string_view name, std::string_view about) {
  return {.name = name, .kind = field_kind::flag, .about = about};
}
[[nodiscard]] constexpr field some_lines(std::string_view name, std::size_t max_items, std::size_t most,
                                         std::string_view about) {
  return {.name = name, .kind = field_kind::lines, .about = about, .least = 1, .most = most, .max_items = max_items};
}
[[nodiscard]] constexpr field some_texts(std::string_view name, std::size_t max_items, std::size_t most,
                                         std::string_view about) {
  return {.name = name, .kind = field_kind::texts, .about = about, .most = most, .max_items = max_items};
}
[[nodiscard]] constexpr field some_variables(std::string_view name, std::size_t max_items, std::size_t most,
                                             std::string_view about) {
  return {.name = name, .kind = field_kind::variables, .about = about, .most = most, .max_items = max_items};
}
[[nodiscard]] constexpr field an_object(std::string_view name, std::span<const field> fields,
                                        std::string_view about) {
  return {.name = name,
          .kind = field_kind::object,
          .about = about,
          .fields = fields.data(),
          .field_count = fields.size()};
}

[[nodiscard]] constexpr field a_json_object(std::string_view name, std::size_t most, std::string_view about) {
  return {.name = name, .kind = field_kind::json, .about = about, .most = most};
}

/// The fields of a field of the kind `object`.
[[nodiscard]] constexpr std::span<const field> fields_of(const field& object) {
  return {object.fields, object.field_count};
}

}  // namespace flotilla::http
