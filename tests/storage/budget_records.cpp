// Budgets: what is reserved, settled and given back, against recounts and against many callers at once.
#include "storage/budget_records.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <thread>

#include "core/budget_rules.hpp"
#include "storage/counters.hpp"
#include "storage/key_schema.hpp"
#include "storage/usage_records.hpp"
#include "tests/storage/record_support.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

namespace {

/// A store, an org and its agents, with the calls that are under way as the tasks that hold reservations.
struct ground {
  explicit ground(std::unique_ptr<store> in) : kept(std::move(in)) {}

  std::unique_ptr<store> kept;
  org_id org = org_id::make(at(0));
  timestamp now = when("2024-01-30T12:00:00Z");
  std::map<agent_id, stored<agent>> agents;
  std::map<task_id, stored<task_record>> tasks;
  std::optional<std::uint64_t> plan;

  agent_id hire(std::optional<token_budget> budget, std::optional<agent_id> manager = {}) {
    agent made;
    made.id = agent_id::make(now);
    made.name = "Ada";
    made.glyph = "🤖";
    made.budget = budget;
    made.manager = manager;
    made.created_at = made.updated_at = now;
    put(nullptr, made);
    return made.id;
  }
  void put(const stored<agent>* before, const agent& after) {
    batch changes;
    write_agent(changes, org, before, after);
    must_commit(*kept, std::move(changes));
    agents.insert_or_assign(after.id, **read_agent(*view(*kept), org, after.id));
  }
  void change_budget(agent_id which, std::optional<token_budget> budget) {
    const auto before = agents.at(which);
    auto after = before.value;
    after.budget = budget;
    after.updated_at = ++now;
    put(&before, after);
  }
  task_id give(agent_id who) {
    task_record made;
    made.task.id = task_id::make(now);
    made.task.assignee = who;
    made.task.status = task_status::running;
    made.task.created_at = made.task.updated_at = now;
    must_write(nullptr, made);
    return made.task.id;
  }
  result<void> write(const stored<task_record>* before, const task_record& after, const task_effects& effects = {}) {
    batch changes;
    auto written = write_task(changes, org, before, after, effects);
    auto done = commit(*kept, std::move(changes));
    if (done) tasks.insert_or_assign(after.task.id, std::move(written));
    return done;
  }
  void must_write(const stored<task_record>* before, const task_record& after) {
    const auto done = write(before, after);
    BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().message));
  }

  std::vector<budget> budgets(agent_id who) {
    auto found = read_budgets(*view(*kept), org, agents.at(who).value, plan, now);
    BOOST_REQUIRE(found);
    return std::move(*found);
  }
  /// Reserves as the limits were read; what else the record holds may change with it.
  result<void> reserve(task_id which, std::uint64_t tokens, const std::vector<budget>& in) {
    const auto before = tasks.at(which);
    auto after = before.value;
    task_effects effects;
    effects.model = "m";
    after.reserved = reservation{tokens, {}};
    for (const auto& each : in) {
      after.reserved->rows.push_back(each.claim.row);
      effects.budgets.push_back(each.claim);
    }
    return write(&before, after, effects);
  }
  result<void> reserve(task_id which, std::uint64_t tokens) {
    return reserve(which, tokens, budgets(tasks.at(which).value.task.assignee));
  }
  /// The call has ended, and this was used; or there was none, and nothing was reserved.
  void settle(task_id which, std::uint64_t used) {
    const auto before = tasks.at(which);
    auto after = before.value;
    after.reserved.reset();
    after.task.usage.input_tokens += used;
    after.task.updated_at = now;
    task_effects effects;
    effects.model = "m";
    BOOST_REQUIRE(write(&before, after, effects));
  }
  budget_standing standing(agent_id who, std::size_t index = 0) { return budgets(who).at(index).standing; }
  /// The counters of a row; none where there is no row.
  std::vector<std::uint64_t> row(const reservation::row& which) {
    return *read_counters(*view(*kept), keys::budget(org, which.period, which.bucket, which.agent), 0);
  }

  /// Every row holds as reserved what the records say, and no less as committed.
  void check_rows() {
    std::map<std::string, std::uint64_t> reserved;
    for (const auto& [id, each] : tasks) {
      if (!each.value.reserved) continue;
      for (const auto& in : each.value.reserved->rows) {
        reserved[keys::budget(org, in.period, in.bucket, in.agent)] += each.value.reserved->tokens;
      }
    }
    for (const auto& [key, value] : scan(*view(*kept), keys_with_prefix(keys::all(keys::table::budgets, org)))) {
      const auto counters = decode_counters(value).value();
      BOOST_TEST(counters.at(1) == reserved[key]);
      BOOST_TEST(counters.at(0) >= counters.at(1));
      reserved.erase(key);
    }
    for (const auto& [key, tokens] : reserved) BOOST_TEST(tokens == 0U);  // no reservation without its row
  }
};

struct fixture : ground {
  fixture() : ground(make_memory_store()) {}
};

constexpr auto daily = budget_period::day;
constexpr auto weekly = budget_period::week;
constexpr auto monthly = budget_period::month;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(budget_records, fixture)

BOOST_AUTO_TEST_CASE(without_limits_there_is_nothing_to_reserve_in) {
  const auto boss = hire({});
  BOOST_TEST(budgets(hire({}, boss)).empty());
  settle(give(boss), 5);
  BOOST_TEST(scan(*view(*kept), keys_with_prefix(keys::all(keys::table::budgets))).empty());
}

BOOST_AUTO_TEST_CASE(a_reservation_is_taken_and_settled_with_what_was_used) {
  const auto ada = hire(token_budget{1'000, daily});
  const auto work = give(ada);
  BOOST_REQUIRE(reserve(work, 600));
  BOOST_TEST((standing(ada) == budget_standing{1'000, 0, 600}));
  settle(work, 70);
  BOOST_TEST((standing(ada) == budget_standing{1'000, 70, 0}));
  BOOST_REQUIRE(reserve(work, 930));
  settle(work, 0);  // given back
  BOOST_TEST((standing(ada) == budget_standing{1'000, 70, 0}));
  BOOST_REQUIRE(reserve(work, 500));
  settle(work, 2'000);  // a vendor that counted more than was thought
  BOOST_TEST((standing(ada) == budget_standing{1'000, 2'070, 0}));
  check_rows();
}

BOOST_AUTO_TEST_CASE(a_reservation_over_a_limit_is_refused_and_changes_nothing) {
  const auto boss = hire(token_budget{900, monthly});
  const auto ada = hire(token_budget{5'000, daily}, boss);
  const auto first = give(ada);
  const auto second = give(ada);
  BOOST_REQUIRE(reserve(first, 500));
  const auto before = scan(*view(*kept), {});
  BOOST_TEST((reserve(second, 401).error().code == errc::forbidden));
  BOOST_TEST((scan(*view(*kept), {}) == before));
  BOOST_REQUIRE(reserve(second, 400));
  BOOST_TEST((standing(ada, 0) == budget_standing{5'000, 0, 900}));
  BOOST_TEST((standing(ada, 1) == budget_standing{900, 0, 900}));
  // A settlement is never refused, whatever it comes to.
  settle(first, 3'000);
  BOOST_TEST((standing(boss) == budget_standing{900, 3'000, 400}));
  check_rows();
}

BOOST_AUTO_TEST_CASE(limits_are_those_of_the_plan_the_agent_and_its_managers) {
  plan = 70'000;
  const auto top = hire(token_budget{1, monthly});
  const auto middle = hire({}, top);
  const auto ada = hire(token_budget{2, weekly}, middle);
  const auto found = budgets(ada);
  BOOST_REQUIRE_EQUAL(found.size(), 3U);
  BOOST_TEST(!found[0].holder.has_value());
  BOOST_TEST(found[0].claim.limit == 70'000U);
  BOOST_TEST((found[0].claim.row == reservation::row{monthly, unix_day(when("2024-01-01T00:00:00Z")), agent_id{}}));
  BOOST_TEST((found[1].holder == ada));
  BOOST_TEST((found[1].claim.row == reservation::row{weekly, unix_day(when("2024-01-29T00:00:00Z")), ada}));
  BOOST_TEST((found[2].holder == top));
  BOOST_TEST(reached_text(found[0]) ==
             "The plan's limit of 70000 tokens a month is reached. It begins anew on 2024-02-01.");
  BOOST_TEST(reached_text(found[1]) ==
             "The budget of Ada, 2 tokens a week, is used up. It begins anew on 2024-02-05.");
}

BOOST_AUTO_TEST_CASE(what_was_used_before_a_budget_was_set_counts) {
  const auto boss = hire({});
  const auto ada = hire({}, boss);
  const auto eve = hire({});
  now = when("2024-01-10T00:00:00Z");
  settle(give(ada), 1'000);  // this month
  now = when("2024-01-29T23:00:00Z");
  settle(give(boss), 100);  // this week
  now = when("2024-01-30T12:00:00Z");
  settle(give(ada), 10);  // today
  settle(give(eve), 5);   // who is not below
  for (const auto& [period, used] :
       std::map<budget_period, std::uint64_t>{{daily, 10}, {weekly, 110}, {monthly, 1'110}}) {
    change_budget(boss, token_budget{9'000, period});
    BOOST_TEST((standing(boss) == budget_standing{9'000, used, 0}));
    const auto work = give(ada);
    BOOST_REQUIRE(reserve(work, 50));
    BOOST_TEST((standing(boss) == budget_standing{9'000, used, 50}));
    BOOST_TEST(!budgets(boss)[0].claim.anew.has_value());
    settle(work, 0);
  }
  check_rows();
}

BOOST_AUTO_TEST_CASE(of_many_who_count_a_row_anew_one_does) {
  const auto ada = hire({});
  settle(give(ada), 30);
  change_budget(ada, token_budget{1'000, daily});
  const auto first = give(ada);
  const auto second = give(ada);
  const auto seen = budgets(ada);
  BOOST_REQUIRE(seen[0].claim.anew.has_value());
  BOOST_REQUIRE(reserve(first, 100, seen));
  BOOST_TEST((reserve(second, 100, seen).error().code == errc::conflict));
  BOOST_REQUIRE(reserve(second, 100));
  BOOST_TEST((standing(ada) == budget_standing{1'000, 30, 200}));
}

BOOST_AUTO_TEST_CASE(what_was_used_while_there_was_no_budget_counts_when_there_is_one_again) {
  const auto ada = hire(token_budget{1'000, daily});
  const auto held = give(ada);
  BOOST_REQUIRE(reserve(held, 200));
  change_budget(ada, std::nullopt);
  BOOST_TEST(budgets(ada).empty());
  settle(give(ada), 40);
  change_budget(ada, token_budget{2'000, daily});
  BOOST_TEST((standing(ada) == budget_standing{2'000, 40, 200}));
  const auto work = give(ada);
  BOOST_REQUIRE(reserve(work, 100));
  settle(held, 7);
  BOOST_TEST((standing(ada) == budget_standing{2'000, 47, 100}));
  check_rows();
}

BOOST_AUTO_TEST_CASE(a_call_that_was_under_way_when_a_budget_was_set_counts_when_it_must_have_ended) {
  const auto boss = hire({});
  const auto ada = hire(token_budget{5'000, daily}, boss);
  const auto held = give(ada);
  BOOST_REQUIRE(reserve(held, 200));  // not in the budget that comes now
  change_budget(boss, token_budget{1'000, daily});
  const auto work = give(ada);
  BOOST_REQUIRE(reserve(work, 100));
  settle(work, 10);
  settle(held, 40);
  BOOST_TEST((standing(boss) == budget_standing{1'000, 10, 0}));
  now += budget_settling_time - std::chrono::milliseconds(1);
  BOOST_TEST((standing(boss) == budget_standing{1'000, 10, 0}));
  now += std::chrono::milliseconds(1);
  BOOST_TEST((standing(boss) == budget_standing{1'000, 50, 0}));
  BOOST_REQUIRE(reserve(work, 100));
  now += std::chrono::hours(5);
  BOOST_TEST(!budgets(boss)[0].claim.anew.has_value());  // once
  check_rows();
}

BOOST_AUTO_TEST_CASE(the_plans_row_is_what_the_month_says) {
  const auto ada = hire({});
  settle(give(ada), 300);
  plan = 1'000;
  const auto work = give(ada);
  BOOST_REQUIRE(reserve(work, 100));
  BOOST_TEST((standing(ada) == budget_standing{1'000, 300, 100}));
  plan.reset();  // the server runs without a limit for a while
  settle(give(ada), 50);
  plan = 2'000;
  BOOST_TEST((standing(ada) == budget_standing{2'000, 350, 100}));
  settle(work, 60);
  BOOST_TEST((standing(ada) == budget_standing{2'000, 410, 0}));
  BOOST_REQUIRE(reserve(work, 1));
  BOOST_TEST(!budgets(ada)[0].claim.anew.has_value());
  check_rows();
}

BOOST_AUTO_TEST_CASE(what_is_settled_in_the_next_period_counts_there) {
  plan = 10'000;
  const auto ada = hire(token_budget{1'000, daily});
  const auto work = give(ada);
  BOOST_REQUIRE(reserve(work, 400));
  const auto today = budgets(ada)[1].claim.row;
  now += std::chrono::days(2);  // February
  settle(work, 30);
  BOOST_TEST(row(today) == (std::vector<std::uint64_t>{0, 0, row(today).at(2)}), boost::test_tools::per_element());
  BOOST_TEST((standing(ada, 0) == budget_standing{10'000, 30, 0}));
  BOOST_TEST((standing(ada, 1) == budget_standing{1'000, 30, 0}));
  // A row that only a settlement made is counted anew: somebody else may have used more.
  settle(give(ada), 5);
  BOOST_TEST((standing(ada, 1) == budget_standing{1'000, 35, 0}));
  check_rows();
}

BOOST_AUTO_TEST_CASE(a_reservation_is_replaced_in_one_step) {
  const auto ada = hire(token_budget{1'000, daily});
  const auto work = give(ada);
  BOOST_REQUIRE(reserve(work, 600));
  BOOST_REQUIRE(reserve(work, 900));  // 600 are given back with it
  BOOST_TEST((standing(ada) == budget_standing{1'000, 0, 900}));
  BOOST_REQUIRE(reserve(work, 900));
  BOOST_TEST((standing(ada) == budget_standing{1'000, 0, 900}));
  check_rows();
}

// --- at random ----------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(rows_agree_with_a_recount_whatever_happens) {
  std::mt19937 random{17};  // NOLINT: the same run every time
  const auto below = [&](std::size_t bound) { return random() % bound; };
  const auto any_budget = [&]() -> std::optional<token_budget> {
    if (below(3) == 0) return std::nullopt;
    return token_budget{20'000 + below(80'000), std::vector{daily, weekly, monthly}[below(3)]};
  };
  std::vector<agent_id> chain;  // a tree: each below any of those before
  for (int i = 0; i < 7; ++i) {
    chain.push_back(hire(any_budget(), chain.empty() ? std::nullopt : std::optional(chain[below(chain.size())])));
  }
  std::vector<task_id> work;
  for (const auto who : chain) {
    for (int i = 0; i < 3; ++i) work.push_back(give(who));
  }
  std::map<std::pair<std::uint64_t, agent_id>, std::uint64_t> used;  // by day
  const auto is_below = [&](agent_id who, agent_id root) {
    for (std::optional<agent_id> at = who; at; at = agents.at(*at).value.manager) {
      if (*at == root) return true;
    }
    return false;
  };
  const auto compare = [&](const budget& seen) {
    std::uint64_t expected = 0;
    for (const auto& [key, tokens] : used) {
      const bool inside = key.first >= first_day_of(seen.claim.row.period, now);
      if (inside && (!seen.holder || is_below(key.second, *seen.holder))) expected += tokens;
    }
    BOOST_TEST(seen.standing.used == expected);
  };
  std::map<std::string, int> happened;
  for (int step = 0; step < 4'000; ++step) {
    const auto which = work[below(work.size())];
    const auto who = tasks.at(which).value.task.assignee;
    if (below(5) == 0) now += std::chrono::minutes(below(300));
    if (below(40) == 0) {
      for (const auto each : work) {
        if (tasks.at(each).value.reserved) settle(each, 0);  // what is under way now is the matter of another case
      }
      change_budget(chain[below(chain.size())], any_budget());
    }
    if (below(200) == 0) plan = below(3) == 0 ? std::nullopt : std::optional<std::uint64_t>(400'000);
    const bool held = tasks.at(which).value.reserved.has_value();
    const auto limits = budgets(who);
    for (const auto& each : limits) compare(each);
    if (held && below(4) == 0) {
      settle(which, 0);  // a crash, a cancel
      ++happened["given back"];
    } else if (held || limits.empty()) {
      const auto tokens = below(2'000);
      settle(which, tokens);
      used[{unix_day(now), who}] += tokens;
      ++happened["settled"];
    } else {
      const auto tokens = 1 + below(9'000);
      const auto fits = std::all_of(limits.begin(), limits.end(), [&](const budget& each) {
        return each.standing.used + each.standing.reserved + tokens <= each.standing.limit;
      });
      const auto done = reserve(which, tokens, limits);
      BOOST_TEST(done.has_value() == fits);
      if (!done) BOOST_TEST((done.error().code == errc::forbidden));
      ++happened[fits ? "reserved" : "refused"];
    }
    check_rows();
  }
  for (const auto* each : {"given back", "settled", "reserved", "refused"}) BOOST_TEST(happened[each] > 100, each);
  BOOST_TEST(unix_day(now) > unix_day(when("2024-03-01T00:00:00Z")));  // over the borders of months
}

// --- at once ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(sixty_four_at_once_never_pass_a_limit) {
  const temporary_directory where;
  ground real(open_or_fail(options_in(where)));
  constexpr std::uint64_t limit = 20'000;
  constexpr std::uint64_t reserved = 900;
  constexpr std::uint64_t spent = 400;
  constexpr std::size_t callers = 64;
  const auto boss = real.hire(token_budget{limit, monthly});
  real.settle(real.give(boss), 1'000);
  const auto ada = real.hire({}, boss);
  std::vector<stored<task_record>> own;
  for (std::size_t i = 0; i < callers; ++i) own.push_back(real.tasks.at(real.give(ada)));
  const auto who = real.agents.at(ada).value;
  std::atomic<std::uint64_t> calls = 0;
  std::atomic<std::uint64_t> passed = 0;
  std::atomic<std::uint64_t> unexpected = 0;
  const auto write = [&](stored<task_record>& at, const task_record& after, task_effects effects) -> result<void> {
    effects.model = "m";
    batch changes;
    auto written = write_task(changes, real.org, &at, after, effects);
    auto done = commit(*real.kept, std::move(changes));
    if (done) at = std::move(written);
    return done;
  };
  const auto call_until_it_is_used_up = [&](stored<task_record>& at) {
    for (;;) {
      const auto seen = real.kept->snapshot();
      const auto limits = read_budgets(**seen, real.org, who, {}, real.now);
      const auto& standing = limits->front().standing;
      if (standing.used + standing.reserved > limit) ++passed;
      if (standing.used + reserved > limit) return;
      auto after = at.value;
      after.reserved = reservation{reserved, {limits->front().claim.row}};
      task_effects effects;
      effects.budgets = {limits->front().claim};
      const auto taken = write(at, after, effects);
      if (!taken) {
        if (taken.error().code != errc::forbidden && taken.error().code != errc::conflict) ++unexpected;
        continue;
      }
      after = at.value;
      after.reserved.reset();
      after.task.usage.output_tokens += spent;
      if (!write(at, after, {})) ++unexpected;
      ++calls;
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(callers);
  for (auto& each : own) threads.emplace_back([&] { call_until_it_is_used_up(each); });
  for (auto& each : threads) each.join();
  BOOST_TEST(passed == 0U);
  BOOST_TEST(unexpected == 0U);
  // As many as fit, and no more: the last begins where 900 are left.
  const auto most = (limit - 1'000 - reserved) / spent + 1;
  BOOST_TEST(calls == most);
  BOOST_TEST((real.standing(ada) == budget_standing{limit, 1'000 + most * spent, 0}));
  for (auto& each : own) real.tasks.insert_or_assign(each.value.task.id, each);
  real.check_rows();
}

BOOST_AUTO_TEST_SUITE_END()
