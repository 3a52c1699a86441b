// The fleet on one machine: its API tokens.
#include <utility>

#include "runtime/local_fleet.hpp"

namespace flotilla::runtime {

void local_fleet::list_tokens(const principal& /*who*/, page_request /*wanted*/, reply<page<api_token>> handler) {
  handler(fail(errc::internal, "not built yet"));
}

void local_fleet::create_token(const principal& /*who*/, token_draft /*draft*/, reply<new_token> handler) {
  handler(fail(errc::internal, "not built yet"));
}

void local_fleet::revoke_token(const principal& /*who*/, token_id /*which*/, reply<void> handler) {
  handler(fail(errc::internal, "not built yet"));
}

void local_fleet::on_token_revoked(std::function<void(token_id)> /*listener*/) {
}

}  // namespace flotilla::runtime
