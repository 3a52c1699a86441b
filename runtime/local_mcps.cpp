// The fleet on one machine: its MCP servers, as configured.
#include <utility>

#include "runtime/local_fleet.hpp"

namespace flotilla::runtime {

void local_fleet::create_mcp(const principal& /*who*/, mcp_draft /*draft*/, reply<mcp_server> handler) {
  handler(fail(errc::internal, "not built yet"));
}

void local_fleet::find_mcp(const principal& /*who*/, mcp_id /*which*/, reply<mcp_server> handler) {
  handler(fail(errc::internal, "not built yet"));
}

void local_fleet::list_mcps(const principal& /*who*/, page_request /*wanted*/, reply<page<mcp_server>> handler) {
  handler(fail(errc::internal, "not built yet"));
}

void local_fleet::update_mcp(const principal& /*who*/, mcp_id /*which*/, mcp_patch /*patch*/,
                             reply<mcp_server> handler) {
  handler(fail(errc::internal, "not built yet"));
}

void local_fleet::delete_mcp(const principal& /*who*/, mcp_id /*which*/, reply<void> handler) {
  handler(fail(errc::internal, "not built yet"));
}

}  // namespace flotilla::runtime
