// The fleet on one machine: what it has counted and measured.
#include <utility>

#include "runtime/local_fleet.hpp"

namespace flotilla::runtime {

void local_fleet::metrics(reply<std::string> handler) const {
  handler(fail(errc::internal, "not built yet"));
}

}  // namespace flotilla::runtime
