// The fleet on one machine: what is said to agents, and the tree that they make.
#include <utility>

#include "runtime/local_fleet.hpp"

namespace flotilla::runtime {

void local_fleet::agent_tree(const principal& /*who*/, std::optional<agent_id> /*root*/,
                             reply<std::vector<agent_node>> handler) {
  handler(fail(errc::internal, "not built yet"));
}

void local_fleet::post_message(const principal& /*who*/, outgoing_message /*what*/, reply<message> handler) {
  handler(fail(errc::internal, "not built yet"));
}

void local_fleet::decide_task(const principal& /*who*/, task_id /*which*/, approval_decision /*word*/,
                              reply<task> handler) {
  handler(fail(errc::internal, "not built yet"));
}

void local_fleet::cancel_task(const principal& /*who*/, task_id /*which*/, reply<task> handler) {
  handler(fail(errc::internal, "not built yet"));
}

}  // namespace flotilla::runtime
