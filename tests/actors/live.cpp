// What the fleet tells of its agents.
#include <boost/test/unit_test.hpp>

#include "actors/supervision.hpp"
#include "tests/actors/world.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

struct with_report : world {
  /// What the fleet tells of an org.
  std::vector<actors::restarted_agent> report(org_id of) {
    auto told = std::make_shared<std::optional<actors::live_report>>();
    const auto asks = [told, of](caf::event_based_actor* self, const actors::fleet_actor& to) {
      self->request(to, actors::request_timeout, actors::live_agents{of})
          .then([told](actors::live_report& answer) { *told = answer; }, [](caf::error&) {});
    };
    at->system->spawn(asks, at->fleet);
    settle();
    BOOST_REQUIRE(told->has_value());
    return (*told)->agents;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(live, with_report)

BOOST_AUTO_TEST_CASE(nothing_is_told_of_agents_that_never_crashed) {
  const auto ada = add_agent();
  model.script = [](model_exchange& call) { call.end(); };
  run_through(ada, add_task(ada));
  BOOST_TEST(report(org).empty());
}

BOOST_AUTO_TEST_CASE(restarts_are_counted) {
  const auto ada = add_agent();
  const auto bob = add_agent();
  const auto work = add_task(ada);
  (void)at->run(ada, work);
  (void)at->run(bob, add_task(bob));
  settle();
  for (std::uint32_t crashes = 0; crashes < 3; ++crashes) {
    at->kill_agent({org, ada});
    settle();
    auto told = report(org);
    BOOST_REQUIRE_EQUAL(told.size(), 1U);
    BOOST_TEST((told[0].agent == ada));
    BOOST_TEST(told[0].restarting);
    BOOST_TEST(told[0].restarts == crashes);
    pass(2s);
    told = report(org);
    BOOST_REQUIRE_EQUAL(told.size(), 1U);
    BOOST_TEST(!told[0].restarting);
    BOOST_TEST(told[0].restarts == crashes + 1);
  }
  BOOST_TEST(report(org_id::make(clock.now())).empty());
}

BOOST_AUTO_TEST_CASE(a_message_waits_for_the_restart) {
  const auto ada = add_agent();
  (void)at->run(ada, add_task(ada));
  settle();
  at->kill_agent({org, ada});
  settle();
  const auto next = add_task(ada);
  const auto asked = at->run(ada, next);
  settle();
  BOOST_TEST(report(org).at(0).restarting);
  BOOST_TEST(!asked->has_value());
  pass(actors::first_restart_delay);
  BOOST_TEST(granted(asked));
  const auto told = report(org);
  BOOST_TEST(!told.at(0).restarting);
  BOOST_TEST(told.at(0).restarts == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
