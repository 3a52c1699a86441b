// The check of a whole store: its tables, its orgs, each org's parts, and the tokens of all.
#include "storage/check.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "storage/check/org_audit.hpp"
#include "storage/codec.hpp"
#include "storage/paging.hpp"

namespace flotilla::storage {
namespace {

using keys::table;

/// Tables whose keys begin with an org.
constexpr table org_tables[] = {
    table::agents,
    table::agents_by_status,
    table::agents_by_manager,
    table::epics,
    table::events,
    table::tasks_by_epic,
    table::orgs,
    table::messages_by_epic,
    table::inputs,
    table::epic_counters,
    table::bus_heads,
    table::messages,
    table::messages_by_agent,
    table::messages_by_task,
    table::messages_by_type,
    table::org_counters,
    table::secrets,
    table::mcps,
    table::tasks,
    table::users,
    table::tasks_by_status,
    table::work,
    table::tasks_by_assignee,
    table::tasks_by_assignee_and_status,
    table::mcps_by_name,
    table::tokens_by_org,
    table::token_uses,
    table::usage,
    table::usage_totals,
    table::tasks_made,
    table::answers,
    table::answers_by_age,
    table::children,
    table::signals,
    table::parked,
    table::budgets,
    table::mailboxes,
    table::said,
    table::agents_by_name,
    table::agents_by_team,
    table::usage_below,
};

bool is_known(char which) {
  const auto of = static_cast<table>(which);
  return of == table::meta || of == table::tokens ||
         std::find(std::begin(org_tables), std::end(org_tables), of) != std::end(org_tables);
}

/// Goes from group to group of keys: `visit` is given a group's first key and answers how many of its bytes are the
/// group's prefix.
result<void> each_group(const snapshot& from, key_range rest,
                        const std::function<std::size_t(const std::string& key)>& visit) {
  for (;;) {
    auto row = first_of(from, rest, direction::forward);
    if (!row) return fail(std::move(row.error()));
    if (!*row) return {};
    const auto& key = (*row)->first;
    auto next = keys_with_prefix(std::string_view(key).substr(0, visit(key))).to;
    if (next.empty() || (!rest.to.empty() && next >= rest.to)) return {};
    rest.from = std::move(next);
  }
}

/// Every row belongs to a table that there is.
result<void> check_tables(const snapshot& from, findings& found) {
  auto done = each_row(from, keys::all(table::meta), [&found](std::string_view rest, std::string_view) {
    found.count(table::meta, 1);
    if (keys::all(table::meta).append(rest) != keys::format()) {
      found.fault(rules::table, "There is a row beside that of the format (" + hex(rest) + ").");
    }
    return result<void>{};
  });
  if (!done) return done;
  return each_group(from, {}, [&found](const std::string& key) {
    if (key.empty() || !is_known(key.front()))
      found.fault(rules::table, "There are rows of no table (" + hex(key.substr(0, 1)) + ").");
    return std::size_t{1};
  });
}

/// Every row of a table belongs to an org that there is.
result<void> check_orgs_of(const snapshot& from, findings& found, table of, const std::set<org_id>& known) {
  constexpr std::size_t prefix_size = 1 + ulid::size;
  return each_group(from, keys_with_prefix(keys::all(of)), [&](const std::string& key) {
    if (key.size() < prefix_size) {
      found.fault(rules::table, "A key of the table of " + std::string(name_of(of)) + " names no org.");
      return key.size();
    }
    const org_id org{keys::ulid_from(std::string_view(key).substr(1))};
    if (!known.contains(org)) {
      found.fault(rules::org, "The table of " + std::string(name_of(of)) + " has rows of the org " + org.to_string() +
                                  ", which there is not.");
    }
    return prefix_size;
  });
}

result<std::set<org_id>> check_orgs(const snapshot& from, findings& found) {
  std::set<org_id> known;
  auto done = each_row(from, keys::all(table::orgs), [&](std::string_view rest, std::string_view bytes) {
    found.count(table::orgs, 1);
    const auto value = decode_org(bytes);
    if (rest.size() != ulid::size || !value || value->id.value != keys::ulid_from(rest)) {
      found.fault(rules::record, "An org cannot be read, or is another one (" + hex(rest) + ").");
    }
    if (rest.size() == ulid::size) known.insert({keys::ulid_from(rest)});
    return result<void>{};
  });
  if (!done) return fail(std::move(done.error()));
  return known;
}

/// Every token is one of its org's.
result<void> check_all_tokens(const snapshot& from, findings& found) {
  return each_row(from, keys::all(table::tokens), [&](std::string_view hash, std::string_view bytes) -> result<void> {
    found.count(table::tokens, 1);
    const auto value = decode_token(bytes);
    if (!value) {
      found.fault(rules::record, "An API token cannot be read.");
      return {};
    }
    const auto row = from.get(keys::org_token(value->org, value->id));
    if (!row) return fail(row.error());
    if (*row != hash) {
      found.fault(rules::token,
                  "The API token " + value->id.to_string() + " is none of its org " + value->org.to_string() + ".");
    }
    return {};
  });
}

/// A table in which an org has one row at most.
result<void> check_single(org_audit& in, table of) {
  return each_row(in, of, 0, [&](std::string_view rest, std::string_view) {
    if (!rest.empty()) {
      in.found.fault(rules::table, "A key of the table of " + std::string(name_of(of)) + " is too long.");
    }
    return result<void>{};
  });
}

result<void> check_org(org_audit in) {
  for (const auto of : {table::org_counters, table::bus_heads}) {
    if (auto done = check_single(in, of); !done) return done;
  }
  for (auto* part : {&check_access, &check_agents, &check_catalog, &check_tasks, &check_bus, &check_answers,
                     &check_counters, &check_usage, &check_signals, &check_budgets}) {
    if (auto done = part(in); !done) return done;
  }
  return {};
}

}  // namespace

result<store_check> check(const snapshot& from, std::size_t most_named) {
  const auto format = read_format(from);
  if (!format) return fail(format.error());
  findings found(most_named);
  if (auto done = check_tables(from, found); !done) return fail(std::move(done.error()));
  const auto orgs = check_orgs(from, found);
  if (!orgs) return fail(orgs.error());
  for (const auto of : org_tables) {
    if (auto done = check_orgs_of(from, found, of, *orgs); !done) return fail(std::move(done.error()));
  }
  if (auto done = check_all_tokens(from, found); !done) return fail(std::move(done.error()));
  for (const auto& org : *orgs) {
    if (auto done = check_org({from, found, org, *format}); !done) return fail(std::move(done.error()));
  }
  return std::move(found).report(*format);
}

}  // namespace flotilla::storage
