// What a check of a store gathers: counts and faults.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "flotilla/check.hpp"
#include "storage/key_schema.hpp"

namespace flotilla::storage {

/// The rules of a store, each under the name that its faults carry.
namespace rules {
inline constexpr std::string_view table = "table";    ///< a row belongs to a table that there is, and has its form
inline constexpr std::string_view org = "org";        ///< a row's org exists, and has an admin token
inline constexpr std::string_view record = "record";  ///< a record can be read and stands under its own key
inline constexpr std::string_view reference = "reference";          ///< what an object names exists
inline constexpr std::string_view managers = "managers";            ///< managers make no circle
inline constexpr std::string_view index_missing = "index-missing";  ///< every object has its index rows
inline constexpr std::string_view index_stray = "index-stray";      ///< every index row belongs to its object
inline constexpr std::string_view index_value = "index-value";      ///< index rows are empty
inline constexpr std::string_view input = "input";                  ///< a long input stands beside its task
inline constexpr std::string_view journal_gap = "journal-gap";      ///< positions are 1, 2, 3 …
inline constexpr std::string_view journal_event = "journal-event";  ///< each event can be read and has its place
inline constexpr std::string_view journal_stray = "journal-stray";  ///< events belong to a task
inline constexpr std::string_view task_state = "task-state";        ///< a record's fields agree with its status
inline constexpr std::string_view task_journal = "task-journal";    ///< status and attempt are what the journal says
inline constexpr std::string_view task_output = "task-output";      ///< the output is what the journal says
inline constexpr std::string_view task_usage = "task-usage";        ///< the usage is what the journal says
inline constexpr std::string_view bus_gap = "bus-gap";              ///< positions are 1, 2, 3 … up to the head
inline constexpr std::string_view bus_time = "bus-time";            ///< times never decrease along the bus
inline constexpr std::string_view counter = "counter";              ///< a counter is what a recount gives
inline constexpr std::string_view usage_sum = "usage-sum";          ///< usage by agent, model and time agrees
inline constexpr std::string_view token = "token";                  ///< tokens by hash and by org lead to each other
inline constexpr std::string_view mailbox = "mailbox";              ///< mailboxes hold messages to their agents
inline constexpr std::string_view delegation = "delegation";        ///< parents and children know of each other
inline constexpr std::string_view signal = "signal";                ///< signals tell of tasks that are so
inline constexpr std::string_view budget = "budget";                ///< what is reserved is reserved by tasks
inline constexpr std::string_view mcp_name = "mcp-name";            ///< each name leads to its MCP server
}  // namespace rules

/// A table's name for people, e.g. "tasks by status".
[[nodiscard]] std::string_view name_of(keys::table which) noexcept;

/// One thread at a time.
class findings {
 public:
  explicit findings(std::size_t most_named) : most_named_(most_named) {}
  void fault(std::string_view rule, std::string text);
  void count(keys::table which, std::uint64_t rows) { rows_[which] += rows; }
  [[nodiscard]] store_check report(std::uint32_t format) &&;

 private:
  std::size_t most_named_;
  store_check made_;
  std::map<keys::table, std::uint64_t> rows_;
};

}  // namespace flotilla::storage
