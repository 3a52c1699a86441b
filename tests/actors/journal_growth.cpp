// The journal holds what is new at each step, never the conversation again: it grows with the turns, not with their
// square.
#include <boost/test/unit_test.hpp>

#include "flotilla/json.hpp"
#include "tests/actors/world.hpp"

using namespace flotilla;
using namespace flotilla::testing;

BOOST_FIXTURE_TEST_SUITE(journal_growth, world)

BOOST_AUTO_TEST_CASE(a_turn_costs_the_same_however_long_the_run_is) {
  constexpr std::size_t turns = 30;
  constexpr std::size_t result_bytes = 5'000;
  tools.offer("search", true);
  tools.script = [](tool_exchange& call) { call.answer(std::string(result_bytes, 'r')); };
  std::vector<std::size_t> request_turns;
  model.script = [&](model_exchange& call) {
    request_turns.push_back(call.request.turns.size());
    call.say("Looking. ");
    if (request_turns.size() == turns) return call.end();
    call.ask_tools({{"a", "search", "{}"}});
  };
  const auto ada = add_agent();
  const auto work = add_task(ada);
  run_through(ada, work);
  BOOST_TEST((status(work) == task_status::done));
  BOOST_TEST(request_turns.back() == 1 + 2 * (turns - 1));  // the model is shown all of it

  std::vector<std::size_t> bytes_of_turn;
  for (const auto& each : events(work)) {
    if (each.text == "model_call") bytes_of_turn.push_back(0);
    if (!bytes_of_turn.empty()) bytes_of_turn.back() += to_json(each).size();
  }
  BOOST_REQUIRE(bytes_of_turn.size() == turns);
  constexpr std::size_t longer_numbers = 64;  // positions and turns get more digits
  for (std::size_t i = 1; i + 1 < turns; ++i) {
    BOOST_TEST(bytes_of_turn[i] <= bytes_of_turn[0] + longer_numbers, "turn " << i + 1);
  }
}

BOOST_AUTO_TEST_SUITE_END()
