#include "tests/fleet_crashes/crowd.hpp"

#include <cmath>
#include <cstdlib>
#include <future>
#include <iostream>
#include <utility>

#include "core/clock.hpp"
#include "storage/records.hpp"

namespace flotilla::fleet_crashes {
namespace {

constexpr std::size_t members_in_batch = 100;

// The pauses leave room for crashes in the middle of an answer.
constexpr const char* script = "@say \"One, \"\n@delay 5ms\n@say \"two, \"\n@delay 5ms\n@say \"three.\"";

agent make_agent(std::optional<agent_id> manager, timestamp now) {
  agent made;
  made.id = agent_id::make(now);
  made.name = "One of many";
  made.role = "You count.";
  made.model = "rehearsal-1";
  made.provider = "rehearsal";
  made.glyph = "\xF0\x9F\x90\x9C";
  made.manager = manager;
  made.created_at = made.updated_at = now;
  return made;
}

storage::task_record make_task(agent_id who, timestamp now) {
  storage::task_record made;
  made.task.id = task_id::make(now);
  made.task.title = "Count";
  made.task.input = script;
  made.task.assignee = who;
  made.task.created_at = made.task.updated_at = now;
  return made;
}

void commit(storage::store& to, storage::batch changes) {
  std::promise<bool> done;
  to.commit(std::move(changes), storage::durability::buffered,
            [&done](const result<void>& outcome) { done.set_value(outcome.has_value()); });
  if (done.get_future().get()) return;
  std::cerr << "the store cannot be written\n";
  std::exit(EXIT_FAILURE);
}

/// How many agents each level has: each is wider than the one above it by the same factor.
std::vector<std::size_t> level_sizes(std::size_t agents) {
  const auto width = std::pow(static_cast<double>(agents), 1.0 / (levels - 1));
  std::vector<std::size_t> sizes;
  std::size_t left = agents;
  for (std::size_t level = 0; level + 1 < levels; ++level) {
    const auto wanted = static_cast<std::size_t>(std::pow(width, static_cast<double>(level)));
    sizes.push_back(std::min(std::max<std::size_t>(wanted, 1), left));
    left -= sizes.back();
  }
  sizes.push_back(left);
  return sizes;
}

}  // namespace

std::vector<member> write_crowd(storage::store& to, org_id org, std::size_t agents) {
  std::vector<member> crowd;
  std::vector<agent_id> above;
  storage::batch changes;
  const auto sizes = level_sizes(agents);
  for (std::size_t level = 0; level < sizes.size(); ++level) {
    std::vector<agent_id> here;
    for (std::size_t i = 0; i < sizes[level]; ++i) {
      const auto now = system_wall_clock().now();
      const auto who = make_agent(above.empty() ? std::nullopt : std::optional(above[i % above.size()]), now);
      const auto work = make_task(who.id, now);
      storage::write_agent(changes, org, nullptr, who);
      (void)storage::write_task(changes, org, nullptr, work);
      here.push_back(who.id);
      crowd.push_back({{org, who.id}, work.task.id, level + 1 < sizes.size() && sizes[level + 1] > i});
      if (crowd.size() % members_in_batch == 0) commit(to, std::exchange(changes, {}));
    }
    if (!here.empty()) above = std::move(here);
  }
  commit(to, std::move(changes));
  return crowd;
}

const char* expected_output() noexcept {
  return "One, two, three.";
}

}  // namespace flotilla::fleet_crashes
