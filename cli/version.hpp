// The program's version, as CMake's project() has it.
#pragma once

#include <string_view>

namespace flotilla::cli {

extern const std::string_view version;

}  // namespace flotilla::cli
