// The fleet on one machine: its MCP servers, as configured.
#include <utility>

#include "core/validation.hpp"
#include "runtime/local_fleet.hpp"
#include "runtime/mcp_changes.hpp"

namespace flotilla::runtime {

void local_fleet::create_mcp(const principal& who, mcp_draft draft, reply<mcp_server> handler) {
  if (refused(handler)) return;
  change<mcp_server>(
      context(), who,
      [this, org = who.org, draft = std::move(draft)](const storage::snapshot& from) {
        return decide_create(from, org, draft, mcp_policy_, system_wall_clock().now());
      },
      std::move(handler));
}

void local_fleet::find_mcp(const principal& who, mcp_id which, reply<mcp_server> handler) {
  read<mcp_server>(
      context(),
      [org = who.org, which](const storage::snapshot& from) -> result<mcp_server> {
        auto found = existing_mcp(from, org, which);
        if (!found) return fail(std::move(found.error()));
        return std::move(found->value);
      },
      std::move(handler));
}

void local_fleet::list_mcps(const principal& who, page_request wanted, reply<page<mcp_server>> handler) {
  if (auto valid = validate(wanted); !valid) return handler(fail(std::move(valid.error())));
  read<page<mcp_server>>(
      context(),
      [org = who.org, wanted = std::move(wanted)](const storage::snapshot& from) {
        return storage::list_mcps(from, org, wanted);
      },
      std::move(handler));
}

void local_fleet::update_mcp(const principal& who, mcp_id which, mcp_patch patch, reply<mcp_server> handler) {
  if (refused(handler)) return;
  change_unkeyed<mcp_server>(
      context(), who.org,
      [this, org = who.org, which, patch = std::move(patch)](const storage::snapshot& from) {
        return decide_update(from, org, which, patch, mcp_policy_);
      },
      std::move(handler));
}

void local_fleet::delete_mcp(const principal& who, mcp_id which, reply<void> handler) {
  if (refused(handler)) return;
  change_unkeyed<std::monostate>(
      context(), who.org,
      [org = who.org, which](const storage::snapshot& from) { return decide_delete(from, org, which); },
      [handler = std::move(handler)](result<std::monostate> deleted) {
        handler(deleted ? result<void>() : fail(std::move(deleted.error())));
      });
}

}  // namespace flotilla::runtime
