// What is counted equals what the records say: random changes of agents and tasks, recounted from the records.
#include <map>
#include <random>
#include <set>

#include "storage/catalog_records.hpp"
#include "storage/records.hpp"
#include "storage/usage_records.hpp"
#include "tests/storage/support.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

BOOST_AUTO_TEST_SUITE(counting)

namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

timestamp on(std::chrono::year_month_day date, std::chrono::milliseconds time = 12h) {
  return timestamp{sys_days{date}} + time;
}

constexpr auto march_2024 = std::chrono::year{2024} / std::chrono::March;

struct world : memory_fixture {
  std::mt19937 random{11};  // NOLINT: the same run every time
  org_id org = org_id::make(on(march_2024 / 1));
  std::vector<epic_id> epics;
  std::map<agent_id, stored<agent>> agents;
  std::map<task_id, stored<task_record>> tasks;
  std::map<std::tuple<std::uint64_t, agent_id, std::string>, usage_totals> used;  ///< by day

  std::size_t below(std::size_t bound) { return random() % bound; }
  template <class Map>
  auto& any_of(Map& in) {
    return std::next(in.begin(), static_cast<std::ptrdiff_t>(below(in.size())))->second;
  }

  void change_agent(timestamp now) {
    const bool fresh = agents.empty() || below(4) == 0;
    agent after;
    if (fresh) {
      after.id = agent_id::make(now);
      after.name = after.role = after.model = after.provider = "x";
    } else {
      after = any_of(agents).value;
      after.status = below(3) == 0   ? agent_status::archived
                     : below(2) == 0 ? agent_status::paused
                                     : agent_status::active;
    }
    if (!agents.empty() && below(2) == 0) after.manager = any_of(agents).value.id;
    batch changes;
    write_agent(changes, org, fresh ? nullptr : &agents.at(after.id), after);
    must_commit(*kept, std::move(changes));
    auto found = read_agent(*view(*kept), org, after.id);
    BOOST_REQUIRE(found);
    agents.insert_or_assign(after.id, **found);
  }

  void change_task(timestamp now) {
    const bool fresh = tasks.empty() || below(4) == 0;
    task_record after;
    if (fresh) {
      after.task.id = task_id::make(now);
      after.task.title = "title";
      after.task.input = std::string(below(3) * 1000, 'i');
      after.task.assignee = any_of(agents).value.id;
      after.task.created_at = now;
    } else {
      after = any_of(tasks).value;
    }
    const auto before = after;
    after.task.status = static_cast<task_status>(below(5));
    after.queued = below(2) == 0;
    if (below(2) == 0) after.task.epic_id = epics[below(epics.size())];
    if (below(5) == 0) after.task.epic_id.reset();
    if (after.task.status == task_status::running && !after.task.started_at) after.task.started_at = now;
    if (below(6) == 0) after.task.attempt += 1;
    after.task.usage += {below(100), below(10)};
    after.task.updated_at = now;
    const auto model = "model " + std::to_string(below(3));
    auto& row = used[{unix_day(now), after.task.assignee, model}];
    row.tokens += {after.task.usage.input_tokens - before.task.usage.input_tokens,
                   after.task.usage.output_tokens - before.task.usage.output_tokens};
    if (after.task.started_at && !before.task.started_at) ++row.task_count;
    batch changes;
    auto written = write_task(changes, org, fresh ? nullptr : &tasks.at(after.task.id), after, {model, {}, {}});
    must_commit(*kept, std::move(changes));
    tasks.insert_or_assign(after.task.id, std::move(written));
  }

  org_counts recount() {
    org_counts counts{};
    const auto add = [&counts](org_counter which) { ++counts[static_cast<std::size_t>(which)]; };
    for (const auto& [id, each] : agents) {
      add(each.value.status == agent_status::archived ? org_counter::agents_archived : org_counter::agents);
    }
    for (const auto& [id, each] : tasks) {
      const auto status = each.value.task.status;
      ++counts[static_cast<std::size_t>(org_counter::tasks_pending) + static_cast<std::size_t>(status)];
      const bool may_queue = status == task_status::pending || status == task_status::waiting;
      if (each.value.queued && may_queue) add(org_counter::tasks_queued);
    }
    return counts;
  }
};

void check_summary(world& in, const usage_query& query, timestamp now) {
  const auto found = read_usage(*view(*in.kept), in.org, query, now);
  BOOST_REQUIRE(found);
  usage_totals expected;
  std::map<agent_id, usage_totals> by_agent;
  std::map<std::string, usage_totals> by_model;
  std::map<std::string, usage_totals> by_day;
  const auto first = first_day_of(query.period, now);
  for (auto day = first; day <= unix_day(now); ++day) by_day[date_of(day)];
  for (const auto& [key, totals] : in.used) {
    const auto& [day, agent, model] = key;
    if (day < first || day > unix_day(now) || (query.agent && agent != *query.agent)) continue;
    expected += totals;
    if (totals == usage_totals{}) continue;
    by_agent[agent] += totals;
    by_model[model] += totals;
    by_day[date_of(day)] += totals;
  }
  BOOST_TEST((found->totals == expected));
  BOOST_REQUIRE_EQUAL(found->by_agent.size(), by_agent.size());
  for (const auto& row : found->by_agent) BOOST_TEST((row.totals == by_agent.at(row.agent)));
  BOOST_REQUIRE_EQUAL(found->by_model.size(), by_model.size());
  for (const auto& row : found->by_model) BOOST_TEST((row.totals == by_model.at(row.model)));
  BOOST_REQUIRE_EQUAL(found->by_day.size(), by_day.size());
  auto wanted = by_day.begin();
  for (const auto& row : found->by_day) {
    BOOST_TEST(row.date == wanted->first);
    BOOST_TEST((row.totals == wanted->second));
    ++wanted;
  }
  for (std::size_t i = 1; i < found->by_agent.size(); ++i) {
    BOOST_TEST(found->by_agent[i - 1].totals.tokens.total() >= found->by_agent[i].totals.tokens.total());
  }
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(random_changes_are_counted_as_the_records_say, world) {
  for (int i = 0; i < 3; ++i) {
    epic made;
    made.id = epic_id::make(on(march_2024 / 1));
    made.name = "epic";
    batch changes;
    write_epic(changes, org, nullptr, made);
    must_commit(*kept, std::move(changes));
    epics.push_back(made.id);
  }
  for (unsigned step = 0; step < 600; ++step) {
    const auto now = on(march_2024 / 1) + std::chrono::hours(step * 2);  // 50 days: two months
    if (agents.empty() || below(5) == 0) {
      change_agent(now);
    } else {
      change_task(now);
    }
    if (step % 50 != 49) continue;
    const auto seen = view(*kept);
    BOOST_TEST((*read_org_counts(*seen, org) == recount()));
    std::map<std::uint64_t, std::uint64_t> made_in;
    for (const auto& [id, each] : tasks) ++made_in[first_day_of(budget_period::month, each.value.task.created_at)];
    BOOST_TEST(*read_tasks_made(*seen, org, now) == made_in[first_day_of(budget_period::month, now)]);
    for (const auto which : epics) {
      std::uint64_t all = 0;
      std::uint64_t done = 0;
      std::set<task_id> members;
      for (const auto& [id, each] : tasks) {
        if (each.value.task.epic_id != which) continue;
        ++all;
        members.insert(id);
        if (each.value.task.status == task_status::done) ++done;
      }
      BOOST_TEST((*read_epic(*seen, org, which))->value.progress == (all == 0 ? 0 : done * 100 / all));
      task_query query;
      query.epic_id = which;
      query.page.limit = max_page_limit;
      std::set<task_id> listed;
      const auto in_epic = list_tasks(*seen, org, query);
      for (const auto& each : in_epic->items) listed.insert(each.id);
      BOOST_TEST((listed == members));
    }
    for (const auto period : {budget_period::day, budget_period::week, budget_period::month}) {
      check_summary(*this, {period, {}}, now);
      check_summary(*this, {period, any_of(agents).value.id}, now);
    }
    for (const auto& [id, each] : agents) {
      std::set<agent_id> reports;
      for (const auto& [other, candidate] : agents) {
        if (candidate.value.manager == id) reports.insert(other);
      }
      const auto found = read_reports(*seen, org, id, 1000);
      BOOST_TEST((std::set<agent_id>(found->begin(), found->end()) == reports));
    }
    for (const auto& [id, each] : tasks) BOOST_TEST(((*read_task(*seen, org, id))->value == each.value));
  }
}

BOOST_AUTO_TEST_CASE(periods_begin_where_the_calendar_says) {
  const auto day = [](std::chrono::year_month_day date) { return unix_day(on(date)); };
  using std::chrono::year;
  const auto leap = year{2024} / 2 / 29;
  BOOST_TEST(date_of(day(leap)) == "2024-02-29");
  BOOST_TEST(first_day_of(budget_period::day, on(leap)) == day(leap));
  BOOST_TEST(first_day_of(budget_period::month, on(leap)) == day(year{2024} / 2 / 1));
  BOOST_TEST(first_day_of(budget_period::week, on(leap)) == day(year{2024} / 2 / 26));  // a Monday
  BOOST_TEST(first_day_of(budget_period::week, on(year{2024} / 2 / 26, 0ms)) == day(year{2024} / 2 / 26));
  BOOST_TEST(first_day_of(budget_period::week, on(year{2024} / 3 / 3, 24h - 1ms)) == day(year{2024} / 2 / 26));
  BOOST_TEST(first_day_of(budget_period::week, on(year{2025} / 1 / 1)) == day(year{2024} / 12 / 30));
  BOOST_TEST(first_day_of(budget_period::month, on(year{2025} / 1 / 1, 0ms)) == day(year{2025} / 1 / 1));
}

BOOST_FIXTURE_TEST_CASE(limits_of_a_plan_are_said_by_name, world) {
  const auto now = on(march_2024 / 1);
  change_agent(now);
  agent second;
  second.id = agent_id::make(now);
  batch changes;
  write_agent(changes, org, nullptr, second, 1);
  BOOST_TEST(commit(*kept, std::move(changes)).error().message == "The plan's limit of 1 agent is reached.");

  task_record made;
  made.task.assignee = agents.begin()->first;
  made.task.created_at = made.task.updated_at = now;
  const auto add = [&](const task_effects& effects, task_status status) {
    made.task.id = task_id::make(now);
    made.task.status = status;
    batch adding;
    write_task(adding, org, nullptr, made, effects);
    return commit(*kept, std::move(adding));
  };
  BOOST_TEST(add({"m", 1, {}}, task_status::pending).has_value());
  BOOST_TEST(add({"m", 1, {}}, task_status::pending).error().message ==
             "The plan's limit of 1 task a month is reached.");
  BOOST_TEST(add({"m", {}, 1}, task_status::running).has_value());
  BOOST_TEST(add({"m", {}, 1}, task_status::running).error().message ==
             "The plan's limit of 1 concurrent run is reached.");
  BOOST_TEST(add({"m", {}, 1}, task_status::pending).has_value());  // it does not run
}

BOOST_AUTO_TEST_SUITE_END()
