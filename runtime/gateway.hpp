// How calls from outside reach the actors: an actor that makes requests for those who are none.
#pragma once

#include <chrono>
#include <functional>
#include <utility>

#include <caf/all.hpp>

#include "actors/caf_errors.hpp"
#include "actors/interfaces.hpp"
#include "flotilla/result.hpp"

namespace flotilla::runtime {

/// Something to do in the gateway's thread: usually to ask the fleet.
struct gateway_job {
  std::function<void(caf::event_based_actor*, const actors::fleet_actor&)> run;
};

/// The behavior of the gateway. It ends with its exit message.
[[nodiscard]] caf::behavior gateway_behavior(caf::event_based_actor* self, actors::fleet_actor fleet);

}  // namespace flotilla::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(flotilla::runtime::gateway_job)
CAF_BEGIN_TYPE_ID_BLOCK(flotilla_runtime, caf::id_block::flotilla::end)
CAF_ADD_TYPE_ID(flotilla_runtime, (flotilla::runtime::gateway_job))
CAF_END_TYPE_ID_BLOCK(flotilla_runtime)

namespace flotilla::runtime {

/// Makes a request to the fleet through the gateway and hands its answer on. Any thread.
template <class Answer, class Request>
void request(const caf::actor& gateway, std::chrono::milliseconds timeout, Request what, reply<Answer> handler) {
  caf::anon_send(gateway, gateway_job{[timeout, what = std::move(what), handler = std::move(handler)](
                                          caf::event_based_actor* self, const actors::fleet_actor& fleet) {
                   self->request(fleet, timeout, what)
                       .then([handler](Answer& answer) { handler(std::move(answer)); },
                             [handler](caf::error& reason) { handler(fail(actors::from_caf(reason))); });
                 }});
}

}  // namespace flotilla::runtime
