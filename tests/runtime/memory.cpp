// What an agent would be reminded of, as the embedded fleet tells it, and how it forgets.
#include <algorithm>
#include <string>

#include "tests/runtime/host.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

struct with_ada : host {
  with_ada() : host(in_memory()) {}
  agent_memory memory() { return get(&fleet::read_memory, ada); }
  /// Gives Ada a task, and runs it.
  task_id work(const std::string& input) {
    const auto made = give(ada, input).value().id;
    (void)run(made);
    return made;
  }
  agent_id ada = hire("Ada").value().id;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(memory, with_ada)

BOOST_AUTO_TEST_CASE(a_new_agent_remembers_nothing) {
  const auto now = memory();
  BOOST_TEST(now.allowance == default_memory_tokens);
  BOOST_TEST(now.tokens == 0U);
  BOOST_TEST(now.text.empty());
  BOOST_TEST(now.entries.empty());
  BOOST_TEST(now.unread.empty());
  BOOST_TEST(!now.since.has_value());
}

BOOST_AUTO_TEST_CASE(tasks_that_have_ended_are_in_it_and_unread_messages_beside_it) {
  const auto done = work("Count the sails.\n@say seven sails");
  (void)give(ada, "@say never run");
  const auto said = get(&fleet::post_message, outgoing_message{ada, "Fog is coming up."});
  const auto now = memory();
  BOOST_REQUIRE(now.entries.size() == 1U);
  BOOST_TEST((now.entries[0].task == done));
  BOOST_TEST((now.entries[0].at == detail(done).task.finished_at.value()));
  BOOST_TEST(now.text.find("seven sails") != std::string::npos);
  BOOST_TEST(now.tokens > 0U);
  BOOST_TEST(now.tokens <= now.allowance);
  BOOST_TEST((now.unread == std::vector{said}));
}

BOOST_AUTO_TEST_CASE(an_agent_forgets_all_but_its_unread_messages) {
  (void)work("Count the sails.\n@say seven sails");
  const auto said = get(&fleet::post_message, outgoing_message{ada, "Fog is coming up."});
  const auto cleared = get(&fleet::clear_memory, ada);
  BOOST_REQUIRE(cleared.memory_since.has_value());
  BOOST_TEST((get(&fleet::find_agent, ada) == cleared));
  const auto now = memory();
  BOOST_TEST(now.entries.empty());
  BOOST_TEST(now.text.empty());
  BOOST_TEST((now.since == cleared.memory_since));
  BOOST_TEST((now.unread == std::vector{said}));
  message_query updates;
  updates.filter.type = "agent.updated";
  BOOST_TEST(get(&fleet::list_messages, updates).items.size() == 1U);
  // Forgetting again is no error, and forgets what was until then.
  BOOST_TEST((get(&fleet::clear_memory, ada).memory_since >= cleared.memory_since));
}

BOOST_AUTO_TEST_CASE(its_allowance_can_be_changed) {
  (void)work("Count the sails.\n@say seven sails");
  agent_patch patch;
  patch.memory_tokens = 0;
  BOOST_TEST(get(&fleet::update_agent, ada, patch).memory_tokens == 0U);
  const auto none = memory();
  BOOST_TEST(none.allowance == 0U);
  BOOST_TEST(none.text.empty());
  patch.memory_tokens = highest_memory_tokens + 1;
  BOOST_TEST(refusal(ask(&fleet::update_agent, ada, patch), errc::invalid).starts_with("memoryTokens: "));
  auto draft = draft_agent("Bob");
  draft.memory_tokens = 12;
  BOOST_TEST(get(&fleet::create_agent, draft).memory_tokens == 12U);
  draft.memory_tokens = highest_memory_tokens + 1;
  BOOST_TEST(refusal(ask(&fleet::create_agent, draft), errc::invalid).starts_with("memoryTokens: "));
}

BOOST_AUTO_TEST_CASE(nobody_has_no_memory) {
  const auto nobody = agent_id::make(timestamp{});
  (void)refusal(ask(&fleet::read_memory, nobody), errc::not_found);
  (void)refusal(ask(&fleet::clear_memory, nobody), errc::not_found);
}

BOOST_AUTO_TEST_SUITE_END()
