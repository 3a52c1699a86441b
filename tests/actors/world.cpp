// The test ground: processes, the store's contents, and what must hold of them.
#include "tests/actors/world.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <utility>

#include "actors/fleet.hpp"
#include "actors/mail.hpp"
#include "core/bus_types.hpp"
#include "core/run_events.hpp"
#include "storage/memory/memory_store.hpp"

namespace flotilla::testing {
namespace {

constexpr std::size_t read_bytes = 1U << 20U;
constexpr std::chrono::hours longest_wait{48};

std::string word(const event& happened) {
  switch (happened.type) {
    case event_type::output:
      return "+" + happened.text;
    case event_type::thinking:
      return "?" + happened.text;
    case event_type::tool_call:
      return *happened.tool + ">" + *happened.call_id;
    case event_type::tool_result:
      return *happened.tool + "<" + happened.text;
    case event_type::error:
      return "!" + happened.data->substr(9, happened.data->size() - 11);
    case event_type::status:
      break;
  }
  return happened.call_id ? happened.text + " " + *happened.call_id : happened.text;
}

template <class T>
T must(result<T> outcome) {
  if (!outcome) BOOST_FAIL("the store cannot be read: " + outcome.error().message);
  return std::move(*outcome);
}

}  // namespace

void watcher::pump() {
  of_->next(read_bytes, [this](result<log_chunk> got) {
    if (!got) return;
    entries.insert(entries.end(), got->entries.begin(), got->entries.end());
    ended = got->ended;
    if (!ended) pump();
  });
}

// --- a process ----------------------------------------------------------------------------------------------

node::node(storage::store& on, world& ground)
    : in(ground),
      store(on),
      hub(store, ground.readers),
      journal(store, hub, std::make_shared<storage::bus_stamp>(ground.clock, timestamp{})),
      env(std::make_shared<actors::environment>()) {
  env->store = &store;
  env->readers = &ground.readers;
  env->journal = &journal;
  env->clock = &ground.clock;
  env->stopwatch = [&ground] { return std::chrono::steady_clock::time_point(ground.clock.time.time_since_epoch()); };
  env->provider = [&ground](std::string_view name) { return name == "scripted" ? &ground.model : nullptr; };
  env->toolsets = {&ground.tools};
  env->jitter = [] { return 0.0; };
  env->agent_idle = idle_after;
  env->slots = std::make_shared<actors::run_slots>(ground.capacity, ground.clock);
  config.add_message_types<caf::id_block::flotilla>();
  config.set("scheduler.policy", caf::atom("testing"));
  system = std::make_unique<caf::actor_system>(config);
  scheduler = &dynamic_cast<caf::scheduler::test_coordinator&>(system->scheduler());
  fleet = system->spawn(actors::fleet_behavior, actors::environment_ptr(env));
}

node::~node() {
  die();
  hub.close();
}

void node::shuffle(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&random](std::size_t count) { return static_cast<std::ptrdiff_t>(random() % count); };
  auto& reads = in.readers;
  reads.holds = store.holds = true;
  for (;;) {
    auto& jobs = scheduler->jobs;
    const auto choice = random() % 3;
    if (choice == 0 && store.release_one()) continue;
    if (choice == 1 && !reads.waiting.empty()) {
      const auto which = reads.waiting.begin() + below(reads.waiting.size());
      auto job = std::move(*which);
      reads.waiting.erase(which);
      job();
      continue;
    }
    if (!jobs.empty()) {
      std::swap(jobs.front(), *(jobs.begin() + below(jobs.size())));
      (void)scheduler->try_run_once();
    } else if (reads.waiting.empty() && !store.release_one()) {
      break;
    }
  }
  reads.holds = store.holds = false;
}

void node::die() {
  store.dead = true;
  if (fleet) caf::anon_send_exit(fleet, caf::exit_reason::user_shutdown);
  fleet = nullptr;
  steps();
  // Whoever waits for an answer that never comes gives up, so that no actor is left.
  scheduler->advance_time(longest_wait);
  steps();
}

std::size_t node::steps(std::size_t most) {
  std::size_t made = 0;
  while (made < most && scheduler->try_run_once()) ++made;
  return made;
}

namespace {

actors::fleet_state& state_of(const actors::fleet_actor& fleet) {
  return caf::actor_cast<actors::fleet_actor::stateful_pointer<actors::fleet_state>>(fleet)->state;
}

}  // namespace

void node::kill_agent(const actors::agent_key& which) {
  BOOST_REQUIRE(try_kill_agent(which));
}

bool node::try_kill_agent(const actors::agent_key& which) {
  const auto actor = actor_of(which.agent);
  if (actor) caf::anon_send_exit(caf::actor_cast<actors::agent_actor>(actor), caf::exit_reason::kill);
  return actor != nullptr;
}

bool node::try_kill_run(const actors::agent_key& which) {
  const auto actor = actor_of(which.agent);
  if (!actor) return false;
  const auto agent = caf::actor_cast<actors::agent_actor>(actor);
  const auto& run = caf::actor_cast<actors::agent_actor::stateful_pointer<actors::agent_state>>(agent)->state.run;
  if (run) caf::anon_send_exit(run, caf::exit_reason::kill);
  return run != nullptr;
}

caf::strong_actor_ptr node::actor_of(agent_id which) const {
  const auto& members = state_of(fleet).members;
  const auto found = members.find({in.org, which});
  if (found == members.end() || !found->second.actor) return nullptr;
  return caf::actor_cast<caf::strong_actor_ptr>(found->second.actor);
}

std::optional<agent_id> node::supervisor_of(agent_id which) const {
  const auto& members = state_of(fleet).members;
  const auto found = members.find({in.org, which});
  return found == members.end() ? std::nullopt : found->second.supervisor;
}

answer node::run(agent_id who, task_id task, bool restart) {
  return ask(actors::run_request{{in.org, who}, task, restart});
}
answer node::cancel(agent_id who, task_id task) {
  return ask(actors::cancel_request{{in.org, who}, task});
}
answer node::decide(agent_id who, task_id task, bool yes, std::string call, std::string comment) {
  return ask(actors::decide_request{{in.org, who}, task, yes, std::move(call), std::move(comment)});
}
void node::changed(agent_id who) {
  caf::anon_send(fleet, actors::agent_changed{{in.org, who}});
}

// --- the world ----------------------------------------------------------------------------------------------

world::world() : disk(storage::make_memory_store()), org(org_id::make(clock.now())) {
  start();
  settle();
}

world::~world() {
  model.script = nullptr;
  tools.script = nullptr;
  at.reset();
}

void world::start() {
  at = std::make_unique<node>(*disk, *this);
}

void world::crash() {
  // What the dead process would still ask for must not be heard.
  const auto said = std::exchange(model.script, nullptr);
  const auto did = std::exchange(tools.script, nullptr);
  const auto model_calls = model.calls.size();
  const auto tool_calls = tools.calls.size();
  at.reset();
  model.calls.resize(model_calls);
  tools.calls.resize(tool_calls);
  model.script = said;
  tools.script = did;
}

void world::pass(std::chrono::milliseconds time) {
  constexpr std::chrono::milliseconds tick{50};
  settle();
  for (auto gone = 0ms; gone < time; gone += tick) {
    clock.time += tick;
    at->scheduler->advance_time(tick);
    settle();
  }
}

std::unique_ptr<storage::snapshot> world::look() const {
  return must(disk->snapshot());
}

void world::commit(storage::batch changes) const {
  bool committed = false;
  disk->commit(std::move(changes), storage::durability::synced,
               [&](const result<void>& outcome) { committed = outcome.has_value(); });
  BOOST_REQUIRE(committed);
}

agent_id world::add_agent(std::vector<std::string> approvals, std::optional<agent_id> manager, std::string name) {
  agent made;
  made.id = agent_id::make(clock.now());
  made.name = std::move(name);
  made.manager = manager;
  made.role = "You are Ada.";
  made.model = "m1";
  made.provider = "scripted";
  made.glyph = "A";
  made.approvals = std::move(approvals);
  made.created_at = made.updated_at = clock.now();
  storage::batch changes;
  storage::write_agent(changes, org, nullptr, made);
  commit(std::move(changes));
  return made.id;
}

task_id world::add_task(agent_id who, task_priority priority, std::optional<std::string> output_schema) {
  storage::task_record made;
  made.task.id = task_id::make(clock.now());
  made.task.title = "a task";
  made.task.input = "do it";
  made.task.output_schema = std::move(output_schema);
  made.task.assignee = who;
  made.task.priority = priority;
  made.task.created_at = made.task.updated_at = clock.now();
  storage::batch changes;
  (void)storage::write_task(changes, org, nullptr, made);
  commit(std::move(changes));
  return made.task.id;
}

void world::change_agent(agent_id who, const std::function<void(agent&)>& change) {
  const auto before = must(storage::read_agent(*look(), org, who));
  auto after = before->value;
  change(after);
  storage::batch changes;
  storage::write_agent(changes, org, &*before, after);
  commit(std::move(changes));
}

void world::change_agent(agent_id who, agent_status status) {
  change_agent(who, [status](agent& to) { to.status = status; });
  at->changed(who);
}

void world::post(agent_id to, std::string text, bool wake) {
  storage::message_draft said;
  said.type = bus::agent_message;
  said.from = party::user();
  said.to = party::of(to);
  said.text = std::move(text);
  if (wake) said.data = R"({"wake":true})";
  storage::batch changes;
  if (wake) storage::write_signal(changes, org, actors::wake_signal(to, clock.now()));
  std::vector<storage::message_draft> messages;
  messages.push_back(std::move(said));
  at->journal.commit(org, std::move(changes), std::move(messages), [](const auto&) {});
  if (wake) caf::anon_send(at->fleet, actors::signalled{{org, to}, {}});
}

std::size_t world::unread(agent_id who) const {
  return must(storage::read_mailbox(*look(), org, who, 1000)).size();
}

agent world::agent_now(agent_id who) const {
  return must(storage::read_agent(*look(), org, who))->value;
}

void world::move_agent(agent_id who, std::optional<agent_id> manager) {
  change_agent(who, [manager](agent& to) { to.manager = manager; });
  caf::anon_send(at->fleet, actors::agent_moved{{org, who}});
}

void world::change_task(task_id which, const std::function<void(task&)>& change) {
  const auto before = must(storage::read_task(*look(), org, which));
  auto after = before->value;
  change(after.task);
  storage::batch changes;
  (void)storage::write_task(changes, org, &*before, after);
  commit(std::move(changes));
}

void world::retitle(task_id which, std::string title) {
  change_task(which, [&](task& to) { to.title = std::move(title); });
}

void world::reassign(task_id which, agent_id who) {
  change_task(which, [&](task& to) { to.assignee = who; });
  at->changed(who);
}

void world::signal(agent_id who, task_id parent, task_id ended) {
  storage::batch changes;
  storage::write_signal(changes, org, {who, parent, storage::keys::signal_kind::child_ended, ended});
  commit(std::move(changes));
  caf::anon_send(at->fleet, actors::signalled{{org, who}, parent});
}

storage::task_record world::record(task_id which) const {
  auto found = must(storage::read_task(*look(), org, which));
  BOOST_REQUIRE(found.has_value());
  return found->value;
}

std::vector<event> world::events(task_id which) const {
  std::vector<event> found;
  for (const auto& entry : must(storage::read_events(*look(), org, which, 0, read_bytes))) {
    found.push_back(must(storage::decode_event(*entry.json)));
  }
  return found;
}

std::vector<task_id> world::children(task_id which) const {
  return must(storage::read_children(*look(), org, which, 1000));
}

std::size_t world::signals(agent_id who) const {
  return must(storage::read_signals(*look(), org, who)).size();
}

std::vector<std::string> world::story(task_id which) const {
  std::vector<std::string> words;
  for (const auto& each : events(which)) words.push_back(word(each));
  return words;
}

std::vector<message> world::bus() const {
  std::vector<message> found;
  for (const auto& each : must(storage::read_messages(*look(), org, {}, 0, read_bytes)).entries) {
    found.push_back(*each.value);
  }
  return found;
}

std::vector<std::string> world::told(task_id which) const {
  std::vector<std::string> types;
  for (const auto& each : bus()) {
    if (each.task_id == which) types.push_back(each.type);
  }
  return types;
}

std::size_t world::told_times(task_id which, std::string_view type) const {
  const auto types = told(which);
  return static_cast<std::size_t>(std::count(types.begin(), types.end(), type));
}

void world::run_through(agent_id who, task_id which) {
  const auto accepted = at->run(who, which);
  settle();
  BOOST_TEST(granted(accepted));
}

void world::check(task_id which) const {
  const auto now = record(which);
  std::string output;
  event_seq seq = 0;
  for (const auto& each : events(which)) {
    BOOST_TEST(each.seq == ++seq);
    if (each.type == event_type::output && each.seq > now.before_attempt) output += each.text;
  }
  BOOST_TEST(now.task.output.value_or("") == output);
  const watcher seen(at->hub.watch_task(org, which, 0));
  const auto stands = must(storage::read_events(*look(), org, which, 0, read_bytes));
  BOOST_REQUIRE_EQUAL(seen.entries.size(), stands.size());
  for (std::size_t i = 0; i < stands.size(); ++i) BOOST_TEST(*seen.entries[i].json == *stands[i].json);
}

bool granted(const answer& what) {
  return *what && (*what)->has_value();
}
std::optional<errc> refusal(const answer& what) {
  if (!*what || (*what)->has_value()) return std::nullopt;
  return (*what)->error().code;
}

}  // namespace flotilla::testing
