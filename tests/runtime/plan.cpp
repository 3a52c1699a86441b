// The plan's limits as callers meet them, and what `me` tells of the plan.
#include "core/bus_types.hpp"
#include "flotilla/json.hpp"
#include "runtime/plan_limits.hpp"
#include "tests/runtime/host.hpp"

using namespace flotilla;
using namespace flotilla::testing;
using namespace std::chrono_literals;

namespace {

host with_limits(plan_limits limits) {
  fleet_options options;
  options.plan.limits = limits;
  return host::in_memory(std::move(options));
}

std::vector<message> limit_messages(host& of) {
  // A refusal is told behind its answer, but before any later change: the writer lane keeps the order.
  (void)of.ask(&fleet::create_epic, epic_draft{"Something else", epic_type::ops});
  message_query query;
  query.filter.type = std::string(bus::usage_limit);
  return of.get(&fleet::list_messages, query).items;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plan)

BOOST_AUTO_TEST_CASE(me_tells_the_plan_and_the_features) {
  fleet_options options;
  options.plan = {"team", {5, 100, std::nullopt, 3}};
  options.features = {{"beta", true}, {"old-ui", false}};
  auto it = host::in_memory(options);
  const auto found = it.get(&fleet::me);
  BOOST_TEST(found.plan.name == "team");
  BOOST_TEST((found.plan.limits == options.plan.limits));
  BOOST_TEST((found.features == options.features));
  BOOST_TEST(to_json(found).find(R"("plan":{"name":"team","limits":{"agents":5,"tasksPerMonth":100,)"
                                 R"("tokensPerMonth":null,"concurrentRuns":3}},"features":{"beta":true,)") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(agents_are_limited_that_are_not_archived) {
  auto it = with_limits({2, {}, {}, {}});
  const auto ada = it.hire("Ada").value();
  BOOST_REQUIRE(it.hire("Bob"));
  BOOST_TEST(refusal(it.hire("Cyd"), errc::forbidden) == "The plan's limit of 2 agents is reached.");
  (void)it.get(&fleet::archive_agent, ada.id);
  BOOST_REQUIRE(it.hire("Cyd"));
  agent_patch rename;
  rename.name = "Ada L.";
  BOOST_TEST(it.ask(&fleet::update_agent, ada.id, rename).has_value());  // it is not one more
  BOOST_TEST(limit_messages(it).size() == 1U);
}

BOOST_AUTO_TEST_CASE(agents_that_are_made_at_once_keep_to_the_limit) {
  auto it = with_limits({3, {}, {}, {}});
  std::vector<std::promise<result<agent>>> answers(20);
  for (auto& each : answers) {
    it.runtime->create_agent(it.who, host::draft_agent("A"),
                             [&each](result<agent> done) { each.set_value(std::move(done)); });
  }
  int made = 0;
  for (auto& each : answers) made += each.get_future().get() ? 1 : 0;
  BOOST_TEST(made == 3);
}

BOOST_AUTO_TEST_CASE(tasks_of_a_month_are_limited) {
  auto it = with_limits({{}, 2, {}, {}});
  const auto ada = it.hire("Ada").value();
  BOOST_REQUIRE(it.give(ada.id, "@say 1"));
  BOOST_REQUIRE(it.give(ada.id, "@say 2"));
  BOOST_TEST(refusal(it.give(ada.id, "@say 3"), errc::forbidden) ==
             "The plan's limit of 2 tasks a month is reached.");
  BOOST_TEST(it.get(&fleet::list_tasks, task_query{}).items.size() == 2U);
}

BOOST_AUTO_TEST_CASE(runs_end_when_the_tokens_of_the_month_are_used_up) {
  auto it = with_limits({{}, {}, 60, {}});
  const auto ada = it.hire("Ada").value();
  const auto first = it.give(ada.id, "@repeat 100 \"word \"").value();
  const auto second = it.give(ada.id, "@say 2").value();
  (void)it.run(first.id);
  const auto ended = it.detail(first.id).task;
  BOOST_REQUIRE(ended.error.has_value());
  BOOST_TEST(ended.error->code == "budget_exceeded");
  BOOST_TEST(ended.usage.total() == 60U);  // to the last token
  const auto words = refusal(it.ask(&fleet::run_task, second.id, false), errc::forbidden);
  BOOST_TEST(words.starts_with("The plan's limit of 60 tokens a month is reached. It begins anew on "), words);
  BOOST_TEST(refusal(it.ask(&fleet::run_task, first.id, true), errc::forbidden) == words);
  task_patch again;
  again.status = task_status::pending;
  again.title = "another title";
  BOOST_TEST(refusal(it.ask(&fleet::update_task, first.id, again), errc::forbidden) == words);
  BOOST_TEST(it.detail(first.id).task.title == "A task");  // nothing was changed
  BOOST_TEST(it.detail(first.id).task.attempt == 1U);
  BOOST_TEST((it.detail(second.id).task.status == task_status::pending));
  (void)it.get(&fleet::run_task, first.id, false);  // to look at what was recorded is free
  const auto told = limit_messages(it);
  BOOST_REQUIRE_EQUAL(told.size(), 2U);  // of the run, and of the refusals, not each time
  BOOST_TEST(told.front().text == words);
  BOOST_TEST(told.back().text == ended.error->message);
  for (const auto& each : told) BOOST_TEST((each.from == party::system()));
}

BOOST_AUTO_TEST_CASE(an_agents_budget_holds_for_those_below_it) {
  auto it = with_limits({});
  auto draft = host::draft_agent("Chief");
  draft.budget = token_budget{60, budget_period::week};
  const auto chief = it.get(&fleet::create_agent, draft);
  auto below = host::draft_agent("Hand");
  below.manager = chief.id;
  const auto hand = it.get(&fleet::create_agent, below);
  const auto work = it.give(hand.id, "@repeat 100 \"word \"").value();
  (void)it.run(work.id);
  BOOST_TEST(it.detail(work.id).task.usage.total() == 60U);
  const auto refused = refusal(it.ask(&fleet::run_task, work.id, true), errc::forbidden);
  BOOST_TEST(refused.starts_with("The budget of Chief, 60 tokens a week, is used up."), refused);
  agent_patch more;
  more.budget = std::optional(token_budget{9'000, budget_period::week});
  BOOST_REQUIRE(it.ask(&fleet::update_agent, chief.id, more).has_value());
  BOOST_TEST(it.ask(&fleet::run_task, work.id, true).has_value());
}

BOOST_AUTO_TEST_CASE(an_approval_needs_tokens_too) {
  const auto wait_for_approval = [](host& it) {
    auto draft = host::draft_agent("Ada");
    draft.approvals = {"rehearse_*"};
    const auto ada = it.get(&fleet::create_agent, draft);
    const auto made = it.give(ada.id, "@tool rehearse_echo {\"text\":\"x\"}\n@say done").value();
    (void)it.run(made.id);
    return made;
  };
  auto free = with_limits({});
  const auto needed = free.detail(wait_for_approval(free).id).task.usage.total();
  auto it = with_limits({{}, {}, needed, {}});
  const auto work = wait_for_approval(it);
  BOOST_REQUIRE((it.detail(work.id).task.status == task_status::waiting));
  task_patch approve;
  approve.status = task_status::running;
  (void)refusal(it.ask(&fleet::update_task, work.id, approve), errc::forbidden);
  BOOST_TEST((it.detail(work.id).task.status == task_status::waiting));
}

BOOST_AUTO_TEST_CASE(a_limit_is_told_once_in_a_while) {
  runtime::limit_notices notices;
  const timestamp start{1'000'000s};
  const auto org = org_id::make(start);
  BOOST_TEST(notices.due(org, "a", start));
  BOOST_TEST(!notices.due(org, "a", start + runtime::limit_notice_interval - 1ms));
  BOOST_TEST(notices.due(org, "b", start));
  BOOST_TEST(notices.due(org_id::make(start), "a", start));
  BOOST_TEST(notices.due(org, "a", start + runtime::limit_notice_interval));
}

BOOST_AUTO_TEST_SUITE_END()
