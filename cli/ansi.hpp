// ANSI styles of what is printed on a terminal.
#pragma once

#include <string_view>

namespace flotilla::cli::ansi {

inline constexpr std::string_view none = "";
inline constexpr std::string_view dim = "\x1b[2m";
inline constexpr std::string_view cyan = "\x1b[36m";
inline constexpr std::string_view green = "\x1b[32m";
inline constexpr std::string_view red = "\x1b[31m";
inline constexpr std::string_view reset = "\x1b[0m";

}  // namespace flotilla::cli::ansi
