// The tables of the life of tasks and agents, checked cell by cell.
#include "core/life_cycle.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

namespace {

using namespace flotilla;

constexpr task_status task_statuses[] = {task_status::pending, task_status::running, task_status::waiting,
                                         task_status::done, task_status::error};
constexpr task_step task_steps[] = {task_step::start,  task_step::ask,  task_step::approve, task_step::reject,
                                    task_step::finish, task_step::fail, task_step::cancel,  task_step::restart};
constexpr agent_status agent_statuses[] = {agent_status::active, agent_status::running, agent_status::paused,
                                           agent_status::archived};

/// "start", "none" or the error's message.
std::string requested(task_status from, task_status to) {
  const auto step = requested_step(from, to);
  if (!step) return step.error().message;
  return *step ? std::string(to_string(**step)) : "none";
}

std::string agent_change(agent_status from, agent_status to) {
  const auto checked = check_agent_transition(from, to);
  return checked ? "legal" : checked.error().message;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(life_cycle)

BOOST_AUTO_TEST_CASE(where_each_step_leads) {
  using s = task_status;
  const std::map<std::pair<s, std::string>, s> expected{
      {{s::pending, "start"}, s::running},   {{s::pending, "cancel"}, s::error},
      {{s::running, "ask"}, s::waiting},     {{s::running, "finish"}, s::done},
      {{s::running, "fail"}, s::error},      {{s::running, "cancel"}, s::error},
      {{s::waiting, "approve"}, s::running}, {{s::waiting, "reject"}, s::running},
      {{s::waiting, "fail"}, s::error},      {{s::waiting, "cancel"}, s::error},
      {{s::done, "restart"}, s::pending},    {{s::error, "restart"}, s::pending},
  };
  for (const auto from : task_statuses) {
    for (const auto step : task_steps) {
      const auto wanted = expected.find({from, std::string(to_string(step))});
      const auto found = after(from, step);
      BOOST_TEST_CONTEXT(to_string(from) << " " << to_string(step)) {
        BOOST_TEST(found.has_value() == (wanted != expected.end()));
        if (found && wanted != expected.end()) BOOST_TEST(to_string(*found) == to_string(wanted->second));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_status_means_a_step) {
  using s = task_status;
  BOOST_TEST(requested(s::waiting, s::running) == "approve");
  BOOST_TEST(requested(s::waiting, s::error) == "reject");
  BOOST_TEST(requested(s::pending, s::error) == "cancel");
  BOOST_TEST(requested(s::running, s::error) == "cancel");
  BOOST_TEST(requested(s::done, s::pending) == "restart");
  BOOST_TEST(requested(s::error, s::pending) == "restart");
  for (const auto same : task_statuses) BOOST_TEST(requested(same, same) == "none");
}

BOOST_AUTO_TEST_CASE(anything_else_is_refused_with_the_legal_ones) {
  using s = task_status;
  BOOST_TEST(requested(s::done, s::running) == "status: a done task cannot become running; legal: pending");
  BOOST_TEST(requested(s::done, s::error) == "status: a done task cannot become error; legal: pending");
  BOOST_TEST(requested(s::error, s::done) == "status: an error task cannot become done; legal: pending");
  BOOST_TEST(requested(s::waiting, s::done) == "status: a waiting task cannot become done; legal: running, error");
  BOOST_TEST(requested(s::pending, s::running) == "status: a pending task cannot become running; legal: error");
  BOOST_TEST(requested(s::running, s::pending) == "status: a running task cannot become pending; legal: error");

  int refused = 0;
  for (const auto from : task_statuses) {
    for (const auto to : task_statuses) {
      const auto step = requested_step(from, to);
      if (step) continue;
      ++refused;
      BOOST_TEST((step.error().code == errc::invalid));
    }
  }
  BOOST_TEST(refused == 25 - 5 - 6);
}

BOOST_AUTO_TEST_CASE(what_a_client_may_ask_for_can_be_done) {
  for (const auto from : task_statuses) {
    for (const auto to : task_statuses) {
      const auto step = requested_step(from, to);
      if (step && *step) BOOST_TEST(after(from, **step).has_value());
    }
  }
}

BOOST_AUTO_TEST_CASE(agents) {
  using s = agent_status;
  BOOST_TEST(agent_change(s::active, s::paused) == "legal");
  BOOST_TEST(agent_change(s::paused, s::active) == "legal");
  BOOST_TEST(agent_change(s::active, s::archived) == "legal");
  BOOST_TEST(agent_change(s::paused, s::archived) == "legal");
  BOOST_TEST(agent_change(s::running, s::paused) == "legal");
  BOOST_TEST(agent_change(s::running, s::archived) == "legal");
  BOOST_TEST(agent_change(s::running, s::active) == "legal");
  for (const auto same : {s::active, s::paused, s::archived}) BOOST_TEST(agent_change(same, same) == "legal");
  BOOST_TEST(agent_change(s::archived, s::active) == "status: an archived agent cannot become active; legal: none");
  BOOST_TEST(agent_change(s::archived, s::paused) == "status: an archived agent cannot become paused; legal: none");
  BOOST_TEST(agent_change(s::paused, s::running) ==
             "status: a paused agent cannot become running; legal: active, archived");
  for (const auto from : agent_statuses) {
    const auto checked = check_agent_transition(from, s::running);
    BOOST_REQUIRE(!checked.has_value());
    BOOST_TEST((checked.error().code == errc::invalid));
  }
}

BOOST_AUTO_TEST_SUITE_END()
