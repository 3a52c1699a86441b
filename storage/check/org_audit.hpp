// The check of one org: its tables one after another, and what is summed up on the way.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/id.hpp"
#include "flotilla/result.hpp"
#include "flotilla/usage.hpp"
#include "storage/check/findings.hpp"
#include "storage/paging.hpp"
#include "storage/records.hpp"
#include "storage/store.hpp"
#include "storage/usage_records.hpp"

namespace flotilla::storage {

/// What all parts of an org's check share. The parts below fill the sums; `check_counters`, `check_usage` and
/// `check_budgets` compare them with what was counted, and come last.
struct org_audit {
  const snapshot& from;
  findings& found;
  org_id org;
  std::uint32_t format = format_version;  ///< of the store: an older one has not all tables

  org_counts counts{};
  struct epic_sums {
    std::uint64_t tasks = 0;
    std::uint64_t done = 0;
  };
  std::map<epic_id, epic_sums> epics{};
  std::map<std::uint64_t, std::uint64_t> made_in{};  ///< tasks, by the first day of the month
  /// What tasks have used under their present agent; and in all, under whichever agent, before they were restarted (a
  /// task can be given to another agent then).
  std::map<agent_id, usage_totals> used_by{};
  usage_totals used_before{};
  std::uint64_t delegated = 0;  ///< tasks, as journals tell
  std::uint64_t children = 0;   ///< tasks, as they tell themselves
  /// What all tasks below a task have used.
  std::map<task_id, token_usage> below{};
  /// Tokens that running tasks have reserved, by the budget row's key behind the org.
  std::map<std::string, std::uint64_t> reserved{};
};

// The parts. Errors of each: those of every read; faults go to `found`.
[[nodiscard]] result<void> check_agents(org_audit& in);
[[nodiscard]] result<void> check_tasks(org_audit& in);
[[nodiscard]] result<void> check_bus(org_audit& in);
[[nodiscard]] result<void> check_catalog(org_audit& in);  ///< epics and MCP servers
[[nodiscard]] result<void> check_access(org_audit& in);   ///< users, tokens, secrets
[[nodiscard]] result<void> check_answers(org_audit& in);
[[nodiscard]] result<void> check_counters(org_audit& in);
[[nodiscard]] result<void> check_usage(org_audit& in);
[[nodiscard]] result<void> check_signals(org_audit& in);
[[nodiscard]] result<void> check_budgets(org_audit& in);
/// The tasks above one that was delegated are those that their own records say.
[[nodiscard]] result<void> check_ancestors(org_audit& in, const task_record& record);
/// One task's record against its journal; `events` is raised by the number of its events.
[[nodiscard]] result<void> check_journal(org_audit& in, const task_record& record, std::uint64_t& events);

// --- rows ---------------------------------------------------------------------------------------------------------

/// `each_row` (paging.hpp) for an org's part of a table, whose rows are counted; a row whose rest has not `rest_size`
/// bytes is a fault, and is passed over (0: any size).
[[nodiscard]] result<void> each_row(org_audit& in, keys::table of, std::size_t rest_size, const row_visitor& visit);

/// Is there a row?
[[nodiscard]] result<bool> exists(const snapshot& from, std::string_view key);

/// A row that must be there, since an object names it: else it is a fault, and the answer false. `whose` and `what`
/// are for people.
[[nodiscard]] result<bool> require_row(org_audit& in, std::string_view key, std::string_view whose,
                                       std::string_view what);

/// Bytes as hexadecimal digits, for people.
[[nodiscard]] std::string hex(std::string_view bytes);

/// Index tables against their objects, both ways: every object asks for its rows (`expect`), and at the end no table
/// may hold more rows than were found so (`close`).
class index_audit {
 public:
  explicit index_audit(org_audit& in) : in_(in) {}
  /// `whose`: the object, for people.
  [[nodiscard]] result<void> expect(const std::vector<std::string>& keys, std::string_view whose);
  /// The rows of the object whose id or position stands at an index key's end; nothing where it cannot be read (that
  /// is a fault of its own), no row where there is no such object.
  using keys_at = std::function<result<std::optional<std::vector<std::string>>>(std::string_view position)>;
  [[nodiscard]] result<void> close(keys::table index, std::size_t position_size, const keys_at& of);

 private:
  [[nodiscard]] result<void> hunt(keys::table index, std::size_t position_size, const keys_at& of);

  org_audit& in_;
  std::map<char, std::uint64_t> good_;  ///< rows that stand as they must, by table
};

}  // namespace flotilla::storage
