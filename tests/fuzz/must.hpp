// How a fuzz target says that a property does not hold.
#pragma once

#include <cstdlib>

namespace flotilla::testing {

/// Ends the program where a property does not hold: what both libFuzzer and a test runner notice.
inline void must(bool holds) {
  if (!holds) std::abort();
}

}  // namespace flotilla::testing
