// Budgets as runs meet them: reserved before a model call, settled after it, waited for, exceeded, given back.
#include <boost/test/unit_test.hpp>

#include "core/budget_rules.hpp"
#include "core/bus_types.hpp"
#include "storage/budget_records.hpp"
#include "storage/key_schema.hpp"
#include "tests/actors/world.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

using words = std::vector<std::string>;

constexpr auto daily = budget_period::day;
constexpr std::uint64_t roomy = 1'000'000;

struct with_budgets : world {
  agent_id ada = add_agent();
  agent_id bob = add_agent();
  std::optional<std::uint64_t> plan;  ///< tokens a month

  void limit_plan(std::uint64_t tokens) {
    plan = tokens;
    at->env->limits.tokens_per_month = tokens;
  }

  void set(agent_id who, std::optional<token_budget> budget, std::optional<agent_id> manager = {}) {
    const auto seen = disk->snapshot().value();
    const auto before = storage::read_agent(*seen, org, who).value().value();
    auto after = before.value;
    after.budget = budget;
    after.manager = manager;
    after.updated_at = ++clock.time;
    storage::batch changes;
    storage::write_agent(changes, org, &before, after);
    disk->commit(std::move(changes), storage::durability::synced,
                 [](const result<void>& done) { BOOST_REQUIRE(done.has_value()); });
  }
  /// How the budget of an agent stands, or the plan's limit.
  budget_standing standing(agent_id who, bool of_plan = false) const {
    const auto seen = disk->snapshot().value();
    const auto holder = storage::read_agent(*seen, org, who).value().value();
    const auto all = storage::read_budgets(*seen, org, holder.value, plan, clock.now()).value();
    for (const auto& each : all) {
      if (of_plan ? !each.holder : each.holder == who) return each.standing;
    }
    BOOST_FAIL("there is no such limit");
    return {};
  }
  std::uint64_t reserved(task_id which) const {
    const auto found = record(which).reserved;
    return found ? found->tokens : 0;
  }
  task_id begin(agent_id who) {
    const auto work = add_task(who);
    const auto said = at->run(who, work);
    settle();
    BOOST_TEST(granted(said));
    return work;
  }
  std::optional<std::uint32_t> bound() { return model.last().request.max_output_tokens; }
  std::string code(task_id which) const { return record(which).task.error.value_or(task_error{"none", ""}).code; }
  std::optional<message> limit_told(task_id which) const {
    for (const auto& each : bus()) {
      if (each.task_id == which && each.type == bus::usage_limit) return each;
    }
    return std::nullopt;
  }
  bool no_rows() const {
    bool none = true;
    const auto rows = storage::keys_with_prefix(storage::keys::all(storage::keys::table::budgets));
    const auto seen = disk->snapshot().value();
    (void)seen->scan(rows, storage::direction::forward, [&none](auto, auto) { return none = false; });
    return none;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(budgets, with_budgets)

BOOST_AUTO_TEST_CASE(without_a_limit_nothing_is_reserved) {
  const auto work = begin(ada);
  BOOST_TEST(!bound().has_value());
  BOOST_TEST(reserved(work) == 0U);
  model.last().end({500, 500});
  settle();
  BOOST_TEST((story(work) == words{"running", "model_call", "model_answer", "done"}));
  BOOST_TEST(no_rows());
}

BOOST_AUTO_TEST_CASE(a_call_is_reserved_while_it_goes_on_and_settled_with_its_answer) {
  set(bob, token_budget{roomy, budget_period::week});
  set(ada, token_budget{roomy, daily}, bob);
  limit_plan(roomy);
  const auto work = begin(ada);
  BOOST_TEST((bound() == default_max_output_tokens));
  const auto held = reserved(work);
  BOOST_TEST(held > default_max_output_tokens);
  BOOST_TEST((standing(ada) == budget_standing{roomy, 0, held}));
  BOOST_TEST((standing(bob) == budget_standing{roomy, 0, held}));
  BOOST_TEST((standing(ada, true) == budget_standing{roomy, 0, held}));
  model.last().end({30, 12});
  settle();
  BOOST_TEST((standing(ada) == budget_standing{roomy, 42, 0}));
  BOOST_TEST((standing(bob) == budget_standing{roomy, 42, 0}));
  BOOST_TEST((standing(ada, true) == budget_standing{roomy, 42, 0}));
  BOOST_TEST((story(work) == words{"running", "model_call", "model_answer", "done"}));
  check(work);
}

BOOST_AUTO_TEST_CASE(a_run_that_meets_a_limit_ends_with_it) {
  set(ada, token_budget{100, daily});
  const auto work = begin(ada);
  BOOST_TEST((story(work) == words{"running", "!budget_exceeded", "error"}));
  BOOST_TEST((status(work) == task_status::error));
  BOOST_TEST(code(work) == "budget_exceeded");
  BOOST_TEST(model.calls.empty());
  BOOST_TEST((told(work) == words{"task.started", "task.error", "usage.limit"}));
  const auto said = limit_told(work).value();
  BOOST_TEST(said.text == "The budget of Ada, 100 tokens a day, is used up. It begins anew on 2027-01-16.");
  BOOST_TEST(said.text == record(work).task.error->message);
  BOOST_TEST(*said.data ==
             R"({"code":"budget_exceeded","tokens":100,"period":"day","agent":")" + ada.to_string() + "\"}");
  BOOST_TEST((said.from == party::system()));
  check(work);
}

BOOST_AUTO_TEST_CASE(a_managers_budget_is_met_by_a_report_of_a_report) {
  const auto eve = add_agent();
  set(eve, token_budget{9'000, daily});
  set(bob, std::nullopt, eve);
  set(ada, token_budget{roomy, daily}, bob);
  const auto first = begin(ada);
  model.last().end({5'000, 3'900});
  settle();
  BOOST_TEST((status(first) == task_status::done));
  const auto second = begin(bob);
  BOOST_TEST(code(second) == "budget_exceeded");
  BOOST_TEST(limit_told(second)->data->find(eve.to_string()) != std::string::npos);
  BOOST_TEST((standing(eve) == budget_standing{9'000, 8'900, 0}));
}

BOOST_AUTO_TEST_CASE(the_plans_limit_is_met_by_whoever_comes) {
  limit_plan(5'000);
  (void)begin(ada);
  model.last().end({2'000, 2'900});
  settle();
  const auto work = begin(bob);
  BOOST_TEST(code(work) == "budget_exceeded");
  BOOST_TEST(record(work).task.error->message ==
             "The plan's limit of 5000 tokens a month is reached. It begins anew on 2027-02-01.");
  BOOST_TEST(limit_told(work)->data->ends_with(R"("agent":null})"));
}

BOOST_AUTO_TEST_CASE(an_answer_is_made_shorter_where_a_budget_leaves_no_more) {
  set(ada, token_budget{3'000, daily});
  const auto work = begin(ada);
  BOOST_REQUIRE(bound().has_value());
  BOOST_TEST(*bound() < 3'000U);
  BOOST_TEST(reserved(work) == 3'000U);
  model.last().say("half of");
  model.last().sink->on_answer({stop_reason::max_tokens, {}, {10, *bound()}});
  const auto cut_at = *bound();
  settle();
  BOOST_TEST(
      (story(work) == words{"running", "model_call", "+half of", "model_answer", "!budget_exceeded", "error"}));
  BOOST_TEST(events(work)[1].data->find("\"maxOutputTokens\":" + std::to_string(cut_at)) != std::string::npos);
  BOOST_TEST(record(work).task.output.value() == "half of");
  BOOST_TEST(limit_told(work).has_value());
  BOOST_TEST((standing(ada) == budget_standing{3'000, 10 + cut_at, 0}));
  check(work);
}

BOOST_AUTO_TEST_CASE(a_run_waits_for_what_others_have_reserved_and_goes_on_when_they_settle) {
  const auto boss = add_agent();
  set(boss, token_budget{10'000, daily});
  set(ada, std::nullopt, boss);
  set(bob, std::nullopt, boss);
  const auto first = begin(ada);
  const auto second = begin(bob);
  const auto calls = model.calls.size();
  BOOST_TEST(calls == 1U);
  pass(20s);
  BOOST_TEST((story(second) == words{"running", "budget_wait"}));  // said once
  BOOST_TEST((status(second) == task_status::running));
  BOOST_TEST(model.calls.size() == calls);
  model.last().end({40, 60});
  pass(longest_budget_delay);
  BOOST_TEST((status(first) == task_status::done));
  BOOST_REQUIRE_EQUAL(model.calls.size(), calls + 1);
  model.last().end({40, 60});
  settle();
  BOOST_TEST((story(second) == words{"running", "budget_wait", "model_call", "model_answer", "done"}));
  BOOST_TEST((standing(boss) == budget_standing{10'000, 200, 0}));
  check(second);
}

BOOST_AUTO_TEST_CASE(a_run_that_waits_can_be_cancelled_and_survives_a_restart) {
  set(bob, token_budget{10'000, daily});
  set(ada, std::nullopt, bob);
  const auto first = begin(bob);
  const auto second = begin(ada);
  BOOST_TEST((story(second) == words{"running", "budget_wait"}));
  crash();
  start();
  settle();
  // Whichever comes first has it now.
  BOOST_TEST((reserved(first) > 0) != (reserved(second) > 0));
  const auto waits = reserved(first) > 0 ? second : first;
  const auto said = at->cancel(waits == first ? bob : ada, waits);
  settle();
  BOOST_TEST(granted(said));
  BOOST_TEST(code(waits) == "cancelled");
  const auto calls = model.calls.size();
  pass(10s);
  BOOST_TEST(model.calls.size() == calls);
  model.last().end({1, 1});
  settle();
  BOOST_TEST((standing(bob) == budget_standing{10'000, 2, 0}));
  check(first);
  check(second);
}

BOOST_AUTO_TEST_CASE(a_run_does_not_wait_for_ever) {
  set(bob, token_budget{10'000, daily});
  set(ada, std::nullopt, bob);
  (void)begin(bob);
  const auto work = begin(ada);
  pass(longest_budget_wait - 1s);
  BOOST_TEST((status(work) == task_status::running));
  pass(1s + 2 * longest_budget_delay);
  BOOST_TEST(code(work) == "budget_exceeded");
  BOOST_TEST(record(work).task.error->message.ends_with("Other runs have held what is left of it for 15 minutes."));
  BOOST_TEST(limit_told(work).has_value());
}

BOOST_AUTO_TEST_CASE(a_failed_try_gives_back_and_the_next_one_reserves_again) {
  set(ada, token_budget{roomy, daily});
  const auto work = begin(ada);
  const auto held = reserved(work);
  model.last().fail("overloaded", true);  // 1 in
  settle();
  BOOST_TEST(reserved(work) == 0U);
  BOOST_TEST((standing(ada) == budget_standing{roomy, 1, 0}));
  pass(1s);
  BOOST_TEST(reserved(work) == held);
  model.last().fail("refused", false);  // 1 in, and the end
  settle();
  BOOST_TEST(code(work) == "refused");
  BOOST_TEST((standing(ada) == budget_standing{roomy, 2, 0}));
}

BOOST_AUTO_TEST_CASE(a_cancel_a_shutdown_and_a_run_that_throws_give_back) {
  set(ada, token_budget{roomy, daily});
  const auto cancelled = begin(ada);
  BOOST_TEST(reserved(cancelled) > 0U);
  (void)at->cancel(ada, cancelled);
  settle();
  BOOST_TEST((standing(ada) == budget_standing{roomy, 0, 0}));
  model.throws = true;
  const auto thrown = begin(ada);
  pass(60s);
  BOOST_TEST((status(thrown) == task_status::error));
  BOOST_TEST((standing(ada) == budget_standing{roomy, 0, 0}));
  model.throws = false;
  const auto suspended = begin(ada);
  BOOST_TEST(reserved(suspended) > 0U);
  (void)at->order(actors::suspend{});
  settle();
  BOOST_TEST((status(suspended) == task_status::running));
  BOOST_TEST(reserved(suspended) == 0U);
  BOOST_TEST((standing(ada) == budget_standing{roomy, 0, 0}));
}

BOOST_AUTO_TEST_CASE(a_cancel_while_the_reservation_is_on_its_way_gives_it_back) {
  set(ada, token_budget{roomy, daily});
  const auto work = add_task(ada);
  at->store.holds = true;
  (void)at->run(ada, work);
  settle();
  const auto said = at->cancel(ada, work);
  settle();
  at->store.release();
  settle();
  BOOST_TEST(granted(said));
  BOOST_TEST(code(work) == "cancelled");
  BOOST_TEST(model.calls.empty());
  BOOST_TEST(reserved(work) == 0U);
  BOOST_TEST((standing(ada) == budget_standing{roomy, 0, 0}));
  check(work);
}

BOOST_AUTO_TEST_CASE(runs_that_begin_at_once_get_out_of_each_others_way) {
  set(bob, token_budget{20'000, daily});
  set(ada, std::nullopt, bob);
  const auto eve = add_agent();
  set(eve, std::nullopt, bob);
  const auto work = std::vector{add_task(ada), add_task(bob), add_task(eve)};
  const auto who = std::vector{ada, bob, eve};
  at->store.holds = true;  // all read that there is no row yet, and count it anew
  for (std::size_t i = 0; i < 3; ++i) (void)at->run(who[i], work[i]);
  settle();
  at->store.release();
  settle();
  BOOST_TEST(model.calls.size() == 2U);  // as many as fit
  for (int i = 0; i < 3; ++i) {
    BOOST_REQUIRE(static_cast<int>(model.calls.size()) > i);
    model.calls[static_cast<std::size_t>(i)]->end({10, 10});
    pass(longest_budget_delay);
  }
  for (const auto& each : work) {
    BOOST_TEST((status(each) == task_status::done));
    check(each);
  }
  BOOST_TEST((standing(bob) == budget_standing{20'000, 60, 0}));
}

BOOST_AUTO_TEST_CASE(a_limit_of_runs_at_once_is_told_from_a_budget) {
  set(ada, token_budget{roomy, daily});
  set(bob, token_budget{roomy, daily});
  at->env->limits.concurrent_runs = 1;
  const auto first = begin(ada);
  const auto work = add_task(bob);
  const auto said = at->run(bob, work);
  settle();
  BOOST_TEST((refusal(said) == errc::forbidden));
  BOOST_TEST((*said)->error().message == "The plan's limit of 1 concurrent run is reached.");
  BOOST_TEST(events(work).empty());
  model.last().end();
  settle();
  BOOST_TEST((status(first) == task_status::done));
  BOOST_TEST((standing(bob) == budget_standing{roomy, 0, 0}));
}

BOOST_AUTO_TEST_CASE(a_budget_that_is_changed_holds_for_the_next_call) {
  tools.offer("search", true);
  set(ada, token_budget{roomy, daily});
  const auto work = begin(ada);
  const auto next_turn = [&](std::optional<token_budget> budget) {
    const auto asked = model.calls.size();
    model.last().ask_tools({{"a" + std::to_string(asked), "search", "{}"}});  // 1 in, 1 out
    settle();
    set(ada, budget);
    tools.calls.back()->answer("found");
    settle();
    return model.calls.size() > asked;
  };
  BOOST_TEST(next_turn(std::nullopt));
  BOOST_TEST(!bound().has_value());
  BOOST_TEST(reserved(work) == 0U);
  BOOST_TEST(next_turn(token_budget{roomy, budget_period::month}));
  BOOST_TEST((bound() == default_max_output_tokens));
  BOOST_TEST(standing(ada).used == 4U);  // also what was used while there was none
  BOOST_TEST(!next_turn(token_budget{5, daily}));
  BOOST_TEST(code(work) == "budget_exceeded");
  BOOST_TEST((standing(ada) == budget_standing{5, 6, 0}));
  check(work);
}

BOOST_AUTO_TEST_CASE(limits_that_cannot_be_read_for_a_while_are_read_when_they_can) {
  tools.offer("search", true);
  set(ada, token_budget{roomy, daily});
  const auto work = begin(ada);
  model.last().ask_tools({{"a", "search", "{}"}});
  settle();
  at->store.unreadable = true;
  tools.calls.back()->answer("found");
  pass(5s);
  BOOST_TEST(model.calls.size() == 1U);
  BOOST_TEST(story(work).back() == "search<found");  // the result does not wait for it
  at->store.unreadable = false;
  pass(5s);
  BOOST_REQUIRE_EQUAL(model.calls.size(), 2U);
  model.last().end();
  settle();
  BOOST_TEST((status(work) == task_status::done));
  check(work);
}

BOOST_AUTO_TEST_CASE(whenever_the_process_ends_nothing_stays_reserved) {
  for (std::size_t cut = 0;; ++cut) {
    BOOST_TEST_CONTEXT("the process ends after " << cut << " messages") {
      with_budgets in;
      in.tools.offer("search", true);
      in.tools.script = [](tool_exchange& call) { call.answer("found"); };
      in.model.script = [](model_exchange& call) {
        if (call.request.turns.size() > 2) return call.end({20, 5});
        call.ask_tools({{"a", "search", "{}"}});
      };
      in.set(in.bob, token_budget{roomy, budget_period::week});
      in.set(in.ada, token_budget{roomy, daily}, in.bob);
      in.limit_plan(roomy);
      const auto work = in.add_task(in.ada);
      (void)in.at->run(in.ada, work);
      const auto made = in.at->steps(cut);
      in.crash();
      // What is reserved is what the record says.
      const auto held = in.reserved(work);
      BOOST_TEST(in.standing(in.ada).reserved == held);
      BOOST_TEST(in.standing(in.bob).reserved == held);
      in.start();
      in.limit_plan(roomy);
      in.settle();
      if (in.status(work) == task_status::pending) {
        (void)in.at->run(in.ada, work);
        in.settle();
      }
      BOOST_TEST((in.status(work) == task_status::done));
      const auto used = in.record(work).task.usage.total();
      BOOST_TEST(used == 27U);
      BOOST_TEST((in.standing(in.ada) == budget_standing{roomy, used, 0}));
      BOOST_TEST((in.standing(in.bob) == budget_standing{roomy, used, 0}));
      BOOST_TEST((in.standing(in.ada, true) == budget_standing{roomy, used, 0}));
      in.check(work);
      if (made < cut) break;
      BOOST_REQUIRE(cut < 500);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
