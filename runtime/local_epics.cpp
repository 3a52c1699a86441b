// The fleet on one machine: its epics and its usage.
#include <utility>

#include "runtime/local_fleet.hpp"

namespace flotilla::runtime {

void local_fleet::create_epic(const principal& /*who*/, epic_draft /*draft*/, reply<epic> handler) {
  handler(fail(errc::internal, "not built yet"));
}

void local_fleet::find_epic(const principal& /*who*/, epic_id /*which*/, reply<epic_detail> handler) {
  handler(fail(errc::internal, "not built yet"));
}

void local_fleet::list_epics(const principal& /*who*/, epic_query /*query*/, reply<page<epic>> handler) {
  handler(fail(errc::internal, "not built yet"));
}

void local_fleet::update_epic(const principal& /*who*/, epic_id /*which*/, epic_patch /*patch*/,
                              reply<epic> handler) {
  handler(fail(errc::internal, "not built yet"));
}

void local_fleet::usage(const principal& /*who*/, usage_query /*query*/, reply<usage_summary> handler) {
  handler(fail(errc::internal, "not built yet"));
}

}  // namespace flotilla::runtime
