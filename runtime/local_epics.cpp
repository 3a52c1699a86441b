// The fleet on one machine: its epics and its usage.
#include <utility>

#include "core/text_rules.hpp"
#include "core/validation.hpp"
#include "runtime/epic_changes.hpp"
#include "runtime/local_fleet.hpp"
#include "runtime/redaction.hpp"
#include "storage/usage_records.hpp"

namespace flotilla::runtime {

void local_fleet::create_epic(const principal& who, epic_draft draft, reply<epic> handler) {
  if (refused(handler)) return;
  draft = redacted(std::move(draft), vault_->redactor_of(who.org));
  change<epic>(
      context(), who,
      [org = who.org, draft = std::move(draft)](const storage::snapshot& from) {
        return decide_create(from, org, draft, system_wall_clock().now());
      },
      std::move(handler));
}

void local_fleet::find_epic(const principal& who, epic_id which, reply<epic_detail> handler) {
  read<epic_detail>(
      context(), [org = who.org, which](const storage::snapshot& from) { return read_epic_detail(from, org, which); },
      std::move(handler));
}

void local_fleet::list_epics(const principal& who, epic_query query, reply<page<epic>> handler) {
  if (auto valid = validate(query.page); !valid) return handler(fail(std::move(valid.error())));
  read<page<epic>>(
      context(),
      [org = who.org, query = std::move(query)](const storage::snapshot& from) {
        return storage::list_epics(from, org, query);
      },
      std::move(handler));
}

void local_fleet::update_epic(const principal& who, epic_id which, epic_patch patch, reply<epic> handler) {
  if (refused(handler)) return;
  patch = redacted(std::move(patch), vault_->redactor_of(who.org));
  change_unkeyed<epic>(
      context(), who.org,
      [org = who.org, which, patch = std::move(patch)](const storage::snapshot& from) {
        return decide_update(from, org, which, patch, system_wall_clock().now());
      },
      std::move(handler));
}

void local_fleet::usage(const principal& who, usage_query query, reply<usage_summary> handler) {
  read<usage_summary>(
      context(),
      [org = who.org, query](const storage::snapshot& from) -> result<usage_summary> {
        if (query.agent) {
          const auto known = storage::read_agent(from, org, *query.agent);
          if (!known) return fail(known.error());
          if (!*known) return wrong("agent", "no such agent");
        }
        return storage::read_usage(from, org, query, system_wall_clock().now());
      },
      std::move(handler));
}

}  // namespace flotilla::runtime
