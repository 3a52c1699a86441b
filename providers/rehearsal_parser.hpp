// Reads rehearsal scripts: one directive a line. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

namespace flotilla::rehearsal {

struct think {
  std::string text;
};
struct say {
  std::string text;
  std::uint32_t times = 1;
};
struct hold {
  std::chrono::milliseconds delay{0};
};
struct tool {
  std::string name;
  std::string arguments;
};
struct breakdown {
  int status = 0;  ///< 0: the connection breaks
  std::uint32_t times = 1;
  std::string message;
};
struct refuse {
  std::string text;
};
struct cut {};
struct tell_result {
  std::uint32_t call = 0;  ///< which of the last tools' calls, counted from 1; 0: the last
};
struct another {};
using directive = std::variant<think, say, hold, tool, breakdown, refuse, cut, tell_result, another>;

/// The directives of a text, in order; lines that do not begin with '@' are not part of the script. The error is a
/// message for people that names the line.
[[nodiscard]] tl::expected<std::vector<directive>, std::string> parse_script(std::string_view text);

}  // namespace flotilla::rehearsal
