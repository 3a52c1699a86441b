// What is counted, against a recount: random changes of agents and tasks, and every counter compared with what the
// records and a ledger say.
#include <algorithm>
#include <map>
#include <random>
#include <thread>

#include "storage/catalog_records.hpp"
#include "storage/counters.hpp"
#include "storage/key_schema.hpp"
#include "storage/records.hpp"
#include "storage/usage_records.hpp"
#include "tests/storage/record_support.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

namespace {

constexpr std::size_t place(org_counter which) {
  return static_cast<std::size_t>(which);
}

/// What was used, by day, agent and model.
using ledger = std::map<std::tuple<std::uint64_t, agent_id, std::string>, usage_totals>;

struct fixture : memory_fixture {
  std::mt19937 random{11};  // NOLINT: the same run every time
  org_id org = org_id::make(at(0));
  org_id other_org = org_id::make(at(0));
  timestamp now = when("2024-01-30T12:00:00Z");
  std::map<agent_id, stored<agent>> agents;
  std::map<task_id, stored<task_record>> tasks;
  std::map<std::uint64_t, std::uint64_t> made_in;  ///< tasks, by the first day of the month
  std::vector<epic_id> epics;
  ledger used;

  std::size_t below(std::size_t bound) { return random() % bound; }
  template <class Map>
  auto& any_of(Map& from) {
    return std::next(from.begin(), static_cast<std::ptrdiff_t>(below(from.size())))->second;
  }
  agent_id any_agent() { return any_of(agents).value.id; }

  stored<agent> put(const stored<agent>* before, const agent& after, std::optional<std::uint64_t> most = {}) {
    batch changes;
    write_agent(changes, org, before, after, most);
    must_commit(*kept, std::move(changes));
    return **read_agent(*view(*kept), org, after.id);
  }
  result<stored<task_record>> try_put(const stored<task_record>* before, const task_record& after,
                                      const task_effects& effects = {}) {
    batch changes;
    auto written = write_task(changes, org, before, after, effects);
    if (auto done = commit(*kept, std::move(changes)); !done) return tl::unexpected(done.error());
    return written;
  }
  org_counts counts() { return *read_org_counts(*view(*kept), org); }
  std::uint64_t count(org_counter which) { return counts()[place(which)]; }

  void change_agent();
  void change_task();
  void begin(task_record& record, const std::string& model);
  void use(task_record& record, const std::string& model);
  void compare_org();
  void compare_epics();
  void compare_reports();
  void compare_usage(const usage_query& query);
};

task_record fresh_task(agent_id assignee, timestamp now) {
  task_record made;
  made.task.id = task_id::make(now);
  made.task.assignee = assignee;
  made.task.created_at = made.task.updated_at = now;
  return made;
}

agent fresh_agent(timestamp now) {
  agent made;
  made.id = agent_id::make(now);
  made.name = "agent";
  made.glyph = "🤖";
  return made;
}

void fixture::change_agent() {
  const bool fresh = agents.size() < 3 || below(4) == 0;
  const stored<agent>* before = fresh ? nullptr : &any_of(agents);
  auto after = fresh ? fresh_agent(now) : before->value;
  after.status = std::vector{agent_status::active, agent_status::paused, agent_status::archived}[below(3)];
  if (!agents.empty() && below(2) == 0) after.manager = any_agent();
  if (below(4) == 0) after.manager.reset();
  agents.insert_or_assign(after.id, put(before, after));
}

void fixture::begin(task_record& record, const std::string& model) {
  record.task.status = task_status::running;
  record.queued = false;
  // A start that is committed the day after counts on its own day.
  record.task.started_at = below(5) == 0 ? now - std::chrono::hours(30) : now;
  if (record.counted) return;
  ++used[{unix_day(*record.task.started_at), record.task.assignee, model}].task_count;
}

void fixture::use(task_record& record, const std::string& model) {
  const token_usage more{below(100), below(3) * 10};
  record.task.usage += more;
  used[{unix_day(now), record.task.assignee, model}].tokens += more;
}

/// One step of a task's life, legal or not: what is counted does not depend on it.
void fixture::change_task() {
  const bool fresh = tasks.size() < 5 || below(5) == 0;
  const stored<task_record>* before = fresh ? nullptr : &any_of(tasks);
  auto after = fresh ? fresh_task(any_agent(), now) : before->value;
  auto& task = after.task;
  task.updated_at = now;
  if (fresh || below(10) == 0) task.input = std::string(below(3) * 1000, 'i');
  const std::string model = "model-" + std::to_string(below(3));
  switch (below(8)) {
    case 0:
      task.epic_id = below(3) == 0 ? std::nullopt : std::optional(epics[below(epics.size())]);
      break;
    case 1:
      after.queued = !after.queued;
      break;
    case 2:
      if (task.status == task_status::pending) begin(after, model);
      break;
    case 3:
      if (task.status == task_status::pending) task.assignee = any_agent();
      break;
    case 4:
      if (task.status == task_status::done || task.status == task_status::error) {
        task.status = task_status::pending;
        task.started_at.reset();
        ++task.attempt;
      }
      break;
    default:
      if (task.status == task_status::pending && below(3) != 0) break;
      task.status = std::vector{task_status::waiting, task_status::done, task_status::error}[below(3)];
      break;
  }
  if (task.started_at) use(after, model);
  if (fresh) ++made_in[first_day_of(budget_period::month, now)];
  task_effects effects;
  effects.model = model;
  const auto written = try_put(before, after, effects);
  BOOST_REQUIRE(written);
  BOOST_TEST(((*read_task(*view(*kept), org, task.id))->value == written->value));
  tasks.insert_or_assign(task.id, *written);
}

void fixture::compare_org() {
  org_counts expected{};
  for (const auto& [id, each] : agents) {
    const bool archived = each.value.status == agent_status::archived;
    ++expected[place(archived ? org_counter::agents_archived : org_counter::agents)];
  }
  for (const auto& [id, each] : tasks) {
    const auto status = each.value.task.status;
    ++expected[place(org_counter::tasks_pending) + static_cast<std::size_t>(status)];
    const bool may_be_queued = status == task_status::pending || status == task_status::waiting;
    if (may_be_queued && each.value.queued) ++expected[place(org_counter::tasks_queued)];
  }
  BOOST_TEST(counts() == expected, boost::test_tools::per_element());
  for (const auto& [month, made] : made_in) {
    const timestamp inside{std::chrono::sys_days{std::chrono::days{month + 20}}};
    BOOST_TEST(*read_tasks_made(*view(*kept), org, inside) == made);
  }
}

void fixture::compare_epics() {
  for (const auto& each : epics) {
    std::vector<std::uint64_t> expected(2);
    std::vector<task> of_epic;
    for (const auto& [id, record] : tasks) {
      if (record.value.task.epic_id != each) continue;
      ++expected[0];
      if (record.value.task.status == task_status::done) ++expected[1];
    }
    BOOST_TEST(*read_counters(*view(*kept), keys::epic_counters(org, each), 2) == expected,
               boost::test_tools::per_element());
  }
}

void fixture::compare_reports() {
  for (const auto& [manager, ignored] : agents) {
    std::vector<agent_id> expected;
    for (const auto& [id, each] : agents) {
      if (each.value.manager == manager) expected.push_back(id);
    }
    BOOST_TEST((*read_reports(*view(*kept), org, manager, 1000) == expected));
    expected.resize(std::min<std::size_t>(expected.size(), 2));
    BOOST_TEST((*read_reports(*view(*kept), org, manager, 2) == expected));
  }
}

void fixture::compare_usage(const usage_query& query) {
  const auto read = read_usage(*view(*kept), org, query, now);
  BOOST_REQUIRE(read);
  const auto first = first_day_of(query.period, now);
  std::map<agent_id, usage_totals> by_agent;
  std::map<std::string, usage_totals> by_model;
  std::map<std::string, usage_totals> by_day;
  usage_totals all;
  for (auto day = first; day <= unix_day(now); ++day) by_day[date_of(day)];
  for (const auto& [key, totals] : used) {
    const auto& [day, who, model] = key;
    if (totals == usage_totals{} || day < first || day > unix_day(now)) continue;
    if (query.agent && who != *query.agent) continue;
    by_agent[who] += totals;
    by_model[model] += totals;
    by_day[date_of(day)] += totals;
    all += totals;
  }
  BOOST_TEST((read->totals == all));
  BOOST_REQUIRE_EQUAL(read->by_agent.size(), by_agent.size());
  for (const auto& row : read->by_agent) BOOST_TEST((row.totals == by_agent[row.agent]));
  BOOST_REQUIRE_EQUAL(read->by_model.size(), by_model.size());
  for (const auto& row : read->by_model) BOOST_TEST((row.totals == by_model[row.model]));
  BOOST_REQUIRE_EQUAL(read->by_day.size(), by_day.size());
  auto expected = by_day.begin();
  for (const auto& row : read->by_day) {
    BOOST_TEST(row.date == expected->first);
    BOOST_TEST((row.totals == (expected++)->second));
  }
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(counting, fixture)

BOOST_AUTO_TEST_CASE(counters_agree_with_a_recount) {
  for (int i = 0; i < 3; ++i) epics.push_back(epic_id::make(at(0)));
  for (int i = 0; i < 3; ++i) change_agent();
  for (int step = 0; step < 3000; ++step) {
    if (below(8) == 0) change_agent();
    change_task();
    if (below(6) == 0) now += std::chrono::minutes(below(600));
    if (step % 100 != 99) continue;
    compare_org();
    compare_epics();
    compare_reports();
    for (const auto period : {budget_period::day, budget_period::week, budget_period::month}) {
      compare_usage({period, std::nullopt});
      compare_usage({period, any_agent()});
    }
  }
  BOOST_TEST(made_in.size() > 2U);  // the run went over the borders of months, one of them in a leap year
  token_usage of_tasks;
  std::uint64_t counted = 0;
  usage_totals of_ledger;
  for (const auto& [id, each] : tasks) {
    of_tasks += each.value.task.usage;
    if (each.value.counted) ++counted;
  }
  for (const auto& [key, totals] : used) of_ledger += totals;
  usage_totals of_months;
  for (const auto& [month, made] : made_in) {
    const timestamp inside{std::chrono::sys_days{std::chrono::days{month}}};
    of_months += *read_usage_totals(*view(*kept), org, budget_period::month, inside);
  }
  BOOST_TEST((of_months == of_ledger));
  BOOST_TEST((of_months.tokens == of_tasks));
  BOOST_TEST(of_months.task_count == counted);
  BOOST_TEST((*read_org_counts(*view(*kept), other_org) == org_counts{}));
}

BOOST_AUTO_TEST_CASE(a_stale_change_counts_nothing) {
  const auto first = *try_put(nullptr, fresh_task(agent_id::make(at(0)), now));
  auto running = first.value;
  running.task.status = task_status::running;
  running.task.started_at = now;
  BOOST_REQUIRE(try_put(&first, running));
  const auto before = scan(*view(*kept), {});
  BOOST_TEST((try_put(&first, running).error().code == errc::conflict));
  BOOST_TEST((scan(*view(*kept), {}) == before));
}

// It was cancelled before it was ever started, and restarted: its first start is that of its second attempt.
BOOST_AUTO_TEST_CASE(a_task_counts_once_on_its_first_start_whatever_the_attempt) {
  const auto who = agent_id::make(at(0));
  auto stands = *try_put(nullptr, fresh_task(who, now));
  const auto go_on = [&](task_status status, bool started, std::uint32_t attempt) {
    auto after = stands.value;
    after.task.status = status;
    after.task.attempt = attempt;
    after.task.started_at = started ? std::optional(now) : std::nullopt;
    stands = *try_put(&stands, after);
    return read_usage_totals(*view(*kept), org, budget_period::month, now)->task_count;
  };
  BOOST_TEST(go_on(task_status::error, false, 1) == 0U);
  BOOST_TEST(go_on(task_status::pending, false, 2) == 0U);
  BOOST_TEST(go_on(task_status::running, true, 2) == 1U);
  BOOST_TEST(go_on(task_status::waiting, true, 2) == 1U);
  BOOST_TEST(go_on(task_status::error, true, 2) == 1U);
  BOOST_TEST(go_on(task_status::pending, false, 3) == 1U);
  BOOST_TEST(go_on(task_status::running, true, 3) == 1U);
}

// --- limits -----------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(agents_that_are_not_archived_are_limited) {
  const auto first = put(nullptr, fresh_agent(now), 2);
  put(nullptr, fresh_agent(now), 2);
  batch third;
  write_agent(third, org, nullptr, fresh_agent(now), 2);
  const auto refused = commit(*kept, std::move(third));
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == errc::forbidden));
  BOOST_TEST(refused.error().message == "The plan's limit of 2 agents is reached.");
  BOOST_TEST(list_agents(*view(*kept), org, {})->items.size() == 2U);
  auto archived = first.value;
  archived.status = agent_status::archived;
  const auto away = put(&first, archived, 2);
  const auto added = put(nullptr, fresh_agent(now), 2);
  // One that comes back is one more.
  batch back;
  write_agent(back, org, &away, first.value, 2);
  BOOST_TEST((commit(*kept, std::move(back)).error().code == errc::forbidden));
  // A change that adds none is never refused, also where the plan was lowered since.
  auto renamed = added.value;
  renamed.name = "other";
  put(&added, renamed, 1);
  batch one;
  write_agent(one, org, nullptr, fresh_agent(now), 1);
  BOOST_TEST(commit(*kept, std::move(one)).error().message == "The plan's limit of 1 agent is reached.");
  BOOST_TEST(count(org_counter::agents) == 2U);
  BOOST_TEST(count(org_counter::agents_archived) == 1U);
}

BOOST_AUTO_TEST_CASE(tasks_made_in_a_month_are_limited) {
  task_effects effects;
  effects.most_made = 2;
  const auto who = agent_id::make(at(0));
  const auto january = when("2024-01-31T23:59:59.999Z");
  const auto made = *try_put(nullptr, fresh_task(who, january), effects);
  BOOST_REQUIRE(try_put(nullptr, fresh_task(who, when("2024-01-01T00:00:00Z")), effects));
  const auto refused = try_put(nullptr, fresh_task(who, january), effects);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == errc::forbidden));
  BOOST_TEST(refused.error().message == "The plan's limit of 2 tasks a month is reached.");
  BOOST_REQUIRE(try_put(nullptr, fresh_task(who, when("2024-02-01T00:00:00Z")), effects));
  // What was made stays so: a change is no new task, and one that ended was made all the same.
  auto ended = made.value;
  ended.task.status = task_status::done;
  BOOST_REQUIRE(try_put(&made, ended, effects));
  BOOST_TEST((try_put(nullptr, fresh_task(who, january), effects).error().code == errc::forbidden));
  BOOST_TEST(*read_tasks_made(*view(*kept), org, january) == 2U);
  BOOST_TEST(*read_tasks_made(*view(*kept), org, when("2024-02-29T00:00:00Z")) == 1U);
}

BOOST_AUTO_TEST_CASE(runs_at_once_are_limited) {
  task_effects effects;
  effects.most_running = 1;
  const auto who = agent_id::make(at(0));
  const auto first = *try_put(nullptr, fresh_task(who, now));
  const auto second = *try_put(nullptr, fresh_task(who, now));
  const auto with_status = [](task_record record, task_status status) {
    record.task.status = status;
    return record;
  };
  const auto running = *try_put(&first, with_status(first.value, task_status::running), effects);
  const auto refused = try_put(&second, with_status(second.value, task_status::running), effects);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == errc::forbidden));
  BOOST_TEST(refused.error().message == "The plan's limit of 1 concurrent run is reached.");
  effects.most_running = 3;
  BOOST_REQUIRE(try_put(&second, with_status(second.value, task_status::running), effects));
  // One that runs goes on, after a crash too, and ends, whatever the limit is now.
  effects.most_running = 0;
  auto step = running.value;
  step.task.output = "more";
  const auto stepped = *try_put(&running, step, effects);
  const auto waiting = *try_put(&stepped, with_status(step, task_status::waiting), effects);
  BOOST_TEST(count(org_counter::tasks_running) == 1U);
  BOOST_TEST((try_put(&waiting, step, effects).error().code == errc::forbidden));
  BOOST_REQUIRE(try_put(&waiting, with_status(step, task_status::error), effects));
}

BOOST_AUTO_TEST_CASE(limits_hold_against_64_at_once) {
  constexpr int racers = 64;
  task_effects effects;
  effects.most_made = 9;
  std::atomic<int> left{racers};
  std::atomic<int> made{0};
  std::promise<void> all;
  std::vector<std::thread> threads;
  const auto who = agent_id::make(at(0));
  for (int i = 0; i < racers; ++i) {
    threads.emplace_back([&] {
      batch changes;
      write_task(changes, org, nullptr, fresh_task(who, now), effects);
      kept->commit(std::move(changes), durability::buffered, [&](result<void> done) {
        if (done) ++made;
        if (--left == 0) all.set_value();
      });
    });
  }
  for (auto& each : threads) each.join();
  all.get_future().get();
  BOOST_TEST(made == 9);
  BOOST_TEST(*read_tasks_made(*view(*kept), org, now) == 9U);
  BOOST_TEST(list_tasks(*view(*kept), org, {})->items.size() == 9U);
  BOOST_TEST(count(org_counter::tasks_pending) == 9U);
}

BOOST_AUTO_TEST_SUITE_END()
