#include "storage/key_schema.hpp"

#include <cstring>

namespace flotilla::storage::keys {
namespace {

// The numbers on the disk are those of the enums: whoever reorders these breaks every store.
static_assert(static_cast<int>(agent_status::active) == 0 && static_cast<int>(agent_status::paused) == 2 &&
              static_cast<int>(agent_status::archived) == 3);
static_assert(static_cast<int>(task_status::pending) == 0 && static_cast<int>(task_status::running) == 1 &&
              static_cast<int>(task_status::waiting) == 2 && static_cast<int>(task_status::done) == 3 &&
              static_cast<int>(task_status::error) == 4);
static_assert(static_cast<int>(task_priority::high) == 0 && static_cast<int>(task_priority::normal) == 1 &&
              static_cast<int>(task_priority::low) == 2);
static_assert(static_cast<int>(secret_scope::org) == 0 && static_cast<int>(secret_scope::agent) == 1);
static_assert(static_cast<int>(budget_period::day) == 0 && static_cast<int>(budget_period::week) == 1 &&
              static_cast<int>(budget_period::month) == 2);

std::string begin(table of) {
  return std::string(1, static_cast<char>(of));
}

template <id_kind Kind>
std::string operator+(std::string key, const id<Kind>& value) {
  key.append(bytes_of(value.value));
  return key;
}

std::string operator+(std::string key, std::uint64_t seq) {
  key.append(seq_bytes(seq));
  return key;
}

std::string operator+(std::string key, const std::array<std::uint8_t, 32>& hash) {
  for (const auto byte : hash) key.push_back(static_cast<char>(byte));
  return key;
}

template <class Enum>
requires std::is_enum_v<Enum> std::string operator+(std::string key, Enum value) {
  key.push_back(static_cast<char>(value));
  return key;
}

/// A text that ends with a zero byte, behind which the position stands.
std::string begin_text(table of, org_id org, std::string_view text) {
  auto key = begin(of) + org;
  key.append(text).push_back('\0');
  return key;
}

}  // namespace

std::string format() {
  return begin(table::meta).append("format");
}
std::string agent(org_id org, agent_id which) {
  return begin(table::agents) + org + which;
}
std::string event(org_id org, task_id task, std::uint64_t seq) {
  return events(org, task) + seq;
}
std::string org(org_id which) {
  return begin(table::orgs) + which;
}
std::string bus_head(org_id org) {
  return begin(table::bus_heads) + org;
}
std::string message(org_id org, std::uint64_t seq) {
  return begin(table::messages) + org + seq;
}
std::string task(org_id org, task_id which) {
  return begin(table::tasks) + org + which;
}
std::string user(org_id org, user_id which) {
  return begin(table::users) + org + which;
}

std::string epic(org_id org, epic_id which) {
  return begin(table::epics) + org + which;
}
std::string epic_counters(org_id org, epic_id which) {
  return begin(table::epic_counters) + org + which;
}
std::string input(org_id org, task_id which) {
  return begin(table::inputs) + org + which;
}
std::string org_counters(org_id org) {
  return begin(table::org_counters) + org;
}
std::string secret(org_id org, const secret_name& name) {
  return (begin(table::secrets) + org + name.scope + name.agent.value_or(agent_id{})).append(name.key);
}
std::string mcp(org_id org, mcp_id which) {
  return begin(table::mcps) + org + which;
}
std::string mcp_name(org_id org, std::string_view name) {
  return (begin(table::mcps_by_name) + org).append(name);
}
std::string org_token(org_id org, token_id which) {
  return begin(table::tokens_by_org) + org + which;
}
std::string token_use(org_id org, token_id which) {
  return begin(table::token_uses) + org + which;
}
std::string usage(org_id org, budget_period period, std::uint64_t bucket, agent_id agent, std::string_view model) {
  return usage_of(org, period, bucket, agent).append(model);
}
std::string usage_totals(org_id org, budget_period period, std::uint64_t bucket) {
  return begin(table::usage_totals) + org + period + bucket;
}
std::string tasks_made(org_id org, std::uint64_t month) {
  return begin(table::tasks_made) + org + month;
}
std::string answer(org_id org, const std::array<std::uint8_t, 32>& hash) {
  return begin(table::answers) + org + hash;
}
std::string answer_age(org_id org, std::uint64_t time, const std::array<std::uint8_t, 32>& hash) {
  return begin(table::answers_by_age) + org + time + hash;
}

std::string token(const std::array<std::uint8_t, 32>& hash) {
  return begin(table::tokens) + hash;
}

std::string work(org_id org, agent_id agent, task_priority priority, task_id task) {
  return work_of(org, agent) + priority + task;
}

std::string child(org_id org, task_id parent, task_id child) {
  return children_of(org, parent) + child;
}
std::string signal(org_id org, agent_id agent, task_id task, signal_kind kind, task_id other) {
  return signals_of(org, agent, task) + kind + other;
}
std::string parked(org_id org, std::uint64_t time, task_id task) {
  return begin(table::parked) + org + time + task;
}
std::string budget(org_id org, budget_period period, std::uint64_t bucket, agent_id agent) {
  return begin(table::budgets) + org + period + bucket + agent;
}

std::string mail(org_id org, agent_id agent, std::uint64_t seq) {
  return mailbox_of(org, agent) + seq;
}
std::string usage_below(org_id org, task_id which) {
  return begin(table::usage_below) + org + which;
}

std::string all(table of) {
  return begin(of);
}
std::string all(table of, org_id org) {
  return begin(of) + org;
}

std::string agents_by_status(org_id org, agent_status status) {
  return begin(table::agents_by_status) + org + status;
}

std::string agents_by_manager(org_id org, agent_id manager) {
  return begin(table::agents_by_manager) + org + manager;
}

std::string agents_by_name(org_id org, std::string_view name) {
  return begin_text(table::agents_by_name, org, name);
}

std::string agents_by_team(org_id org, std::string_view team) {
  return begin_text(table::agents_by_team, org, team);
}

std::string mailbox_of(org_id org, agent_id agent) {
  return begin(table::mailboxes) + org + agent;
}

std::string said_by_agent(org_id org, agent_id agent) {
  return begin(table::said) + org + agent;
}

std::string messages_by_epic(org_id org, epic_id epic) {
  return begin(table::messages_by_epic) + org + epic;
}

std::string secrets_of(org_id org, secret_scope scope) {
  return begin(table::secrets) + org + scope;
}
std::string secrets_of(org_id org, agent_id agent) {
  return secrets_of(org, secret_scope::agent) + agent;
}

std::string tasks_by_epic(org_id org, epic_id epic) {
  return begin(table::tasks_by_epic) + org + epic;
}

std::string usage_in(org_id org, budget_period period, std::uint64_t bucket) {
  return begin(table::usage) + org + period + bucket;
}
std::string usage_of(org_id org, budget_period period, std::uint64_t bucket, agent_id agent) {
  return usage_in(org, period, bucket) + agent;
}

std::string events(org_id org, task_id task) {
  return begin(table::events) + org + task;
}

std::string messages_by_agent(org_id org, agent_id agent) {
  return begin(table::messages_by_agent) + org + agent;
}

std::string messages_by_task(org_id org, task_id task) {
  return begin(table::messages_by_task) + org + task;
}

std::string messages_by_type(org_id org, std::string_view type) {
  return begin_text(table::messages_by_type, org, type);
}

std::string tasks_by_status(org_id org, task_status status) {
  return begin(table::tasks_by_status) + org + status;
}

std::string tasks_by_assignee(org_id org, agent_id agent) {
  return begin(table::tasks_by_assignee) + org + agent;
}

std::string tasks_by_assignee_and_status(org_id org, agent_id agent, task_status status) {
  return begin(table::tasks_by_assignee_and_status) + org + agent + status;
}

std::string work_of(org_id org, agent_id agent) {
  return begin(table::work) + org + agent;
}

std::string children_of(org_id org, task_id parent) {
  return begin(table::children) + org + parent;
}

std::string signals_of(org_id org, agent_id agent) {
  return begin(table::signals) + org + agent;
}
std::string signals_of(org_id org, agent_id agent, task_id task) {
  return signals_of(org, agent) + task;
}

std::string seq_bytes(std::uint64_t seq) {
  std::string bytes(seq_size, '\0');
  for (std::size_t i = seq_size; i-- > 0; seq >>= 8U) bytes[i] = static_cast<char>(seq & 0xFFU);
  return bytes;
}

std::uint64_t seq_from(std::string_view bytes) noexcept {
  std::uint64_t seq = 0;
  for (const char byte : bytes) seq = (seq << 8U) | static_cast<unsigned char>(byte);
  return seq;
}

ulid ulid_from(std::string_view bytes) noexcept {
  ulid value;
  std::memcpy(value.bytes.data(), bytes.data(), ulid::size);
  return value;
}

std::string_view bytes_of(const ulid& value) noexcept {
  return {reinterpret_cast<const char*>(value.bytes.data()), ulid::size};
}

std::optional<work_parts> parse_work(std::string_view key) noexcept {
  constexpr std::size_t priority_at = 1 + 2 * ulid::size;
  if (key.size() != priority_at + 1 + ulid::size || key.front() != static_cast<char>(table::work)) {
    return std::nullopt;
  }
  const auto priority = static_cast<unsigned char>(key[priority_at]);
  if (priority > static_cast<unsigned char>(task_priority::low)) return std::nullopt;
  return work_parts{{ulid_from(key.substr(1))},
                    {ulid_from(key.substr(1 + ulid::size))},
                    static_cast<task_priority>(priority),
                    {ulid_from(key.substr(priority_at + 1))}};
}

std::optional<signal_parts> parse_signal(std::string_view key) noexcept {
  constexpr std::size_t kind_at = 1 + 3 * ulid::size;
  if (key.size() != kind_at + 1 + ulid::size || key.front() != static_cast<char>(table::signals)) return std::nullopt;
  const auto kind = static_cast<unsigned char>(key[kind_at]);
  if (kind > static_cast<unsigned char>(signal_kind::wake)) return std::nullopt;
  return signal_parts{{ulid_from(key.substr(1))},
                      {ulid_from(key.substr(1 + ulid::size))},
                      {ulid_from(key.substr(1 + 2 * ulid::size))},
                      static_cast<signal_kind>(kind),
                      {ulid_from(key.substr(kind_at + 1))}};
}

std::optional<parked_parts> parse_parked(std::string_view key) noexcept {
  constexpr std::size_t time_at = 1 + ulid::size;
  if (key.size() != time_at + seq_size + ulid::size || key.front() != static_cast<char>(table::parked)) {
    return std::nullopt;
  }
  return parked_parts{{ulid_from(key.substr(1))},
                      seq_from(key.substr(time_at, seq_size)),
                      {ulid_from(key.substr(time_at + seq_size))}};
}

}  // namespace flotilla::storage::keys
