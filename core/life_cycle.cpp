// The rules of the life of tasks and agents.
#include "core/life_cycle.hpp"

#include "core/name_table.hpp"

namespace flotilla {
namespace {

constexpr name_table<task_step, 8> steps{
    {"start", "ask", "approve", "reject", "finish", "fail", "cancel", "restart"}};

struct transition {
  task_status from;
  task_step step;
  task_status to;
};

using enum task_status;

/// Every step that there is. A rejected call is told to the model, which goes on: the task runs again.
constexpr transition transitions[] = {
    {pending, task_step::start, running},    //
    {pending, task_step::cancel, error},     //
    {running, task_step::ask, waiting},      //
    {running, task_step::finish, done},      //
    {running, task_step::fail, error},       //
    {running, task_step::cancel, error},     //
    {waiting, task_step::approve, running},  //
    {waiting, task_step::reject, running},   //
    {waiting, task_step::fail, error},       //
    {waiting, task_step::cancel, error},     //
    {done, task_step::restart, pending},     //
    {error, task_step::restart, pending},    //
};

struct request {
  task_status from;
  task_status to;
  task_step step;
};

/// What a client means by setting a status (the contract's PATCH); each is a step of the table above.
constexpr request requests[] = {
    {pending, error, task_step::cancel},     //
    {running, error, task_step::cancel},     //
    {waiting, running, task_step::approve},  //
    {waiting, error, task_step::reject},     //
    {done, pending, task_step::restart},     //
    {error, pending, task_step::restart},    //
};

struct agent_change {
  agent_status from;
  agent_status to;
};

/// `running` is derived: such an agent is stored as active.
constexpr agent_change agent_changes[] = {
    {agent_status::active, agent_status::paused},
    {agent_status::active, agent_status::archived},
    {agent_status::paused, agent_status::active},
    {agent_status::paused, agent_status::archived},
};

void add_name(std::string& names, std::string_view name) {
  if (!names.empty()) names += ", ";
  names += name;
}

std::string with_article(std::string_view status) {
  const bool vowel = std::string_view("aeiou").find(status.front()) != std::string_view::npos;
  return (vowel ? "an " : "a ") + std::string(status);
}

tl::unexpected<flotilla::error> illegal(const std::string& who, std::string_view to, const std::string& legal) {
  return fail(errc::invalid, "status: " + who + " cannot become " + std::string(to) +
                                 "; legal: " + (legal.empty() ? "none" : legal));
}

}  // namespace

std::string_view to_string(task_step step) noexcept {
  return steps.name(step);
}

std::optional<task_status> after(task_status from, task_step step) noexcept {
  for (const auto& row : transitions) {
    if (row.from == from && row.step == step) return row.to;
  }
  return std::nullopt;
}

result<std::optional<task_step>> requested_step(task_status from, task_status to) {
  if (from == to) return std::nullopt;
  std::string legal;
  for (const auto& row : requests) {
    if (row.from != from) continue;
    if (row.to == to) return row.step;
    add_name(legal, to_string(row.to));
  }
  return illegal(with_article(to_string(from)) + " task", to_string(to), legal);
}

result<void> check_agent_transition(agent_status from, agent_status to) {
  if (from == agent_status::running) from = agent_status::active;
  if (from == to) return {};
  std::string legal;
  for (const auto& row : agent_changes) {
    if (row.from != from) continue;
    if (row.to == to) return {};
    add_name(legal, to_string(row.to));
  }
  return illegal(with_article(to_string(from)) + " agent", to_string(to), legal);
}

}  // namespace flotilla
