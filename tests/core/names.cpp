// Every name reads back as its value, and nothing else does.
#include <boost/test/unit_test.hpp>

#include "core/model_provider.hpp"
#include "flotilla/access.hpp"
#include "flotilla/agent.hpp"
#include "flotilla/event.hpp"
#include "flotilla/result.hpp"
#include "flotilla/task.hpp"

namespace {

using namespace flotilla;

/// The names are those of the values 0, 1, …; the value after the last has none.
template <class Enum, class Parse>
void check_names(std::initializer_list<std::string_view> names, Parse parse) {
  std::uint8_t value = 0;
  for (const auto name : names) {
    BOOST_TEST(to_string(static_cast<Enum>(value)) == name);
    BOOST_TEST((parse(name) == static_cast<Enum>(value)));
    BOOST_TEST(!parse(name.substr(1)).has_value());
    BOOST_TEST(!parse(std::string(name) + " ").has_value());
    ++value;
  }
  BOOST_TEST(to_string(static_cast<Enum>(value)) == "unknown");
  BOOST_TEST(!parse("unknown").has_value());
  BOOST_TEST(!parse("").has_value());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(names)

BOOST_AUTO_TEST_CASE(as_the_api_spells_them) {
  check_names<role>({"viewer", "operator", "admin"}, parse_role);
  check_names<agent_status>({"active", "running", "paused", "archived"}, parse_agent_status);
  check_names<budget_period>({"day", "week", "month"}, parse_budget_period);
  check_names<task_status>({"pending", "running", "waiting", "done", "error"}, parse_task_status);
  check_names<task_priority>({"high", "normal", "low"}, parse_task_priority);
  check_names<event_type>({"thinking", "tool_call", "tool_result", "output", "error", "status"}, parse_event_type);
  check_names<stop_reason>({"end_turn", "tool_use", "max_tokens", "refusal", "pause"}, parse_stop_reason);
}

BOOST_AUTO_TEST_CASE(codes_of_errors) {
  BOOST_TEST(to_string(errc::invalid) == "invalid");
  BOOST_TEST(to_string(errc::unauthorized) == "unauthorized");
  BOOST_TEST(to_string(errc::forbidden) == "forbidden");
  BOOST_TEST(to_string(errc::not_found) == "not_found");
  BOOST_TEST(to_string(errc::conflict) == "conflict");
  BOOST_TEST(to_string(errc::too_large) == "too_large");
  BOOST_TEST(to_string(errc::rate_limited) == "rate_limited");
  BOOST_TEST(to_string(errc::unavailable) == "unavailable");
  BOOST_TEST(to_string(errc::internal) == "internal");
}

BOOST_AUTO_TEST_SUITE_END()
