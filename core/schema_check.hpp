// Holds a JSON value against a schema: the walk, what it may cost, and what it tells. The keywords are in
// core/schema_keywords.hpp. Pure.
//
// Neither a schema nor a value can make it run long or deep: each test of a keyword is a step, steps and depth have
// bounds, and a check that meets one ends without an answer (`given_up`).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace flotilla {

inline constexpr std::size_t max_schema_errors = 20;         ///< that are told of one value
inline constexpr std::size_t max_schema_error_bytes = 400;   ///< of each
inline constexpr std::size_t max_schema_steps = 1'000'000;   ///< of one check
inline constexpr std::size_t max_schema_check_depth = 400;   ///< schemas that are being applied at once
inline constexpr std::size_t max_shown_pointer_bytes = 160;  ///< of a place in an error
inline constexpr std::size_t max_shown_value_bytes = 120;    ///< of what was expected there

/// JSON as an error shows it: cut where it is long.
[[nodiscard]] std::string shown(const nlohmann::json& value);

/// One check of one value. One thread at a time; keeps references.
class schema_check {
 public:
  /// `root`: the whole schema, to which `$ref` refers; it has passed `check_schema` (core/schema_keywords.hpp).
  explicit schema_check(const nlohmann::json& root) : root_(root) {}

  /// Does the value fit? Errors are told until there are `max_schema_errors`.
  [[nodiscard]] bool fits(const nlohmann::json& schema, const nlohmann::json& value);
  /// A bound was met: what `fits` said means nothing.
  [[nodiscard]] bool given_up() const noexcept { return given_up_; }
  [[nodiscard]] const std::vector<std::string>& errors() const noexcept { return errors_; }

  // --- for the keywords -----------------------------------------------------------------------------------------

  /// Tells an error of the value in hand, in words that follow its place ("must be …"), which `words` makes if they
  /// are wanted. Always false.
  template <class Words>
  bool tell(Words words) {
    if (!enough()) add_error(words());
    return false;
  }
  /// Does a part of the value in hand fit?
  [[nodiscard]] bool part_fits(const nlohmann::json& schema, std::string_view name, const nlohmann::json& part);
  /// Does it fit, when nothing is told?
  [[nodiscard]] bool quietly_fits(const nlohmann::json& schema, const nlohmann::json& value);
  /// What would be told of it.
  [[nodiscard]] std::vector<std::string> errors_of(const nlohmann::json& schema, const nlohmann::json& value);
  /// Takes over what `errors_of` gave. Always false.
  bool tell_all(const std::vector<std::string>& errors);
  /// What `$ref` names.
  [[nodiscard]] const nlohmann::json& referred(const nlohmann::json& reference) const;
  /// Counts work. False: there has been too much.
  bool spend(std::size_t steps);
  /// Is there nothing to be gained by going on?
  [[nodiscard]] bool enough() const noexcept {
    return given_up_ || quiet_ > 0 || errors_.size() >= max_schema_errors;
  }

 private:
  void add_error(std::string_view what);

  const nlohmann::json& root_;
  std::vector<std::string> errors_;
  std::string place_;  ///< of the value in hand
  std::size_t steps_ = 0;
  std::size_t depth_ = 0;
  std::size_t quiet_ = 0;
  bool given_up_ = false;
};

}  // namespace flotilla
