// The fake fleet's memory.
#include "tests/http/fake_fleet.hpp"

#include <algorithm>
#include <stdexcept>

namespace flotilla::test {
namespace {

constexpr std::chrono::seconds patience{20};

}  // namespace

std::string token_of(role which) {
  std::string text = "fr_live_" + std::string(43, 'A');
  text[8] = static_cast<char>('A' + static_cast<int>(which));
  return text;
}

result<log_chunk> fake_log::read(std::uint64_t& cursor, std::size_t max_bytes) const {
  if (broken_) return flotilla::fail(errc::unavailable, "the store cannot be read");
  log_chunk chunk;
  for (std::size_t bytes = 0; cursor < entries_.size() && (chunk.entries.empty() || bytes < max_bytes); ++cursor) {
    chunk.entries.push_back({cursor + 1, entries_[cursor]});
    bytes += entries_[cursor]->size();
  }
  chunk.ended = ended_ && cursor >= entries_.size();
  return chunk;
}

void fake_log::wake(std::unique_lock<std::mutex> lock) {
  std::vector<call> calls;
  for (auto* one : all_) {
    if (one->waiting_ && has_news(one->cursor_)) {
      calls.emplace_back(std::exchange(one->waiting_, nullptr), read(one->cursor_, one->max_bytes_));
    }
  }
  lock.unlock();
  for (auto& [handler, chunk] : calls) handler(std::move(chunk));
}

void fake_log::append(std::string json) {
  std::unique_lock lock(guard_);
  entries_.push_back(std::make_shared<const std::string>(std::move(json)));
  wake(std::move(lock));
}

void fake_log::end() {
  std::unique_lock lock(guard_);
  ended_ = true;
  wake(std::move(lock));
}

void fake_log::fail() {
  std::unique_lock lock(guard_);
  broken_ = true;
  wake(std::move(lock));
}

std::size_t fake_log::subscriptions() const {
  const std::lock_guard lock(guard_);
  return all_.size();
}

std::uint64_t fake_log::lowest_cursor() const {
  const std::lock_guard lock(guard_);
  std::uint64_t lowest = entries_.size();
  for (const auto* one : all_) lowest = std::min(lowest, one->cursor_);
  return lowest;
}

void fake_log::await_subscriptions(std::size_t count) const {
  std::unique_lock lock(guard_);
  if (!changed_.wait_for(lock, patience, [&] { return all_.size() == count; })) {
    throw std::runtime_error("there are " + std::to_string(all_.size()) + " subscriptions");
  }
}

fake_subscription::fake_subscription(std::shared_ptr<fake_log> log, std::uint64_t after)
    : log_(std::move(log)), cursor_(after) {
  const std::lock_guard lock(log_->guard_);
  log_->all_.push_back(this);
  log_->changed_.notify_all();
}

fake_subscription::~fake_subscription() {
  const std::lock_guard lock(log_->guard_);
  std::erase(log_->all_, this);
  log_->changed_.notify_all();
}

void fake_subscription::next(std::size_t max_bytes, reply<log_chunk> handler) {
  std::unique_lock lock(log_->guard_);
  if (waiting_) throw std::logic_error("next was called while another call waits");
  if (!log_->has_news(cursor_)) {
    max_bytes_ = max_bytes;
    waiting_ = std::move(handler);
    return;
  }
  auto chunk = log_->read(cursor_, max_bytes);
  lock.unlock();
  handler(std::move(chunk));
}

fake_fleet::fake_fleet() {
  const auto now = timestamp(std::chrono::milliseconds(1'800'000'000'000));
  an_agent.id = agent_id::make(now);
  an_agent.name = "Ada";
  an_agent.created_at = an_agent.updated_at = now;
  a_task.id = task_id::make(now);
  a_task.title = "a task";
  a_task.assignee = an_agent.id;
  a_task.created_at = a_task.updated_at = now;
}

std::shared_ptr<fake_log> fake_fleet::log(task_id which) {
  const std::lock_guard lock(guard_);
  auto& found = logs_[which];
  if (!found) found = std::make_shared<fake_log>();
  return found;
}

std::size_t fake_fleet::changes() const {
  const std::lock_guard lock(guard_);
  return changes_;
}

void fake_fleet::authenticate(std::string_view token, reply<principal> handler) {
  for (const auto one : {role::viewer, role::operator_, role::admin}) {
    if (token != token_of(one)) continue;
    principal who;
    who.role = one;
    who.token.value.bytes[15] = static_cast<std::uint8_t>(1 + static_cast<int>(one));
    return handler(who);
  }
  handler(fail(errc::unauthorized, "the token is not valid"));
}

void fake_fleet::me(const principal& who, reply<identity> handler) {
  if (hold_me) {
    const std::lock_guard lock(guard_);
    held_me_ = std::move(handler);
    held_.notify_all();
    return;
  }
  identity mine;
  mine.user.name = "owner";
  mine.user.role = who.role;
  handler(mine);
}

reply<identity> fake_fleet::await_held_me() {
  std::unique_lock lock(guard_);
  if (!held_.wait_for(lock, patience, [this] { return held_me_ != nullptr; })) {
    throw std::runtime_error("nobody asked");
  }
  return std::exchange(held_me_, nullptr);
}

void fake_fleet::create_agent(const principal&, agent_draft draft, reply<agent> handler) {
  {
    const std::lock_guard lock(guard_);
    last_agent = draft;
    ++changes_;
  }
  auto made = an_agent;
  made.name = draft.name;
  handler(made);
}

void fake_fleet::find_agent(const principal&, agent_id which, reply<agent> handler) {
  if (which != an_agent.id) return handler(fail(errc::not_found, "no such agent"));
  handler(an_agent);
}

void fake_fleet::list_agents(const principal&, agent_query query, reply<page<agent>> handler) {
  const std::lock_guard lock(guard_);
  last_agents = query;
  page<agent> found;
  found.items = {an_agent};
  if (!query.page.cursor) found.next = "a cursor&more";
  handler(found);
}

void fake_fleet::update_agent(const principal&, agent_id which, agent_patch patch, reply<agent> handler) {
  if (which != an_agent.id) return handler(fail(errc::not_found, "no such agent"));
  const std::lock_guard lock(guard_);
  last_patch = patch;
  ++changes_;
  handler(an_agent);
}

void fake_fleet::archive_agent(const principal&, agent_id which, reply<agent> handler) {
  if (which != an_agent.id) return handler(fail(errc::not_found, "no such agent"));
  const std::lock_guard lock(guard_);
  ++changes_;
  handler(an_agent);
}

void fake_fleet::create_task(const principal&, task_draft draft, reply<task> handler) {
  const std::lock_guard lock(guard_);
  ++changes_;
  auto made = a_task;
  made.title = draft.title;
  made.input = draft.input;
  handler(made);
}

void fake_fleet::find_task(const principal&, task_id which, reply<task_detail> handler) {
  if (which != a_task.id) return handler(fail(errc::not_found, "no such task"));
  handler(task_detail{a_task, {}, {}});
}

void fake_fleet::list_tasks(const principal&, task_query query, reply<page<task>> handler) {
  const std::lock_guard lock(guard_);
  last_tasks = query;
  handler(page<task>{{a_task}, {}});
}

void fake_fleet::update_task(const principal&, task_id which, task_patch, reply<task> handler) {
  if (which != a_task.id) return handler(fail(errc::not_found, "no such task"));
  const std::lock_guard lock(guard_);
  ++changes_;
  handler(a_task);
}

void fake_fleet::run_task(const principal&, task_id which, bool restart, reply<run_ticket> handler) {
  if (which != a_task.id) return handler(fail(errc::not_found, "no such task"));
  {
    const std::lock_guard lock(guard_);
    last_restart = restart;
    ++changes_;
  }
  handler(run_ticket{a_task.id, restart ? 2U : 0U});
}

void fake_fleet::watch_task(const principal&, task_id which, event_seq after,
                            reply<std::shared_ptr<subscription>> handler) {
  if (which != a_task.id) return handler(fail(errc::not_found, "no such task"));
  handler(std::make_shared<fake_subscription>(log(which), after));
}

void fake_fleet::list_messages(const principal&, message_query query, reply<page<message>> handler) {
  const std::lock_guard lock(guard_);
  last_messages = query;
  handler(page<message>{});
}

void fake_fleet::watch_messages(const principal&, message_filter filter, std::optional<message_seq> after,
                                reply<std::shared_ptr<subscription>> handler) {
  {
    const std::lock_guard lock(guard_);
    last_watch = filter;
    last_after = after;
  }
  handler(std::make_shared<fake_subscription>(log(), after.value_or(0)));
}

void fake_fleet::drain(std::chrono::milliseconds, std::function<void()> done) {
  state = {false, "draining"};
  std::vector<std::shared_ptr<fake_log>> all;
  {
    const std::lock_guard lock(guard_);
    for (const auto& [id, one] : logs_) all.push_back(one);
  }
  for (const auto& one : all) one->end();
  done();
}

}  // namespace flotilla::test
