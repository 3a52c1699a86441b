// How long a start takes on a store with work left in it: recovery [FINISHED] [RUNNING] [STARTS] [REGISTERED]
//
// Makes a store with FINISHED tasks that are done and RUNNING tasks that a kill cut in the middle of the model's
// answer, each with its agent, its journal and its messages; and REGISTERED agents more, which have nothing to do.
// Then starts the real server on it STARTS times, and kills it each time once all runs have gone on. Prints for each
// start: when the first request was answered, and when the vendor (a fake one, which never answers) had been asked by
// all runs, and what memory the server then had. Every process that it starts ends with it.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <string>
#include <vector>

#include "core/bus_types.hpp"
#include "core/clock.hpp"
#include "core/run_events.hpp"
#include "storage/records.hpp"
#include "storage/rocksdb/rocksdb_store.hpp"
#include "tests/support/api_client.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/server_process.hpp"

namespace {

using namespace flotilla;
using steady = std::chrono::steady_clock;

constexpr std::size_t max_tasks = 10'000'000;
constexpr std::size_t max_running = 100'000;
constexpr std::size_t max_registered = 10'000'000;
constexpr std::size_t agents_in_batch = 1000;
constexpr std::size_t tasks_in_batch = 100;
constexpr int pieces_of_answer = 5;

[[noreturn]] void give_up(const std::string& why) {
  std::cerr << why << '\n';
  std::exit(1);
}

template <class T>
T must(result<T> outcome) {
  if (!outcome) give_up(outcome.error().message);
  return std::move(*outcome);
}

/// Writes agents and tasks as a server would have left them.
class writer {
 public:
  explicit writer(const std::filesystem::path& directory) {
    storage::rocksdb_options where;
    where.directory = directory / "store";
    store_ = must(storage::open_rocksdb_store(std::move(where)));
    const auto seen = must(store_->snapshot());
    org_ = must(storage::list_orgs(*seen)).at(0).id;
    stamp_ = std::make_shared<storage::bus_stamp>(system_wall_clock(), must(storage::newest_message_time(*seen)));
  }
  ~writer() { flush(); }
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;

  agent add_agent() {
    agent made;
    made.id = agent_id::make(now());
    made.name = "An agent";
    made.role = "You help.";
    made.model = "m";
    made.provider = "anthropic";
    made.glyph = "\xF0\x9F\xA6\x8A";
    made.created_at = made.updated_at = now();
    storage::write_agent(gathered_, org_, nullptr, made);
    if (++agents_ % agents_in_batch == 0) flush();
    return made;
  }

  void add_task(const agent& who, bool finished) {
    storage::task_record record;
    auto& made = record.task;
    made.id = task_id::make(now());
    made.title = "A task";
    made.input = "Write a few words.";
    made.assignee = who.id;
    made.status = finished ? task_status::done : task_status::running;
    made.created_at = made.updated_at = now();
    made.started_at = now();
    if (finished) {
      made.finished_at = now();
      made.usage = {12, 5};
    }
    message(bus::task_created, record.task);
    message(bus::task_started, record.task);
    journal(record, who, finished);
    if (finished) message(bus::task_done, record.task);
    storage::task_effects effects;
    effects.model = who.model;
    (void)storage::write_task(gathered_, org_, nullptr, record, effects);
    if (++tasks_ % tasks_in_batch == 0) flush();
  }

 private:
  static timestamp now() { return system_wall_clock().now(); }

  void journal(storage::task_record& record, const agent& who, bool finished) {
    std::vector<event> events{running_event(1, who.provider, who.model), model_call_event(1, 1)};
    std::string output;
    for (int i = 0; i < pieces_of_answer; ++i) {
      const auto piece = "word " + std::to_string(i) + " ";
      output += piece;
      events.push_back(*delta_event(text_delta{piece}));
    }
    if (finished) {
      events.push_back(model_answer_event({stop_reason::end_turn, {}, {12, 5}}));
      events.push_back(status_event(run_status::done));
      record.task.output = output;
    }
    event_seq seq = 0;
    for (auto& each : events) {
      each.seq = ++seq;
      each.at = now();
      storage::write_event(gathered_, org_, record.task.id, each);
    }
  }

  void message(std::string_view type, const task& about) {
    storage::message_draft made;
    made.type = type;
    made.from = party::of(about.assignee);
    made.to = party::user();
    made.task_id = about.id;
    made.text = about.title;
    storage::append_message(gathered_, org_, std::move(made), stamp_, {});
  }

  void flush() {
    std::promise<result<void>> done;
    store_->commit(std::exchange(gathered_, {}), storage::durability::buffered,
                   [&done](result<void> outcome) { done.set_value(std::move(outcome)); });
    if (const auto outcome = done.get_future().get(); !outcome) give_up(outcome.error().message);
  }

  std::unique_ptr<storage::store> store_;
  org_id org_;
  std::shared_ptr<storage::bus_stamp> stamp_;
  storage::batch gathered_;
  std::size_t tasks_ = 0;
  std::size_t agents_ = 0;
};

void fill(const std::filesystem::path& directory, std::size_t finished, std::size_t running, std::size_t registered) {
  writer to(directory);
  for (std::size_t i = 0; i < registered; ++i) (void)to.add_agent();
  std::vector<agent> agents;
  for (std::size_t i = 0; i < running; ++i) agents.push_back(to.add_agent());
  for (std::size_t i = 0; i < finished; ++i) to.add_task(agents[i % agents.size()], true);
  for (const auto& who : agents) to.add_task(who, false);
}

std::int64_t ms_since(steady::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(steady::now() - begin).count();
}

/// Of a process, in MiB.
std::size_t memory_of(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/statm");
  std::size_t whole = 0;
  std::size_t resident = 0;
  status >> whole >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) >> 20U;
}

/// Starts the server, waits until all runs have asked the vendor, and kills it.
void measure(const std::filesystem::path& directory, const testing::launch_options& options,
             const testing::fake_upstream& upstream, std::size_t running) {
  const auto asked_before = upstream.request_count();
  const auto began = steady::now();
  testing::server_process server(directory, options);
  const testing::api_client api(server.port());
  if (api.get("/api/me").status != 200) give_up("the server does not answer");
  const auto answered = ms_since(began);
  upstream.wait_for_requests(asked_before + running);
  std::cout << "first request answered after " << answered << " ms; all " << running << " runs had gone on after "
            << ms_since(began) << " ms; it has " << memory_of(server.process().id()) << " MiB" << std::endl;
  server.kill();
}

}  // namespace

int main(int count, char** arguments) {
  const auto number = [&](int index, std::size_t otherwise, std::size_t limit) {
    const auto given = count > index ? std::strtoul(arguments[index], nullptr, 10) : otherwise;
    return std::clamp<std::size_t>(given, 1, limit);
  };
  const auto finished = number(1, 100'000, max_tasks);
  const auto running = number(2, 1'000, max_running);
  const auto starts = number(3, 5, 100);
  const auto registered = number(4, 1, max_registered);

  testing::fake_upstream upstream(0, [](const testing::recorded_request&) {
    testing::canned_reply never;
    never.silent = true;
    return never;
  });
  upstream.keep_requests(false);
  const auto directory = std::filesystem::temp_directory_path() / ("flotilla-bench-" + std::to_string(::getpid()));
  testing::launch_options options;
  options.environment = {{"ANTHROPIC_API_KEY", "bench"}, {"ANTHROPIC_BASE_URL", upstream.url()}};
  options.arguments = {"--log-level", "warn"};
  {
    testing::server_process first(directory, options);  // makes the org and its token
    (void)first.port();
    (void)first.terminate();
  }
  const auto began = steady::now();
  fill(directory, finished, running, registered);
  std::cout << "a store with " << finished << " finished and " << running << " running tasks and " << registered
            << " agents without any was made in " << ms_since(began) << " ms" << std::endl;
  for (std::size_t i = 0; i < starts; ++i) measure(directory, options, upstream, running);
  std::filesystem::remove_all(directory);
  return 0;
}
