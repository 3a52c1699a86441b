// The fake fleet's memory.
#include "tests/http/fake_fleet.hpp"

#include <algorithm>
#include <stdexcept>

namespace flotilla::test {
namespace {

constexpr std::chrono::seconds patience{20};
constexpr timestamp now{std::chrono::milliseconds(1'800'000'000'000)};

template <class Map, class Id>
auto found_or(const Map& all, const Id& which, const char* noun) -> result<typename Map::mapped_type> {
  const auto found = all.find(which);
  if (found == all.end()) return fail(errc::not_found, std::string("no such ") + noun);
  return found->second;
}

template <class Map>
auto page_of(const Map& all) {
  page<typename Map::mapped_type> shown;
  for (const auto& [id, one] : all) shown.items.push_back(one);
  return shown;
}

message said_to(agent_id who, std::string text) {
  message made;
  made.id = message_id::make(now);
  made.seq = 1;
  made.type = "agent.message";
  made.from = party::user();
  made.to = party::of(who);
  made.text = std::move(text);
  made.created_at = now;
  return made;
}

template <class T>
void set(T& field, const std::optional<T>& changed) {
  if (changed) field = *changed;
}

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

template <class T, class Make>
result<T> fake_fleet::once(const principal& who, Make make) {
  const std::lock_guard lock(guard_);
  if (who.once) {
    const auto kept = answers_.find(who.once->key);
    if (kept != answers_.end()) {
      if (kept->second.first != who.once->request) {
        return flotilla::fail(errc::invalid, "Idempotency-Key: was used for another request");
      }
      who.once->replayed = true;
      return std::any_cast<T>(kept->second.second);
    }
  }
  ++changes_;
  T made = make();
  if (who.once) answers_.emplace(who.once->key, std::pair(who.once->request, std::any(made)));
  return made;
}

principal fake_fleet::holder(role which, std::uint8_t number) const {
  principal who;
  who.role = which;
  who.token.value.bytes[15] = number;
  return who;
}

fake_fleet::fake_fleet() {
  an_agent.id = agent_id::make(now);
  an_agent.name = "Ada";
  an_agent.role = "You plan.";
  an_agent.model = "rehearsal-1";
  an_agent.provider = "rehearsal";
  an_agent.glyph = "x";
  an_agent.created_at = an_agent.updated_at = now;
  a_task.id = task_id::make(now);
  a_task.title = "a task";
  a_task.input = "Do it.";
  a_task.assignee = an_agent.id;
  a_task.created_at = a_task.updated_at = now;
  a_memory.allowance = 50;
  a_memory.entries = {{a_task.id, {}, now, "done", 2}, {{}, message_id::make(now), now, "said", 2}};
  a_memory.omitted_messages = 3;
  a_memory.text = "done\nsaid";
  a_memory.unread = {said_to(an_agent.id, "unread")};
  for (const auto one : {role::viewer, role::operator_, role::admin}) {
    tokens_.emplace(token_of(one), holder(one, static_cast<std::uint8_t>(1 + static_cast<int>(one))));
  }
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
  result<principal> known = fail(errc::unauthorized, "the token is not valid");
  {
    const std::lock_guard lock(guard_);
    if (const auto found = tokens_.find(token); found != tokens_.end()) known = found->second;
  }
  handler(std::move(known));
}

void fake_fleet::me(const principal& who, reply<identity> handler) {
  if (hold_me) {
    const std::lock_guard lock(guard_);
    held_me_ = std::move(handler);
    held_.notify_all();
    return;
  }
  identity mine;
  mine.user.id = user_id::make(now);
  mine.org.id = org_id::make(now);
  mine.org.name = "default";
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

void fake_fleet::create_agent(const principal& who, agent_draft draft, reply<agent> handler) {
  handler(once<agent>(who, [&] {
    last_agent = draft;
    auto made = an_agent;
    made.name = draft.name;
    return made;
  }));
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

void fake_fleet::create_task(const principal& who, task_draft draft, reply<task> handler) {
  handler(once<task>(who, [&] {
    auto made = a_task;
    made.title = draft.title;
    made.input = draft.input;
    made.output_schema = draft.output_schema;
    return made;
  }));
}

void fake_fleet::find_task(const principal&, task_id which, reply<task_detail> handler) {
  if (which != a_task.id) return handler(fail(errc::not_found, "no such task"));
  handler(task_detail{a_task, {}, {}, {7, 4}});
}

void fake_fleet::list_tasks(const principal&, task_query query, reply<page<task>> handler) {
  const std::lock_guard lock(guard_);
  last_tasks = query;
  handler(page<task>{{a_task}, {}});
}

void fake_fleet::update_task(const principal&, task_id which, task_patch patch, reply<task> handler) {
  if (which != a_task.id) return handler(fail(errc::not_found, "no such task"));
  const std::lock_guard lock(guard_);
  last_task_patch = std::move(patch);
  ++changes_;
  handler(a_task);
}

void fake_fleet::run_task(const principal& who, task_id which, bool restart, reply<run_ticket> handler) {
  if (which != a_task.id) return handler(fail(errc::not_found, "no such task"));
  handler(once<run_ticket>(who, [&] {
    last_restart = restart;
    return run_ticket{a_task.id, restart ? 2U : 0U};
  }));
}

void fake_fleet::watch_task(const principal&, task_id which, event_seq after,
                            reply<std::shared_ptr<subscription>> handler) {
  if (which != a_task.id) return handler(fail(errc::not_found, "no such task"));
  auto open = [this, which, after, handler = std::move(handler)] {
    handler(std::make_shared<fake_subscription>(log(which), after));
  };
  if (!hold_watch) return open();
  const std::lock_guard lock(guard_);
  held_watch_ = std::move(open);
  held_.notify_all();
}

void fake_fleet::await_held_watch() {
  std::unique_lock lock(guard_);
  if (!held_.wait_for(lock, patience, [this] { return held_watch_ != nullptr; })) {
    throw std::runtime_error("nobody watches");
  }
}

void fake_fleet::let_watch() {
  await_held_watch();
  std::unique_lock lock(guard_);
  const auto open = std::exchange(held_watch_, nullptr);
  lock.unlock();
  open();
}

bool fake_fleet::has_revocation_listener() const {
  const std::lock_guard lock(guard_);
  return revoked_ != nullptr;
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

void fake_fleet::list_tokens(const principal&, page_request wanted, reply<page<api_token>> handler) {
  const std::lock_guard lock(guard_);
  last_page = wanted;
  handler(page<api_token>{named_tokens_, {}});
}

void fake_fleet::create_token(const principal& who, token_draft draft, reply<new_token> handler) {
  handler(once<new_token>(who, [&] {
    new_token made;
    made.token.id = token_id::make(now);
    made.token.name = draft.name;
    made.token.role = draft.role;
    made.token.created_at = now;
    made.text = "fr_live_" + std::string(43, 'A');
    made.text[9] = static_cast<char>('B' + named_tokens_.size());
    auto holds = holder(draft.role, 0);
    holds.token = made.token.id;
    tokens_.emplace(made.text, holds);
    named_tokens_.push_back(made.token);
    return made;
  }));
}

void fake_fleet::revoke_token(const principal&, token_id which, reply<void> handler) {
  std::function<void(token_id)> listener;
  {
    const std::lock_guard lock(guard_);
    const auto gone = std::erase_if(tokens_, [which](const auto& one) { return one.second.token == which; });
    if (gone == 0) return handler(fail(errc::not_found, "no such token"));
    std::erase_if(named_tokens_, [which](const auto& one) { return one.id == which; });
    ++changes_;
    listener = revoked_;
  }
  if (listener) listener(which);
  handler({});
}

void fake_fleet::on_token_revoked(std::function<void(token_id)> listener) {
  const std::lock_guard lock(guard_);
  revoked_ = std::move(listener);
}

void fake_fleet::agent_tree(const principal&, std::optional<agent_id> root, reply<std::vector<agent_node>> handler) {
  last_root = root;
  if (root && *root != an_agent.id) return handler(fail(errc::not_found, "no such agent"));
  agent_node top;
  top.agent = an_agent;
  top.reports = {top};
  handler(std::vector{top});
}

void fake_fleet::read_memory(const principal&, agent_id which, reply<agent_memory> handler) {
  if (which != an_agent.id) return handler(fail(errc::not_found, "no such agent"));
  handler(a_memory);
}

void fake_fleet::clear_memory(const principal&, agent_id which, reply<agent> handler) {
  if (which != an_agent.id) return handler(fail(errc::not_found, "no such agent"));
  const std::lock_guard lock(guard_);
  ++changes_;
  an_agent.memory_since = now;
  handler(an_agent);
}

void fake_fleet::decide_task(const principal& who, task_id which, approval_decision word, reply<task> handler) {
  if (which != a_task.id) return handler(fail(errc::not_found, "no such task"));
  handler(once<task>(who, [&] {
    last_decision = word;
    return a_task;
  }));
}

void fake_fleet::cancel_task(const principal& who, task_id which, reply<task> handler) {
  if (which != a_task.id) return handler(fail(errc::not_found, "no such task"));
  handler(once<task>(who, [&] { return a_task; }));
}

void fake_fleet::post_message(const principal& who, outgoing_message what, reply<message> handler) {
  handler(once<message>(who, [&] {
    last_post = what;
    return said_to(what.to, what.text);
  }));
}

void fake_fleet::post_team_message(const principal& who, team_message what, reply<std::vector<message>> handler) {
  handler(once<std::vector<message>>(who, [&] {
    last_team_post = what;
    return std::vector<message>(2, said_to(an_agent.id, what.text));
  }));
}

void fake_fleet::create_epic(const principal& who, epic_draft draft, reply<epic> handler) {
  handler(once<epic>(who, [&] {
    epic made;
    made.id = epic_id::make(now);
    made.name = draft.name;
    made.type = draft.type;
    made.created_at = made.updated_at = now;
    epics_.emplace(made.id, made);
    return made;
  }));
}

void fake_fleet::find_epic(const principal&, epic_id which, reply<epic_detail> handler) {
  const std::lock_guard lock(guard_);
  handler(found_or(epics_, which, "epic").map([this](const epic& one) { return epic_detail{one, {a_task}, {}}; }));
}

void fake_fleet::list_epics(const principal&, epic_query query, reply<page<epic>> handler) {
  const std::lock_guard lock(guard_);
  last_epics = query;
  handler(page_of(epics_));
}

void fake_fleet::update_epic(const principal&, epic_id which, epic_patch patch, reply<epic> handler) {
  const std::lock_guard lock(guard_);
  auto found = found_or(epics_, which, "epic");
  if (!found) return handler(found);
  set(found->name, patch.name);
  set(found->type, patch.type);
  set(found->status, patch.status);
  epics_[which] = *found;
  ++changes_;
  handler(found);
}

void fake_fleet::list_secrets(const principal&, secret_query query, reply<page<secret>> handler) {
  const std::lock_guard lock(guard_);
  last_secrets = query;
  handler(page_of(secrets_));
}

void fake_fleet::put_secret(const principal& who, secret_name name, std::string value, reply<void> handler) {
  const auto put = once<bool>(who, [&] {
    last_secret = name;
    last_value = value;
    secrets_[name] = secret{name, now};
    return true;
  });
  handler(put ? result<void>() : fail(put.error()));
}

void fake_fleet::delete_secret(const principal&, secret_name name, reply<void> handler) {
  const std::lock_guard lock(guard_);
  last_secret = name;
  if (secrets_.erase(name) == 0) return handler(fail(errc::not_found, "no such secret"));
  ++changes_;
  handler({});
}

void fake_fleet::create_mcp(const principal& who, mcp_draft draft, reply<mcp_server> handler) {
  handler(once<mcp_server>(who, [&] {
    last_mcp = draft;
    mcp_server made;
    made.id = mcp_id::make(now);
    made.name = draft.name;
    made.transport = draft.transport;
    made.command = draft.command;
    made.args = draft.args;
    made.url = draft.url;
    made.env = draft.env;
    made.headers = draft.headers;
    made.created_at = now;
    mcps_.emplace(made.id, made);
    return made;
  }));
}

void fake_fleet::find_mcp(const principal&, mcp_id which, reply<mcp_server> handler) {
  const std::lock_guard lock(guard_);
  handler(found_or(mcps_, which, "MCP server"));
}

void fake_fleet::list_mcps(const principal&, page_request wanted, reply<page<mcp_server>> handler) {
  const std::lock_guard lock(guard_);
  last_page = wanted;
  handler(page_of(mcps_));
}

void fake_fleet::update_mcp(const principal&, mcp_id which, mcp_patch patch, reply<mcp_server> handler) {
  const std::lock_guard lock(guard_);
  auto found = found_or(mcps_, which, "MCP server");
  if (!found) return handler(found);
  last_mcp_patch = patch;
  set(found->name, patch.name);
  set(found->url, patch.url);
  mcps_[which] = *found;
  ++changes_;
  handler(found);
}

void fake_fleet::delete_mcp(const principal&, mcp_id which, reply<void> handler) {
  const std::lock_guard lock(guard_);
  if (mcps_.erase(which) == 0) return handler(fail(errc::not_found, "no such MCP server"));
  ++changes_;
  handler({});
}

void fake_fleet::backup(const principal&, backup_request what, reply<backup_report> handler) {
  last_backup = std::move(what);
  handler(backup_report{an_agent.created_at, 3, 7, 4711, last_backup.with_master_key});
}

void fake_fleet::usage(const principal&, usage_query query, reply<usage_summary> handler) {
  last_usage = query;
  const usage_totals totals{{3, 4}, 1};
  handler(usage_summary{totals, {{an_agent.id, totals}}, {{"rehearsal-1", totals}}, {{"2027-01-15", totals}}});
}

std::string fake_fleet::without_secrets(std::string text) const {
  if (planted.empty()) return text;
  for (auto at = text.find(planted); at != std::string::npos; at = text.find(planted)) {
    text.replace(at, planted.size(), "[secret:PLANTED]");
  }
  return text;
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
