// The gateway actor.
#include "runtime/gateway.hpp"

namespace flotilla::runtime {

caf::behavior gateway_behavior(caf::event_based_actor* self, actors::fleet_actor fleet) {
  self->set_exception_handler(
      [](std::exception_ptr&) -> caf::error { return caf::exit_reason::unhandled_exception; });
  return {[self, fleet = std::move(fleet)](gateway_job& job) { job.run(self, fleet); }};
}

}  // namespace flotilla::runtime
