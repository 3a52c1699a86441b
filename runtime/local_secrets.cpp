// The fleet on one machine: its secrets.
#include <utility>

#include "runtime/local_fleet.hpp"

namespace flotilla::runtime {

void local_fleet::list_secrets(const principal& /*who*/, secret_query /*query*/, reply<page<secret>> handler) {
  handler(fail(errc::internal, "not built yet"));
}

void local_fleet::put_secret(const principal& /*who*/, secret_name /*name*/, std::string /*value*/,
                             reply<void> handler) {
  handler(fail(errc::internal, "not built yet"));
}

void local_fleet::delete_secret(const principal& /*who*/, secret_name /*name*/, reply<void> handler) {
  handler(fail(errc::internal, "not built yet"));
}

std::string local_fleet::without_secrets(std::string text) const {
  return text;
}

}  // namespace flotilla::runtime
