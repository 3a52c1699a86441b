// The gateway actor.
#include "runtime/gateway.hpp"

namespace flotilla::runtime {

caf::behavior gateway_behavior(caf::event_based_actor* self) {
  self->set_exception_handler(
      [](std::exception_ptr&) -> caf::error { return caf::exit_reason::unhandled_exception; });
  return {[self](gateway_job& job) { job.run(self); }};
}

}  // namespace flotilla::runtime
