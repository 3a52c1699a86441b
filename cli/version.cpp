// The version that the build was given.
#include "cli/version.hpp"

namespace flotilla::cli {

const std::string_view version = FLOTILLA_VERSION;

}  // namespace flotilla::cli
