// What was used, as the fleet tells it, is what the tasks say.
#include <boost/test/unit_test.hpp>

#include <map>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "tests/runtime/host.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

std::string today() {
  return to_string(system_wall_clock().now()).substr(0, 10);
}

/// Two agents on one model, one on another; some tasks are run, one of them twice, one fails, one is never run.
struct busy_fleet {
  busy_fleet() : it(host::in_memory()) {
    for (const auto* model : {"large", "large", "small"}) {
      auto draft = host::draft_agent("Worker");
      draft.model = model;
      agents.push_back(it.get(&fleet::create_agent, draft));
    }
    for (std::size_t i = 0; i < agents.size(); ++i) {
      for (std::size_t n = 0; n <= i; ++n) run(i, "some words to read\n@say some words to say");
    }
    (void)it.run(run(0, "@tool rehearse_echo {\"text\":\"x\"}\n@say two turns"), true);
    (void)run(1, "@say before it fails\n@tool rehearse_echo\n@fail 400 no");
    (void)it.give(agents[2].id, "@say never run");
    idle = it.hire("Idle").value().id;
  }
  task_id run(std::size_t who, const std::string& input) {
    const auto work = it.give(agents[who].id, input).value().id;
    (void)it.run(work);
    tasks.emplace_back(who, work);
    return work;
  }
  usage_summary usage(budget_period period = budget_period::month, std::optional<agent_id> agent = std::nullopt) {
    return it.get(&fleet::usage, usage_query{period, agent});
  }
  /// What the tasks say, of those that `counts` lets in.
  template <class Counts>
  usage_totals sum(Counts counts) {
    usage_totals all;
    for (const auto& [who, work] : tasks) {
      if (counts(agents[who])) all += usage_totals{it.detail(work).task.usage, 1};
    }
    return all;
  }

  host it;
  std::vector<agent> agents;
  agent_id idle;
  std::vector<std::pair<std::size_t, task_id>> tasks;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(usage)

BOOST_AUTO_TEST_CASE(the_sums_are_those_of_the_tasks) {
  // Where a day ends meanwhile, what was used lies in two of them: then once more.
  std::optional<busy_fleet> in;
  std::string day;
  do {
    day = today();
    in.emplace();
  } while (day != today());
  const auto everything = in->sum([](const agent&) { return true; });
  BOOST_REQUIRE(everything.tokens.input_tokens > 0U);
  BOOST_REQUIRE(everything.tokens.output_tokens > 0U);
  for (const auto period : {budget_period::day, budget_period::week, budget_period::month}) {
    const auto told = in->usage(period);
    BOOST_TEST((told.totals == everything));
    BOOST_TEST(told.by_agent.size() == 3U);
    for (const auto& each : told.by_agent) {
      BOOST_TEST((each.totals == in->sum([&](const agent& who) { return who.id == each.agent; })));
    }
    BOOST_TEST(told.by_model.size() == 2U);
    for (const auto& each : told.by_model) {
      BOOST_TEST((each.totals == in->sum([&](const agent& who) { return who.model == each.model; })));
    }
    BOOST_REQUIRE(!told.by_day.empty());
    BOOST_TEST(told.by_day.back().date == day);
    BOOST_TEST((told.by_day.back().totals == everything));
  }
  for (const auto& who : in->agents) {
    const auto told = in->usage(budget_period::month, who.id);
    BOOST_TEST((told.totals == in->sum([&](const agent& each) { return each.id == who.id; })));
    BOOST_TEST(told.by_agent.size() == 1U);
  }
  BOOST_TEST((in->usage(budget_period::month, in->idle).totals == usage_totals{}));
}

BOOST_AUTO_TEST_CASE(an_unknown_agent_is_named) {
  auto it = host::in_memory();
  const auto nobody = usage_query{budget_period::day, agent_id::make(timestamp{})};
  BOOST_TEST(refusal(it.ask(&fleet::usage, nobody), errc::invalid) == "agent: no such agent");
}

BOOST_AUTO_TEST_CASE(a_task_sums_what_the_tasks_below_it_have_used) {
  auto it = host::in_memory();
  const auto lead = it.hire("Lead").value().id;
  const auto ann = it.hire("Ann", lead).value().id;
  (void)it.hire("Bob", ann);
  const auto work = it.give(lead,
                            "go\n@tool delegate {\"to\":\"Ann\",\"title\":\"a\",\"input\":\"x\\n@tool delegate "
                            "{\\\"to\\\":\\\"Bob\\\",\\\"title\\\":\\\"b\\\",\\\"input\\\":\\\"@say "
                            "deep\\\"}\\n@result\"}\n@result")
                        .value()
                        .id;
  (void)it.run(work);
  const auto top = it.detail(work);
  BOOST_TEST(top.task.output.value_or("") == "deep");
  BOOST_REQUIRE(top.children.size() == 1U);
  const auto middle = it.detail(top.children[0]);
  BOOST_REQUIRE(middle.children.size() == 1U);
  const auto low = it.detail(middle.children[0]);
  BOOST_TEST(low.task.usage.total() > 0U);
  BOOST_TEST((low.total_usage == low.task.usage));
  auto sum = low.task.usage;
  sum += middle.task.usage;
  BOOST_TEST((middle.total_usage == sum));
  sum += top.task.usage;
  BOOST_TEST((top.total_usage == sum));
}

BOOST_AUTO_TEST_SUITE_END()
