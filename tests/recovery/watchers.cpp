#include "tests/recovery/watchers.hpp"

#include <poll.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace flotilla::recovery {
namespace {

using steady = std::chrono::steady_clock;

constexpr int poll_ms = 5;
constexpr std::chrono::milliseconds after_cut{5};       ///< until a stream is opened again
constexpr std::chrono::milliseconds after_waiting{60};  ///< until a task that waited is looked at again

}  // namespace

watchers::watchers(const server_address& where, complaints& wrong, moments& seen, scripted_vendor& vendor)
    : where_(where), wrong_(wrong), seen_(seen), vendor_(vendor), thread_([this] { run(); }) {
}

watchers::~watchers() {
  stopping_ = true;
  thread_.join();
}

void watchers::watch(const std::string& task, const std::string& script, const std::string& parent) {
  const std::lock_guard lock(mutex_);
  if (!by_id_.emplace(task, tasks_.size()).second) return;
  tasks_.push_back({task, script, parent, watched_stream("/api/tasks/" + task + "/events"), 0, 0, false, {}});
}

void watchers::nudge(const std::string& task) {
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(task);
  if (found != by_id_.end()) tasks_[found->second].next_try = {};
}

std::size_t watchers::open_tasks() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(tasks_.begin(), tasks_.end(), [](const auto& task) { return !task.ended; }));
}

std::size_t watchers::total_tasks() const {
  const std::lock_guard lock(mutex_);
  return tasks_.size();
}

void watchers::visit(const std::function<void(const watched_task&)>& each) const {
  const std::lock_guard lock(mutex_);
  for (const auto& task : tasks_) each(task);
}

std::string watchers::bus_bytes() const {
  const std::lock_guard lock(mutex_);
  return bus_.bytes();
}

std::size_t watchers::bus_events() const {
  const std::lock_guard lock(mutex_);
  return bus_.events().size();
}

void watchers::run() {
  while (!stopping_) {
    try {
      round();
    } catch (const std::exception& problem) {
      wrong_.add(std::string("a stream cannot be read: ") + problem.what());
    }
  }
}

void watchers::round() {
  std::vector<pollfd> sockets;
  std::vector<std::size_t> owners;  // of the sockets; tasks_.size(): the bus
  {
    const std::lock_guard lock(mutex_);
    const auto add = [&](const watched_stream& stream, std::size_t owner) {
      if (stream.socket() < 0) return;
      sockets.push_back({stream.socket(), POLLIN, 0});
      owners.push_back(owner);
    };
    reopen(bus_, bus_next_try_);
    for (auto& task : tasks_) {
      if (!task.ended) reopen(task.stream, task.next_try);
    }
    for (std::size_t i = 0; i < tasks_.size(); ++i) add(tasks_[i].stream, i);
    add(bus_, SIZE_MAX);
  }
  ::poll(sockets.data(), sockets.size(), poll_ms);
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    if (sockets[i].revents == 0) continue;
    if (owners[i] == SIZE_MAX) {
      take_bus();
    } else {
      take(tasks_[owners[i]]);
    }
  }
}

void watchers::reopen(watched_stream& stream, steady::time_point& next_try) const {
  if (stream.socket() >= 0 || steady::now() < next_try) return;
  next_try = steady::now() + after_cut;
  if (const auto life = where_.now()) (void)stream.open(life->port);
}

// Reads what has come, and looks at it.
void watchers::take(watched_task& of) {
  const auto state = of.stream.read();
  const auto& events = of.stream.events();
  for (; of.looked_at < events.size(); ++of.looked_at) {
    const auto& event = events[of.looked_at];
    if (event.id != of.looked_at + 1) {
      wrong_.add("task " + of.id + ": event " + std::to_string(event.id) + " came as number " +
                 std::to_string(of.looked_at + 1));
    }
    look_at(of, event);
  }
  if (state == stream_state::ended) of.next_try = steady::now() + after_waiting;
  if (state == stream_state::refused && of.stream.status() != 503) {
    wrong_.add("task " + of.id + " was accepted, and its stream is answered " + std::to_string(of.stream.status()));
    of.next_try = steady::now() + after_waiting;
  }
}

void watchers::take_bus() {
  (void)bus_.read();
  for (; bus_looked_at_ < bus_.events().size(); ++bus_looked_at_) {
    const auto id = bus_.events()[bus_looked_at_].id;
    if (id != bus_looked_at_ + 1) {
      wrong_.add("the bus: message " + std::to_string(id) + " came as number " + std::to_string(bus_looked_at_ + 1));
    }
  }
}

void watchers::look_at(watched_task& of, const seen_event& event) {
  if (event.type == "status") return look_at_status(of, event);
  if (event.type == "output") seen_.happened(moment::answer_begun);
  if (event.type == "tool_call") seen_.happened(moment::tool_begun);
  if (event.type == "tool_result") seen_.happened(moment::tool_answered);
}

void watchers::look_at_status(watched_task& of, const seen_event& event) {
  static const std::map<std::string, moment, std::less<>> told = {
      {"queued", moment::queued},       {"retrying", moment::retrying},
      {"approved", moment::decided},    {"rejected", moment::decided},
      {"delegated", moment::delegated}, {"done", moment::ended},
      {"error", moment::ended},         {"approval_requested", moment::human_asked}};
  if (event.text == "model_answer") vendor_.answer_was_seen(of.script, of.answers++);
  if (event.text == "done" || event.text == "error") {
    of.ended = true;
    if (!of.parent.empty()) seen_.happened(moment::child_ended);
  }
  if (event.text == "delegated") {
    const auto child = event.data.at("taskId").get<std::string>();
    if (by_id_.emplace(child, tasks_.size()).second) {
      tasks_.push_back({child,
                        event.call_id.substr(call_prefix.size()),
                        of.id,
                        watched_stream("/api/tasks/" + child + "/events"),
                        0,
                        0,
                        false,
                        {}});
    }
  }
  if (event.text == "crashed") wrong_.add("task " + of.id + ": its run crashed: " + event.block);
  const auto found = told.find(event.text);
  if (found != told.end()) seen_.happened(found->second);
}

}  // namespace flotilla::recovery
