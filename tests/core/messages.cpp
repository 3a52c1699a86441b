// Which messages pass a filter.
#include "flotilla/message.hpp"

#include <boost/test/unit_test.hpp>

#include "core/bus_types.hpp"

namespace {

using namespace flotilla;

timestamp at_ms(std::int64_t ms) {
  return timestamp{std::chrono::milliseconds{ms}};
}

struct bus_of_one {
  agent_id sender = agent_id::make(at_ms(1));
  agent_id receiver = agent_id::make(at_ms(1));
  agent_id stranger = agent_id::make(at_ms(1));
  task_id task = task_id::make(at_ms(1));
  message said{.id = message_id::make(at_ms(1)),
               .seq = 9,
               .type = std::string(bus::task_created),
               .from = party::of(sender),
               .to = party::of(receiver),
               .task_id = task,
               .epic_id = std::nullopt,
               .text = "text",
               .data = std::nullopt,
               .created_at = at_ms(1'000)};

  [[nodiscard]] bool passes(const message_filter& filter) const { return matches(filter, said); }
  [[nodiscard]] bool passes_type(std::string type) const {
    message_filter filter;
    filter.type = std::move(type);
    return passes(filter);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(messages, bus_of_one)

BOOST_AUTO_TEST_CASE(an_empty_filter_lets_all_pass) {
  BOOST_TEST(passes({}));
}

BOOST_AUTO_TEST_CASE(an_agent_sends_or_receives) {
  message_filter filter;
  filter.agent = sender;
  BOOST_TEST(passes(filter));
  filter.agent = receiver;
  BOOST_TEST(passes(filter));
  filter.agent = stranger;
  BOOST_TEST(!passes(filter));
}

BOOST_AUTO_TEST_CASE(what_goes_to_all_is_no_agents_own) {
  said.from = party::system();
  said.to = party::everyone();
  message_filter filter;
  filter.agent = agent_id{};  // what a party that is no agent holds
  BOOST_TEST(!passes(filter));
}

BOOST_AUTO_TEST_CASE(types_are_exact_or_prefixes) {
  BOOST_TEST(passes_type("task.created"));
  BOOST_TEST(!passes_type("task.create"));
  BOOST_TEST(!passes_type("task.created2"));
  BOOST_TEST(passes_type("task.*"));
  BOOST_TEST(passes_type("task.created*"));
  BOOST_TEST(passes_type("*"));
  BOOST_TEST(!passes_type("agent.*"));
  BOOST_TEST(!passes_type("*created"));
  BOOST_TEST(!passes_type("task.created.*"));
  BOOST_TEST(!passes_type(""));
}

BOOST_AUTO_TEST_CASE(a_task) {
  message_filter filter;
  filter.task = task;
  BOOST_TEST(passes(filter));
  filter.task = task_id::make(at_ms(2));
  BOOST_TEST(!passes(filter));
  said.task_id.reset();
  BOOST_TEST(!passes(filter));
}

BOOST_AUTO_TEST_CASE(since_is_included_and_until_is_not) {
  message_filter filter;
  filter.since = at_ms(1'000);
  filter.until = at_ms(1'001);
  BOOST_TEST(passes(filter));
  filter.since = at_ms(1'001);
  filter.until.reset();
  BOOST_TEST(!passes(filter));
  filter.since.reset();
  filter.until = at_ms(1'000);
  BOOST_TEST(!passes(filter));
}

BOOST_AUTO_TEST_CASE(all_that_is_set_must_hold) {
  message_filter filter{
      .agent = sender, .type = "task.*", .task = task, .epic = {}, .since = at_ms(0), .until = at_ms(5'000)};
  BOOST_TEST(passes(filter));
  filter.type = "tool.*";
  BOOST_TEST(!passes(filter));
}

BOOST_AUTO_TEST_SUITE_END()
