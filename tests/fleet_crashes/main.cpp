// A large fleet at work while its agents crash:
//
//   fleet_crashes [--agents N] [--interval-us T] [--seed S]
//
// N agents (10,000) in a chain of command of five levels have a task each for the offline provider. All are run at
// once while, every T microseconds (200), a random agent's actor is ended as a bug would end it. At the end every
// task must have ended as it should: done, with exactly the output that it should have; or, where its agent was given
// up, with the error that says so. Then the memory that an active idle agent takes is measured, and whether it comes
// back. Exit code 0: all was as it should be.
#include <malloc.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>

#include <stdlib.h>

#include "core/clock.hpp"
#include "storage/memory/memory_store.hpp"
#include "storage/records.hpp"
#include "storage/rocksdb/rocksdb_store.hpp"
#include "storage/usage_records.hpp"
#include "tests/fleet_crashes/crowd.hpp"
#include "tests/fleet_crashes/engine.hpp"

namespace {

using namespace flotilla;
using namespace flotilla::fleet_crashes;
using steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds poll{20};
constexpr std::chrono::seconds patience{300};  ///< for anything that is waited for
constexpr std::chrono::minutes never_idle{60};
constexpr std::chrono::milliseconds soon_idle{200};

struct options {
  std::size_t agents = 10'000;
  std::chrono::microseconds interval{200};
  std::uint64_t seed = 1;
};

/// Throws std::invalid_argument.
options read_options(int count, char** arguments) {
  options found;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string name = arguments[i];
    const auto value = std::stoull(arguments[i + 1]);
    if (name == "--agents" && value > 0) {
      found.agents = value;
    } else if (name == "--interval-us" && value > 0) {
      found.interval = std::chrono::microseconds(value);
    } else if (name == "--seed") {
      found.seed = value;
    } else {
      throw std::invalid_argument(name);
    }
  }
  if (count % 2 == 0) throw std::invalid_argument("a value is missing");
  return found;
}

template <class T>
T must(result<T> outcome) {
  if (outcome) return std::move(*outcome);
  std::cerr << "the store cannot be read: " << outcome.error().message << '\n';
  std::exit(EXIT_FAILURE);
}

/// Waits until something is so. False: it is not, for longer than anybody should wait.
template <class Condition>
bool wait_until(Condition is_so) {
  for (const auto begin = steady::now(); steady::now() - begin < patience; std::this_thread::sleep_for(poll)) {
    if (is_so()) return true;
  }
  return false;
}

std::uint64_t ended(const storage::store& in, org_id org) {
  const auto counts = must(storage::read_org_counts(*must(in.snapshot()), org));
  const auto of = [&](storage::org_counter which) { return counts.at(static_cast<std::size_t>(which)); };
  return of(storage::org_counter::tasks_done) + of(storage::org_counter::tasks_error);
}

/// Tasks that stay pending because their agent was given up before they began. Looked up only where few are left.
std::size_t paused_before_beginning(const storage::store& in, const std::vector<member>& crowd) {
  const auto org = crowd.front().who.org;
  const auto seen = must(in.snapshot());
  agent_query query;
  query.status = agent_status::paused;
  std::size_t found = 0;
  do {
    const auto page = must(storage::list_agents(*seen, org, query));
    for (const auto& each : page.items) {
      task_query pending;
      pending.assignee = each.id;
      pending.status = task_status::pending;
      found += must(storage::list_tasks(*seen, org, pending)).items.size();
    }
    query.page.cursor = page.next;
  } while (query.page.cursor);
  return found;
}

/// Holds every task against what it should be. Gives how many were not so.
std::size_t check_tasks(const storage::store& in, const std::vector<member>& crowd) {
  const auto seen = must(in.snapshot());
  std::map<std::string, std::size_t> ends;
  std::size_t wrong = 0;
  for (const auto& each : crowd) {
    const auto task = must(storage::read_task(*seen, each.who.org, each.work))->value.task;
    const auto agent = must(storage::read_agent(*seen, each.who.org, each.who.agent))->value;
    const bool given_up = agent.status == agent_status::paused;
    const bool done = task.status == task_status::done && task.output == expected_output();
    const bool failed = given_up && task.status == task_status::error && task.error->code == "agent_failed";
    const bool never_begun = given_up && task.status == task_status::pending;
    ++ends[done ? "done" : failed ? "agent_failed" : never_begun ? "pending, its agent is paused" : "wrong"];
    if (done || failed || never_begun) continue;
    if (++wrong <= 10) {
      std::cerr << task.id.to_string() << ": " << to_string(task.status) << ' '
                << (task.error ? task.error->code + ' ' + task.error->message : task.output.value_or("")) << '\n';
    }
  }
  for (const auto& [how, tasks] : ends) std::cout << "  " << tasks << " tasks: " << how << '\n';
  return wrong;
}

/// Runs the crowd's tasks while agents crash.
bool run_crowd(const options& wanted, const std::filesystem::path& directory) {
  storage::rocksdb_options where;
  where.directory = directory / "store";
  const auto store = must(storage::open_rocksdb_store(std::move(where)));
  const auto org = org_id::make(system_wall_clock().now());
  const auto crowd = write_crowd(*store, org, wanted.agents);
  engine fleet(*store, never_idle);
  const auto begin = steady::now();
  fleet.begin_crashes(crowd, wanted.interval, wanted.seed);
  fleet.run_all(crowd);
  const bool all_ended =
      wait_until([&] { return ended(*store, org) + paused_before_beginning(*store, crowd) >= crowd.size(); });
  fleet.stop_crashes();
  const std::chrono::duration<double> took = steady::now() - begin;
  std::cout << crowd.size() << " agents, " << fleet.crashes() << " crashes (" << fleet.manager_crashes()
            << " of managers) in " << took.count() << " s\n";
  const auto wrong = check_tasks(*store, crowd);
  if (!all_ended) std::cerr << "not all tasks have ended\n";
  return all_ended && wrong == 0;
}

std::size_t bytes_in_use() {
  ::malloc_trim(0);
  const auto now = ::mallinfo2();
  return now.uordblks + now.hblkhd;
}

/// What an active idle agent takes, and whether it is let go.
bool measure_memory(const options& wanted) {
  const auto store = storage::make_memory_store();
  const auto crowd = write_crowd(*store, org_id::make(system_wall_clock().now()), wanted.agents);
  {
    engine fleet(*store, never_idle);
    if (!wait_until([&] { return fleet.is_quiet() && fleet.actors() == 1; })) return false;
    const auto before = bytes_in_use();
    fleet.activate_all(crowd);
    if (!wait_until([&] { return fleet.is_quiet() && fleet.actors() == crowd.size() + 1; })) return false;
    std::cout << "an active idle agent takes " << (bytes_in_use() - before) / crowd.size() << " bytes\n";
  }
  engine fleet(*store, soon_idle);
  bool all_were_there = false;
  const auto before = bytes_in_use();
  fleet.activate_all(crowd);
  const bool went = wait_until([&] {
    all_were_there = all_were_there || fleet.actors() > crowd.size() / 2;
    return all_were_there && fleet.actors() == 1;
  });
  const auto after = bytes_in_use();
  std::cout << "when all were let go, " << (after > before ? (after - before) / crowd.size() : 0)
            << " bytes an agent were left\n";
  if (!went) std::cerr << "agents were not let go\n";
  return went;
}

}  // namespace

int main(int count, char** arguments) {
  options wanted;
  try {
    wanted = read_options(count, arguments);
  } catch (const std::exception&) {
    std::cerr << "usage: fleet_crashes [--agents N] [--interval-us T] [--seed S]\n";
    return EXIT_FAILURE;
  }
  std::string directory = (std::filesystem::temp_directory_path() / "flotilla-crashes-XXXXXX").string();
  if (::mkdtemp(directory.data()) == nullptr) return EXIT_FAILURE;
  const bool memory_came_back = measure_memory(wanted);
  const bool all_well = run_crowd(wanted, directory);
  if (all_well) {
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  } else {
    std::cerr << "the store is kept in " << directory << '\n';
  }
  return all_well && memory_came_back ? EXIT_SUCCESS : EXIT_FAILURE;
}
